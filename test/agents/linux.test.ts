import { XMLParser, XMLValidator } from "fast-xml-parser";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { skippedFor } from "../skipped.js";

const agents = resolve(import.meta.dirname, "../../agents/linux");
const scripts = readdirSync(agents).filter((name) => name.endsWith(".sh"));
const rules = readFileSync(join(agents, "tyrian.rules"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("-"));
const notRoot = process.getuid?.() === 0 ? null : "it needs root";
const noAuditctl = existsSync("/usr/sbin/auditctl") ? null : "auditd is absent (apt-get install auditd)";

test.each(scripts)("%s is a script for any POSIX shell, and downloads nothing", (name) => {
  for (const shell of ["sh", "bash"]) expect(spawnSync(shell, ["-n", join(agents, name)]).status).toBe(0);
  expect(readFileSync(join(agents, name), "utf8")).not.toMatch(/\b(?:curl|wget)\b/);
});

/** What auditctl says of a rule. In a process namespace of its own the kernel lets it change nothing. */
function readByAuditctl(folder: string, rule: string): string {
  const file = join(folder, "one.rules");
  writeFileSync(file, `${rule}\n`, { mode: 0o600 });
  const { stderr, stdout } = spawnSync("unshare", ["--pid", "--fork", "auditctl", "-R", file], {
    encoding: "utf8",
  });
  return `${stdout}${stderr}`;
}

describe("on the files of a root of its own", skippedFor(notRoot), () => {
  let root: string;
  const run = (script: string, ...words: string[]): [number | null, string] => {
    const all = [join(agents, script), "--root", root, ...words];
    const { status, stdout, stderr } = spawnSync("sh", all, { encoding: "utf8" });
    return [status, `${stdout}${stderr}`];
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tyrian-agent-"));
    mkdirSync(join(root, "usr/sbin"), { recursive: true });
    mkdirSync(join(root, "etc/laurel"), { recursive: true });
    for (const program of ["auditctl", "auditd", "augenrules", "laurel"])
      cpSync("/bin/true", join(root, "usr/sbin", program));
    writeFileSync(join(root, "etc/laurel/config.toml"), "# of the package\n");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("installed, checked, broken, repaired, and taken away with what was there before put back", () => {
    expect(run("check.sh")[0]).toBe(1);
    expect(run("install.sh")[0]).toBe(0);
    expect(run("install.sh")[1]).not.toContain("set:");
    expect(run("check.sh")).toEqual([0, expect.stringContaining("nothing is missing from the files")]);
    writeFileSync(join(root, "etc/audit/rules.d/60-tyrian.rules"), "");
    expect(run("check.sh")).toEqual([1, expect.stringContaining("60-tyrian.rules is not the tyrian.rules")]);
    expect(run("install.sh")[1]).toContain("set:");
    expect(run("check.sh")[0]).toBe(0);
    expect(run("uninstall.sh")[0]).toBe(0);
    expect(readFileSync(join(root, "etc/laurel/config.toml"), "utf8")).toBe("# of the package\n");
    expect(existsSync(join(root, "etc/audit/rules.d/60-tyrian.rules"))).toBe(false);
    expect(existsSync(join(root, "etc/audit/plugins.d/laurel.conf"))).toBe(false);
  });

  test("without laurel, nothing is changed and the command that installs it is named", () => {
    rmSync(join(root, "usr/sbin/laurel"));
    expect(run("install.sh")).toEqual([1, expect.stringContaining("apt-get install auditd laurel")]);
    expect(readdirSync(join(root, "etc"))).toEqual(["laurel"]);
  });

  test("words that are none of its own", () => {
    expect(run("install.sh", "--bogus")).toEqual([2, expect.stringContaining("usage:")]);
    expect(run("install.sh", "--sysmon")).toEqual([1, expect.stringContaining("without --root")]);
  });

  test.for(rules.filter((rule) => rule.startsWith("-a")))("auditctl can read %s", (rule, { skip }) => {
    skip(noAuditctl !== null, noAuditctl ?? "");
    expect(readByAuditctl(root, rule)).toContain("Operation not permitted");
  });

  test("a rule that auditctl cannot read is told from one that it may not load", ({ skip }) => {
    skip(noAuditctl !== null, noAuditctl ?? "");
    const said = readByAuditctl(root, "-a always,exit -F arch=b64 -S nosuchcall -F key=x");
    expect(said).not.toContain("Operation not permitted");
  });
});

test("laurel writes where Tyrian looks, with exact arguments and nothing of the environment", () => {
  const text = readFileSync(join(agents, "laurel.toml"), "utf8");
  for (const line of [
    'directory = "/var/log/laurel"',
    'file = "audit.log"',
    'execve-argv = [ "array" ]',
    "execve-env = [ ]",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).not.toMatch(/^\s*(?:execve-argv-limit-bytes|filter-keys)/m);
});

test("the configuration of Sysmon records every start of a program", () => {
  const text = readFileSync(join(agents, "sysmon.xml"), "utf8");
  expect(XMLValidator.validate(text)).toBe(true);
  const { Sysmon } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(text) as {
    Sysmon: { EventFiltering: { RuleGroup: Record<string, { onmatch: string }>[] } };
  };
  expect(Sysmon.EventFiltering.RuleGroup[0]?.["ProcessCreate"]).toEqual({ onmatch: "exclude" });
});
