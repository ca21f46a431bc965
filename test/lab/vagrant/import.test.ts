import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importVagrant } from "../../../src/lab/vagrant/index.js";
import { ownMachines } from "../../../src/lab/vagrant/platforms.js";
import { hostSettings } from "../../../src/lab/vagrant/connection.js";
import { machineReadable, statesOf } from "../../../src/lab/vagrant/status.js";
import { loadInventory } from "../../../src/lab/inventory.js";
import { tyrian } from "../../cli/tyrian.js";
import { type Answers, sshConfig, sshServer, standInVagrant, status } from "./stand-in.js";

let folder: string;
let server: Awaited<ReturnType<typeof sshServer>>;
const STATUS = "status --machine-readable";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-import-"));
  mkdirSync(join(folder, ".vagrant/tyrian"), { recursive: true });
  writeFileSync(join(folder, ".vagrant/tyrian/lab-token"), "0123456789abcdef0123\n");
  server = await sshServer();
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Imports with a stand-in for Vagrant that gives the answers. */
function imported(answers: Answers, platforms: string[] = []): ReturnType<typeof importVagrant> {
  const environment = standInVagrant(folder, answers);
  return importVagrant({
    ...{ folder, environment, platforms, token: undefined },
    signal: new AbortController().signal,
  });
}

describe("what Vagrant prints", () => {
  test("rows, with their commas and line ends put back, and without what plugins print between", () => {
    const rows = machineReadable(
      "a warning, of a plugin\n1,m,state-human-long,one%!(VAGRANT_COMMA) two\\nthree\r\n",
    );
    expect(rows).toEqual([["1", "m", "state-human-long", "one, two\nthree"]]);
  });

  test("machines in their order, and only `running` is up", () => {
    const states = statesOf(machineReadable(status({ b: "running", a: "not_created", c: "saved" })));
    expect(states.map(({ name, running, state }) => `${name} ${running} ${state}`)).toEqual([
      ...["b true running", "a false not created", "c false saved"],
    ]);
  });

  test("settings of one host among several, quotes taken off, a password kept as it stands", () => {
    const text = `Host a\n  User x\n\n${sshConfig("b", 22)}\nHost c\n  Password a "b"  \n`;
    expect(hostSettings(text, "b")?.files).toEqual(["/a folder/private_key", "/second"]);
    expect(hostSettings(text, "b")?.single["User"]).toBe("vagrant");
    expect(hostSettings(text, "c")?.single["Password"]).toBe('a "b"  ');
    expect(hostSettings(text, "d")).toBeNull();
  });
});

test("the names of Tyrian's own Vagrantfile, and what they are", () => {
  const file = resolve(import.meta.dirname, "../../../lab/vagrant/machines.yml");
  const machines = parse(readFileSync(file, "utf8")) as Record<string, { platform: string }>;
  const known = [...ownMachines].map(([name, kind]) => [name, kind?.platform ?? "siem"]);
  expect(Object.entries(machines).map(([name, { platform }]) => [name, platform])).toEqual(known);
});

