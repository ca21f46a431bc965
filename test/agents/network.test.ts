import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { routerConfiguration } from "../../src/lab/embedded/router/files.js";
import { deviceLogFormats } from "../../src/model/inventory.js";
import { deviceProfiles } from "../../src/model/target.js";
import { effectsOf } from "../playbook/effects/analysis.js";

const agents = resolve(import.meta.dirname, "../../agents/network");
const textOf = (name: string): string => readFileSync(join(agents, name), "utf8");
/** The lines of a configuration that are not comments. */
const linesOf = (name: string): string[] =>
  textOf(name)
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*[!#]/.test(line));

describe("the configurations", () => {
  test("there is one for each kind of device, and the page names it and each format that is read", () => {
    const page = textOf("README.md");
    for (const profile of deviceProfiles) {
      const file = readdirSync(agents).find((name) => new RegExp(`^${profile}\\.(?:conf|cfg)$`).test(name));
      expect(file, profile).toBeDefined();
      expect(page).toContain(`\`${file ?? ""}\``);
    }
    for (const format of deviceLogFormats) expect(page).toContain(`| \`${format}\` |`);
  });

  test.each<[string, string[]]>([
    ["frr.conf", ["log commands", "log immediate-mode"]],
    ["ios.cfg", ["  notify syslog contenttype plaintext", "  hidekeys"]],
    ["nxos.cfg", ["aaa accounting default group tacacs+ local", "terminal log-all"]],
    ["junos.conf", ["set system syslog host 192.0.2.5 interactive-commands any"]],
    ["eos.cfg", ["aaa accounting commands all default start-stop logging"]],
    ["vyos.conf", ["set system syslog host 192.0.2.5 facility auth level info"]],
  ])("%s turns on what its reader reads, and says what is collected and what is not", (name, wanted) => {
    expect(linesOf(name)).toEqual(expect.arrayContaining(wanted));
    expect(textOf(name)).toMatch(/Collected: /);
  });

  test.each(["ios.cfg", "nxos.cfg", "junos.conf", "eos.cfg", "vyos.conf", "frr.conf"])(
    "%s holds no secret, and no address but one for documentation",
    (name) => {
      const text = linesOf(name).join("\n");
      expect(text).not.toMatch(/password|secret|community|\bkey\b/i);
      const addresses = text.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
      expect(addresses.filter((address) => address !== "192.0.2.5")).toEqual([]);
    },
  );

  test("the routers of the embedded lab log as frr.conf says", () => {
    const lab = [...routerConfiguration("r1", "token").split("\n"), "log commands"];
    expect(lab).toEqual(expect.arrayContaining(linesOf("frr.conf")));
  });

  const noFrr = existsSync("/usr/bin/vtysh") ? null : "FRRouting is absent (apt-get install frr)";
  test("vtysh takes frr.conf", ({ skip }) => {
    skip(noFrr !== null, noFrr ?? "");
    const { status, stderr, stdout } = spawnSync("vtysh", ["-C", "-f", join(agents, "frr.conf")], {
      encoding: "utf8",
    });
    expect([status, `${stdout}${stderr}`]).toEqual([0, ""]);
  });

  test("rsyslog takes its configuration", ({ skip }) => {
    const program = "/usr/sbin/rsyslogd";
    skip(!existsSync(program), "rsyslog is absent (apt-get install rsyslog)");
    const { status, stderr } = spawnSync(program, ["-N1", "-f", join(agents, "rsyslog.conf")], {
      encoding: "utf8",
    });
    expect([status, /error/i.test(stderr) ? stderr : ""]).toEqual([0, ""]);
  });
});

describe("check.sh", () => {
  let folder: string;
  let log: string;

  /** Puts a stand-in for ssh first in PATH: it writes what it is told to a file, as a device's log would have it. */
  function check(ssh: string, ...words: string[]): { status: number | null; said: string; given: string } {
    writeFileSync(
      join(folder, "ssh"),
      `#!/bin/sh\nfor word; do last=$word; done\necho "$last" > ${folder}/given\n${ssh}\n`,
    );
    chmodSync(join(folder, "ssh"), 0o755);
    const { status, stdout, stderr } = spawnSync("sh", [join(agents, "check.sh"), ...words], {
      encoding: "utf8",
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    const given = existsSync(join(folder, "given")) ? readFileSync(join(folder, "given"), "utf8").trim() : "";
    return { status, said: `${stdout}${stderr}`, given };
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-agent-"));
    log = join(folder, "device.log");
    appendFileSync(log, "");
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(["ios", "nxos", "junos", "eos", "frr"])("a command of %s that arrives", async (profile) => {
    const { status, said, given } = check(`echo "logged: $last" >> ${log}`, profile, "ops@r1", log, "3");
    expect([status, said]).toEqual([0, `commands of ops@r1 arrive in ${log}\n`]);
    // What it types is harmless by the lint's own judgement.
    expect(await effectsOf("device", given)).toEqual([]);
  });

  test("a command that does not arrive", () => {
    const { status, said } = check("true", "frr", "ops@r1", log, "0");
    expect(status).toBe(1);
    expect(said).toContain("did not arrive");
  });

  test.each([
    ["exit 255", ["frr", "ops@r1"], "did not take the command"],
    ["true", ["vyos", "ops@r1"], "VyOS logs no commands"],
    ["true", ["bogus", "ops@r1"], "no such profile"],
  ])("what cannot be checked: %s %j", (ssh, words, said) => {
    const result = check(ssh, ...words, log, "0");
    expect(result.status).toBe(2);
    expect(result.said).toContain(said);
  });

  test("a log that cannot be read, and words that are missing", () => {
    expect(check("true", "frr", "ops@r1", join(folder, "absent")).status).toBe(2);
    expect(check("true", "frr").said).toContain("usage:");
  });

  test("it is a script for any POSIX shell", () => {
    for (const shell of ["sh", "bash"]) execFileSync(shell, ["-n", join(agents, "check.sh")]);
  });
});
