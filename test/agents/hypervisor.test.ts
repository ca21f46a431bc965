import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIBVIRTD_CONFIGURATION } from "../../src/lab/embedded/hypervisor/files.js";
import { hypervisorLogFormats } from "../../src/model/inventory.js";
import { loadGrammars, syntaxError } from "../../src/playbook/effects/grammar.js";

/**
 * The scripts run below a folder of the test; esxcli is a stand-in. On the real libvirt check.sh runs in test/lab/hypervisor.test.ts; no
 * ESXi takes part.
 */
const agents = resolve(import.meta.dirname, "../../agents/hypervisor");
const textOf = (name: string): string => readFileSync(join(agents, name), "utf8");
const scripts = readdirSync(agents).filter((name) => name.endsWith(".sh"));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-agent-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  readonly status: number | null;
  readonly said: string;
}

function run(script: string, ...words: string[]): Said {
  const { status, stdout, stderr } = spawnSync("sh", [join(agents, script), ...words], {
    encoding: "utf8",
    env: { PATH: `${folder}/bin:/usr/bin:/bin`, ROOT: folder },
  });
  return { status, said: `${stdout}${stderr}` };
}

test.each(scripts)("%s follows the grammar of the shell, and downloads nothing", async (name) => {
  const grammars = await loadGrammars();
  expect(grammars.parse("shell", textOf(name), syntaxError)).toBeNull();
  expect(textOf(name)).not.toMatch(/\b(curl|wget|nc|eval)\b/);
});

test("the page names each file and each format that is read", () => {
  const page = textOf("README.md");
  for (const format of hypervisorLogFormats) expect(page).toMatch(new RegExp(`\\b${format}\\b`));
  for (const name of readdirSync(agents).filter((file) => !/^(?:README\.md|settings\.sh)$/.test(file)))
    expect(page).toContain(name);
});

