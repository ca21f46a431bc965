import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeMachine, requirements, rootDemo, until } from "./fake-machine.js";

const isRoot = process.getuid?.() === 0;
const packages = [...new Set(rootDemo.map((requirement) => requirement.package))];
const installCall = `apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends ${packages.join(" ")}`;
const updateCall = "apt-get -q -o DPkg::Lock::Timeout=300 update";

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe("a machine that has everything", () => {
  test("nothing is installed and nothing is said", async () => {
    machine.aptGet();
    machine.have(rootDemo);
    expect(await machine.run({ uid: 0 })).toEqual({ status: 0, stderr: "" });
    expect(machine.calls()).toEqual([]);
  });

  test("an ordinary user needs neither auditd nor apt-get", async () => {
    machine.have(
      rootDemo.filter(({ neededFor }) => neededFor.includes("demo") || neededFor.includes("rootless")),
    );
    expect(existsSync(join(machine.bin, "auditd"))).toBe(false);
    expect(await machine.run({ uid: 1000 })).toEqual({ status: 0, stderr: "" });
  });

  test("valkey-server does as well as redis-server", async () => {
    machine.have(rootDemo.filter(({ program }) => program !== "redis-server"));
    machine.have([{ program: "valkey-server" }]);
    expect((await machine.run({ uid: 0 })).status).toBe(0);
  });

  test("a folder or a file that cannot be executed is no program", async () => {
    machine.have(rootDemo);
    unlinkSync(join(machine.bin, "zsh"));
    writeFileSync(join(machine.bin, "zsh"), "", { mode: 0o644 });
    expect((await machine.run({ uid: 0 })).stderr).toContain("zsh (package zsh)");
  });
});