describe("an inventory", () => {
  const winrm =
    "Host tyrian-win11\n  HostName 127.0.0.1\n  User vagrant\n  Password vagrant secret\n  Port 55985\n    RDPHostName 127.0.0.1\n  RDPPort 3389\n";

  test("of machines of every kind that are up: platforms, pinned keys, sensors, and the others left out", async () => {
    const { inventory, leftOut, passwords } = await imported({
      [STATUS]: {
        stdout: status({
          ...{ "tyrian-linux": "running", "tyrian-win11": "running", "tyrian-router": "running" },
          ...{ "tyrian-siem": "running", "tyrian-macos": "not_created" },
        }),
      },
      "ssh-config tyrian-linux": { stdout: sshConfig("tyrian-linux", server.port) },
      "ssh-config tyrian-router": { stdout: sshConfig("tyrian-router", server.port) },
      "winrm-config tyrian-win11": { stdout: winrm },
    });
    const brief = inventory.targets.map(({ name, platform, transport, sensor }) => [
      ...[name, platform, transport.type, sensor.type],
    ]);
    expect(brief).toEqual([
      ["tyrian-linux", "linux", "ssh", "laurel"],
      ["tyrian-win11", "windows", "winrm", "sysmon"],
      ["tyrian-router", "network", "cli", "device-log"],
    ]);
    const [linux, windows, router] = inventory.targets.map(({ transport }) => transport);
    expect(linux).toMatchObject({
      host: "127.0.0.1",
      port: server.port,
      user: "vagrant",
      hostKey: server.hostKey,
    });
    expect(linux).toMatchObject({ authentication: { type: "key", file: "/a folder/private_key" } });
    expect(router).toMatchObject({ user: "operator", profile: "frr" });
    expect(windows).toMatchObject({ port: 55985, https: false, authentication: { type: "ntlm" } });
    expect(inventory.telemetry.map(({ type, file }) => `${type} ${file}`)).toEqual([
      ...["laurel-log telemetry/tyrian-linux.json", "windows-log telemetry/tyrian-win11.json"],
      "device-log telemetry/tyrian-router.json",
    ]);
    expect(inventory.policy.allowEffects).toContain("computed-code");
    expect(leftOut).toEqual([
      { name: "tyrian-siem", reason: "the lab's SIEM is no target" },
      { name: "tyrian-macos", reason: "not created" },
    ]);
    expect([...passwords]).toEqual([["tyrian-win11.password", "vagrant secret"]]);
    expect(JSON.stringify(inventory)).not.toContain("vagrant secret");
  });

  test("of another Vagrantfile's machine: what the caller says it is, and no more allowed than usual", async () => {
    const { inventory } = await imported(
      {
        [STATUS]: { stdout: status({ web: "running" }) },
        "ssh-config web": { stdout: sshConfig("web", server.port) },
      },
      ["web=network:ios"],
    );
    expect(inventory.targets[0]).toMatchObject({
      platform: "network",
      transport: { profile: "ios", user: "vagrant" },
    });
    expect(inventory.policy.allowEffects).toEqual(["work-folder", "background-process"]);
  });

  test("as the command writes it: for its owner alone, and as `run` loads it", async () => {
    const environment = standInVagrant(folder, {
      [STATUS]: { stdout: status({ "tyrian-win11": "running" }) },
      "winrm-config tyrian-win11": { stdout: winrm },
    });
    const out = join(folder, "lab", "inventory.yaml");
    const {
      stdout,
      stderr,
      status: exit,
    } = await tyrian(["lab", "import", "vagrant", "--folder", folder, "--out", out], {
      environment: { PATH: environment["PATH"] ?? "" },
    });
    expect([exit, stdout]).toEqual([
      ...[0, `1 target in ${out}\n  tyrian-win11 windows winrm vagrant@127.0.0.1:55985\n`],
    ]);
    expect(stderr).toContain("tyrian-win11.password, which only you may read");
    const password = join(folder, "lab", "tyrian-win11.password");
    expect([out, password].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(readFileSync(password, "utf8")).toBe("vagrant secret\n");
    expect(stdout + stderr + readFileSync(out, "utf8")).not.toContain("vagrant secret");
    const [target] = (await loadInventory(out)).targets;
    expect(target?.transport).toMatchObject({ authentication: { password: `file:${password}` } });
  });
});

describe("what cannot be imported is said, and nothing is guessed", () => {
  const linux = { [STATUS]: { stdout: status({ "tyrian-linux": "running", other: "poweroff" }) } };

  test.each<[string, Answers, string[], string, RegExp]>([
    [
      "a machine of which nothing says what it is",
      { [STATUS]: { stdout: status({ web: "running" }) } },
      [],
      "vagrant-failed",
      /"web" is, and it is not guessed/,
    ],
    [
      "no machine is up",
      { [STATUS]: { stdout: status({ "tyrian-linux": "not_created" }) } },
      [],
      "vagrant-failed",
      /no machine that could be a target is up/,
    ],
    [
      "the only machine that is up is the SIEM",
      { [STATUS]: { stdout: status({ "tyrian-siem": "running" }) } },
      [],
      "vagrant-failed",
      /no machine that could be/,
    ],
    [
      "a machine that is named and not up",
      linux,
      ["other=linux"],
      "vagrant-failed",
      /other is not up: poweroff/,
    ],
    [
      "a machine that is named and not there",
      linux,
      ["nobody=linux"],
      "vagrant-failed",
      /no machine "nobody"/,
    ],
    ["a platform that there is not", linux, ["other=beos"], "usage", /is not NAME=PLATFORM/],
    ["a network device without its profile", linux, ["other=network"], "usage", /command line of its own/],
    [
      "a profile of what is no network device",
      linux,
      ["other=linux:ios"],
      "usage",
      /command line of its own/,
    ],
    [
      "a status that cannot be read",
      { [STATUS]: { stdout: "all is well\n" } },
      [],
      "vagrant-failed",
      /cannot be read/,
    ],
    [
      "a status that fails",
      {
        [STATUS]: {
          stdout:
            "1,,error-exit,Vagrant::Errors::NoEnvironmentError,A Vagrant environment is required.\\nRun `vagrant init`.\n",
          status: 1,
        },
      },
      [],
      "vagrant-failed",
      /A Vagrant environment is required\. Run/,
    ],
    [
      "settings that fail",
      { ...linux, "ssh-config tyrian-linux": { stderr: "not ready for SSH", status: 1 } },
      [],
      "vagrant-failed",
      /ssh-config tyrian-linux failed: not ready/,
    ],
    [
      "settings of another host",
      { ...linux, "ssh-config tyrian-linux": { stdout: sshConfig("b", 22) } },
      [],
      "vagrant-failed",
      /no "Host tyrian-linux"/,
    ],
    [
      "settings without a port",
      {
        ...linux,
        "ssh-config tyrian-linux": { stdout: "Host tyrian-linux\n  HostName 127.0.0.1\n  User v\n" },
      },
      [],
      "vagrant-failed",
      /Port is missing/,
    ],
    [
      "a machine without a key",
      {
        ...linux,
        "ssh-config tyrian-linux": {
          stdout: "Host tyrian-linux\n  HostName 127.0.0.1\n  User v\n  Port 22\n",
        },
      },
      [],
      "vagrant-failed",
      /no private key/,
    ],
    [
      "a machine behind another host",
      {
        ...linux,
        "ssh-config tyrian-linux": {
          stdout: sshConfig("tyrian-linux", 22, "  ProxyCommand ssh -W %h:%p far"),
        },
      },
      [],
      "vagrant-failed",
      /ProxyCommand/,
    ],
    [
      "a public address",
      {
        ...linux,
        "ssh-config tyrian-linux": { stdout: sshConfig("tyrian-linux", 22).replace("127.0.0.1", "8.8.8.8") },
      },
      [],
      "target-out-of-scope",
      /8\.8\.8\.8/,
    ],
    [
      "a port at which nothing listens",
      { ...linux, "ssh-config tyrian-linux": { stdout: sshConfig("tyrian-linux", 1) } },
      [],
      "connect-failed",
      /port 1/,
    ],
  ])("%s", async (_what, answers, platforms, code, message) => {
    const failure = imported(answers, platforms);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(message);
  });

  test("no Vagrant, and no folder", async () => {
    const words = ["lab", "import", "vagrant", "--folder"];
    const environment = { PATH: join(folder, "empty") };
    const without = await tyrian([...words, folder], { environment });
    expect([without.status, without.stderr]).toEqual([
      3,
      expect.stringContaining("there is no program vagrant"),
    ]);
    const nowhere = await tyrian([...words, join(folder, "absent")], { environment });
    expect([nowhere.status, nowhere.stderr]).toEqual([3, expect.stringContaining("there is no folder")]);
  });

  test("no token", async () => {
    const answers = { [STATUS]: { stdout: status({ "tyrian-linux": "running" }) } };
    const options = { environment: standInVagrant(folder, answers), platforms: [], token: undefined };
    const elsewhere = mkdtempSync(join(folder, "empty-"));
    await expect(
      importVagrant({ ...options, folder: elsewhere, signal: new AbortController().signal }),
    ).rejects.toMatchObject({ code: "secret-unresolved" });
  });
});