test("the hypervisors of the embedded lab log as libvirtd.conf says, but for the place", () => {
  const settings = (text: string): string[] => text.split("\n").filter((line) => /^\w/.test(line));
  expect(settings(LIBVIRTD_CONFIGURATION).map((line) => line.replace(/file:.*"/, 'file:LOG"'))).toEqual(
    settings(textOf("libvirtd.conf")).map((line) => line.replace(/file:.*"/, 'file:LOG"')),
  );
});

describe("for libvirt", () => {
  const before = '# of the distribution\n#log_filters="x"\nunix_sock_group = "libvirt"\n';
  const place = (path: string): string => join(folder, path);
  const configuration = (): string => readFileSync(place("etc/libvirt/libvirtd.conf"), "utf8");

  function put(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(place(path)), { recursive: true });
    writeFileSync(place(path), text);
    chmodSync(place(path), mode);
  }

  beforeEach(() => {
    put("etc/libvirt/libvirtd.conf", before, 0o600);
    put("etc/logrotate.d/other", "");
  });

  test("the installer sets what is there, once, and the mode of the file stays", () => {
    expect(run("install.sh")).toMatchObject({ status: 0, said: expect.stringContaining("set: ") });
    const set = configuration();
    expect(set.startsWith(before)).toBe(true);
    expect(set).toContain(textOf("libvirtd.conf"));
    expect(statSync(place("etc/libvirt/libvirtd.conf")).mode & 0o777).toBe(0o600);
    expect(readFileSync(place("etc/logrotate.d/tyrian-libvirt-api"), "utf8")).toBe(textOf("logrotate.conf"));
    expect(run("install.sh").said).not.toContain("set: ");
    expect(configuration()).toBe(set);
  });

  test("the uninstaller puts back what was there, and may be run again", () => {
    run("install.sh");
    expect([run("uninstall.sh").status, run("uninstall.sh").status]).toEqual([0, 0]);
    expect(configuration()).toBe(before);
    expect(existsSync(place("etc/logrotate.d/tyrian-libvirt-api"))).toBe(false);
    expect(readdirSync(place("etc/libvirt"))).toEqual(["libvirtd.conf"]);
  });

  test("where libvirt is split up, the daemon for QEMU is set", () => {
    rmSync(place("etc/libvirt/libvirtd.conf"));
    put("etc/libvirt/virtqemud.conf", before);
    expect(run("install.sh").status).toBe(0);
    expect(readFileSync(place("etc/libvirt/virtqemud.conf"), "utf8")).toContain(textOf("libvirtd.conf"));
  });

  test.each([
    ["an administrator's own filters", 'log_filters = "1:qemu"\n', "sets log_filters or log_outputs"],
    ["a block that was cut in two", "# begin of Tyrian's settings\nmax_clients = 5\n", "are not whole"],
  ])("%s are left alone", (_, more, said) => {
    put("etc/libvirt/libvirtd.conf", before + more);
    expect(run("install.sh")).toMatchObject({ status: 1, said: expect.stringContaining(said) });
    expect(configuration()).toBe(before + more);
  });

  test("without libvirt there is nothing to set", () => {
    rmSync(place("etc/libvirt"), { recursive: true });
    expect(run("install.sh")).toMatchObject({
      status: 1,
      said: expect.stringContaining("is libvirt installed?"),
    });
  });

  /** A stand-in for virsh, which does not find the domain, and where it logs. */
  function virsh(does: string): void {
    put("bin/virsh", `#!/bin/sh\nlog=${place("var/log/libvirt/api.log")}\n${does}\n`, 0o755);
  }

  test("the check looks for a call of its own in the log", () => {
    run("install.sh");
    virsh(
      'echo "virDomainLookupByName:449 : conn=0x7f, name=$4" >> "$log"\necho "error: failed to get domain" >&2\nexit 1',
    );
    expect(run("check.sh")).toEqual({ status: 0, said: "nothing is missing\n" });
  });

  test.each([
    [
      "the daemon was not started again",
      "echo \"error: failed to get domain '$4'\" >&2",
      "was the daemon started again?",
    ],
    [
      "nobody can be asked",
      'echo "error: failed to connect to the hypervisor" >&2',
      "virsh cannot ask qemu:///system",
    ],
  ])("the check tells that %s", (_, does, said) => {
    run("install.sh");
    virsh(`${does}\nexit 1`);
    expect(run("check.sh")).toMatchObject({ status: 1, said: expect.stringContaining(said) });
  });

  test("the check tells that the settings are not there", () => {
    virsh("exit 1");
    expect(run("check.sh").said).toContain("does not have the settings of this folder");
  });
});

describe("for ESXi", () => {
  const url = "tcp://192.0.2.5:514";
  const state = (name: string): string => readFileSync(join(folder, name), "utf8").trim();

  /** A stand-in for esxcli that knows the settings of syslog and one rule set of the firewall. */
  beforeEach(() => {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "loghost"), "<none>");
    writeFileSync(join(folder, "firewall"), "false");
    const program = `#!/bin/sh
cd "$ROOT"
echo "$*" >> asked
case "$*" in
"system syslog config get") printf '   Local Log Output: /scratch/log\\n   Remote Host: %s\\n' "$(cat loghost)" ;;
"system syslog config set --loghost="*) echo "\${5#--loghost=}" > loghost ;;
"system syslog config set --reset=loghost") echo "<none>" > loghost ;;
"network firewall ruleset list --ruleset-id=syslog") printf 'Name    Enabled\\n------  -------\\nsyslog  %s\\n' "$(cat firewall)" ;;
"network firewall ruleset set --ruleset-id=syslog --enabled=true") echo true > firewall ;;
"network firewall refresh" | "system syslog reload" | "system syslog mark --message=tyrian-check") ;;
*) exit 1 ;;
esac
`;
    writeFileSync(join(folder, "bin/esxcli"), program);
    chmodSync(join(folder, "bin/esxcli"), 0o755);
  });

  test("install, check, install again, uninstall", () => {
    expect(run("esxi.sh", "check", url).status).toBe(1);
    expect(run("esxi.sh", "install", url)).toMatchObject({ status: 0 });
    expect([state("loghost"), state("firewall")]).toEqual([url, "true"]);
    expect(run("esxi.sh", "check", url)).toEqual({ status: 0, said: "nothing is missing\n" });
    rmSync(join(folder, "asked"));
    expect(run("esxi.sh", "install", url).said).toContain("as it should be");
    expect(state("asked")).not.toMatch(/ set /);
    expect(run("esxi.sh", "uninstall", url).status).toBe(0);
    expect(state("loghost")).toBe("<none>");
  });

  test("an administrator's receiver is left alone", () => {
    writeFileSync(join(folder, "loghost"), "udp://192.0.2.9:514");
    for (const verb of ["install", "uninstall"]) expect(run("esxi.sh", verb, url).status).toBe(1);
    expect(state("loghost")).toBe("udp://192.0.2.9:514");
  });

  test.each([[], ["install"], ["install", "192.0.2.5"], ["frobnicate", url]])("usage: %j", (...words) => {
    expect(run("esxi.sh", ...words).status).toBe(2);
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