describe("programs are missing, and root can install them", () => {
  test("one apt-get command installs exactly what is missing, while no service may start", async () => {
    machine.aptGet();
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(0);
    expect(machine.calls()).toEqual([
      installCall,
      "policy 101",
      "apt-get done",
      "systemctl disable redis-server.service",
    ]);
    for (const { program, package: name } of rootDemo)
      expect(stderr).toContain(`${program} (package ${name}): `);
    expect(readdirSync(machine.folder).sort()).toEqual(["bin", "calls", "lists", "units"]);
  });

  test("without systemd, update-rc.d keeps the services from starting at the next boot", async () => {
    machine.aptGet();
    unlinkSync(join(machine.bin, "systemctl"));
    machine.script("update-rc.d", `echo "update-rc.d $*" >> ${machine.folder}/calls`);
    expect((await machine.run({ uid: 0 })).status).toBe(0);
    expect(machine.calls().slice(3)).toEqual(["update-rc.d redis-server disable"]);
  });

  test("a service that cannot be disabled is told, and the set-up goes on", async () => {
    machine.aptGet();
    machine.script("systemctl", "echo no bus; exit 1");
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(0);
    expect(stderr).toContain("systemctl disable redis-server.service failed:\n  | no bus");
  });

  test("the second time nothing is installed", async () => {
    machine.aptGet();
    await machine.run({ uid: 0 });
    const before = machine.calls();
    expect(await machine.run({ uid: 0 })).toEqual({ status: 0, stderr: "" });
    expect(machine.calls()).toEqual(before);
  });

  test("only the package that is missing is asked for", async () => {
    machine.aptGet();
    machine.have(rootDemo.filter(({ program }) => program !== "lua5.4"));
    expect((await machine.run({ uid: 0 })).status).toBe(0);
    expect(machine.calls()[0]).toMatch(/--no-install-recommends lua5\.4$/);
    expect(machine.calls().join()).not.toContain("systemctl");
  });

  test("the lists are fetched first when there are none", async () => {
    machine.aptGet();
    for (const name of readdirSync(machine.places.lists))
      if (name.includes("_Packages")) unlinkSync(join(machine.places.lists, name));
    await machine.run({ uid: 0 });
    expect(machine.calls().slice(0, 2)).toEqual([updateCall, installCall]);
  });

  test("the lists are fetched first when they are older than a day", async () => {
    machine.aptGet();
    const twoDaysAgo = new Date(Date.now() - 48 * 3600_000);
    utimesSync(join(machine.places.lists, "partial"), twoDaysAgo, twoDaysAgo);
    await machine.run({ uid: 0 });
    expect(machine.calls().slice(0, 2)).toEqual([updateCall, installCall]);
  });

  test("a failure is tried once more with fresh lists, then reported with what apt-get said", async () => {
    machine.aptGet("echo E: no space left; exit 100");
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(3);
    expect(stderr).toContain("| E: no space left");
    expect(stderr).toContain(
      `The command was: apt-get install -y --no-install-recommends ${packages.join(" ")}`,
    );
    expect(machine.calls().filter((call) => call.startsWith("apt-get"))).toEqual([
      installCall,
      updateCall,
      installCall,
    ]);
    expect(existsSync(machine.policy)).toBe(false);
  });

  test("an apt-get that brings nothing is not believed", async () => {
    machine.aptGet("exit 0");
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(3);
    expect(stderr).toContain("still missing");
  });

  test("an apt-get that does not end is ended with what it started", async () => {
    machine.places.installDeadlineMs = 500;
    machine.aptGet(`sleep 30.25 & echo "sleeper $!" >> ${machine.folder}/calls; wait`);
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(3);
    expect(stderr).toContain("did not end within");
    const sleeper =
      machine
        .calls()
        .find((call) => call.startsWith("sleeper"))
        ?.split(" ")[1] ?? "";
    expect(sleeper).toMatch(/^\d+$/);
    await until(
      () =>
        !existsSync(`/proc/${sleeper}`) ||
        /^State:\s+Z/m.test(readFileSync(`/proc/${sleeper}/status`, "utf8")),
      "the sleeper is gone",
    );
  });

  test("a daemon that keeps the output open does not hold the set-up up", async () => {
    machine.aptGet(`sleep 20 & echo $! > ${machine.folder}/daemon`);
    const started = Date.now();
    expect((await machine.run({ uid: 0 })).status).toBe(0);
    process.kill(Number(readFileSync(join(machine.folder, "daemon"), "utf8")));
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  test("two set-ups at the same time install once", async () => {
    machine.aptGet("sleep 1");
    const results = await Promise.all([
      machine.run({ uid: 0 }),
      machine.run({ uid: 0 }),
      machine.run({ uid: 0 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(machine.calls().filter((call) => call === installCall)).toHaveLength(1);
    expect(existsSync(machine.places.lock)).toBe(false);
  });
});

describe("the policy that was there before", () => {
  test("comes back exactly: content, mode and time", async () => {
    writeFileSync(machine.policy, "#!/bin/sh\nexit 104\n", { mode: 0o750 });
    utimesSync(machine.policy, 1_000_000, 1_000_000);
    const before = statSync(machine.policy);
    machine.aptGet();
    expect((await machine.run({ uid: 0 })).status).toBe(0);
    expect(machine.calls()).toContain("policy 101");
    const after = statSync(machine.policy);
    expect([after.ino, after.mode, after.mtimeMs]).toEqual([before.ino, before.mode, before.mtimeMs]);
    expect(readFileSync(machine.policy, "utf8")).toContain("exit 104");
  });

  test("comes back when it was a link that leads nowhere", async () => {
    symlinkSync("/nowhere/policy", machine.policy);
    machine.aptGet();
    expect((await machine.run({ uid: 0 })).status).toBe(0);
    expect(lstatSync(machine.policy).isSymbolicLink()).toBe(true);
    expect(readlinkSync(machine.policy)).toBe("/nowhere/policy");
  });

  test("nothing is installed when it cannot be replaced", async () => {
    machine.aptGet();
    machine.places.policy = join(machine.folder, "no-such-folder", "policy-rc.d");
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(3);
    expect(stderr).toContain("nothing was installed");
    expect(machine.calls()).toEqual([]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("comes back after %s, once apt-get has finished", async (signal, expected) => {
    writeFileSync(machine.policy, "#!/bin/sh\nexit 104\n", { mode: 0o755 });
    machine.aptGet("sleep 1");
    const { child, ended } = machine.start({ uid: 0 });
    await until(() => machine.calls().includes("policy 101"), "apt-get is at work");
    child.kill(signal);
    child.kill(signal);
    const { status, stderr } = await ended;
    expect(status).toBe(expected);
    expect(stderr).toContain("allowed to finish");
    expect(machine.calls().slice(2)).toEqual(["apt-get done", "systemctl disable redis-server.service"]);
    expect(readFileSync(machine.policy, "utf8")).toContain("exit 104");
  });

  test("comes back at the next set-up after SIGKILL, which first completes what was begun", async () => {
    writeFileSync(machine.policy, "#!/bin/sh\nexit 104\n", { mode: 0o755 });
    machine.aptGet("sleep 1");
    const { child, ended } = machine.start({ uid: 0 });
    await until(() => machine.calls().includes("policy 101"), "apt-get is at work");
    child.kill("SIGKILL");
    await ended;
    expect(readFileSync(machine.policy, "utf8")).toContain("exit 101");
    await until(() => machine.calls().includes("apt-get done"), "apt-get has finished by itself");
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(0);
    expect(stderr).toContain("was killed");
    expect(stderr).not.toContain("waiting for another");
    expect(machine.calls().slice(3)).toEqual([
      "dpkg --configure -a",
      "systemctl disable redis-server.service",
    ]);
    expect(readFileSync(machine.policy, "utf8")).toContain("exit 104");
    expect(readdirSync(machine.folder).sort()).toEqual(["bin", "calls", "lists", "policy-rc.d", "units"]);
  });
});

describe("programs are missing, and they cannot be installed", () => {
  test("without apt-get: status 3, what is missing, and the one command of Debian", async () => {
    machine.have(rootDemo.filter(({ program }) => program !== "redis-server" && program !== "auditctl"));
    const { status, stderr } = await machine.run({ uid: 0 });
    expect(status).toBe(3);
    expect(stderr).toContain("no apt-get here");
    expect(stderr.match(/\(package /g)).toHaveLength(2);
    expect(stderr).toContain(
      "The one command on Debian: apt-get install -y --no-install-recommends redis-server auditd\n",
    );
    expect(readdirSync(machine.folder).sort()).toEqual(["bin", "lists", "units"]);
  });

  test("without root: status 3 and the command for root; apt-get is not started", async () => {
    machine.aptGet();
    machine.have(rootDemo.filter(({ program }) => program !== "sshd"));
    const { status, stderr } = await machine.run({ uid: 1000 });
    expect(status).toBe(3);
    expect(stderr).toContain(
      "The one command: sudo apt-get install -y --no-install-recommends openssh-server\n",
    );
    expect(machine.calls()).toEqual([]);
  });

  test("a process that really is not root is refused by itself", async ({ skip }) => {
    skip(!isRoot, "only root can start a process of another user");
    machine.aptGet();
    const { status, stderr } = await machine.run({ asUser: 65_534 });
    expect(status).toBe(3);
    expect(stderr).toContain("Only root can install packages");
    expect(stderr).not.toContain("auditd");
    expect(machine.calls()).toEqual([]);
  });
});

test("every requirement says for whom, and the services of a package are named", () => {
  expect(requirements.filter(({ neededFor }) => neededFor.length === 0)).toEqual([]);
  const named = requirements.flatMap(({ services }) => services);
  expect(named).toEqual([
    "redis-server.service",
    "ssh.service",
    "ssh.socket",
    "auditd.service",
    "frr.service",
    "keystone.service",
  ]);
});
