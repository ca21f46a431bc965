import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditStatus, type AuditStatus } from "../../src/lab/embedded/audit.js";
import {
  labDown,
  labStatus,
  labUp,
  probeSensor,
  type LabHost,
  type LabState,
} from "../../src/lab/embedded/index.js";
import { loadInventory } from "../../src/lab/inventory.js";
import { assertInScope, checkToken, tokenCommand } from "../../src/lab/scope.js";
import { skippedFor } from "../skipped.js";
import {
  execute,
  killWhileMade,
  leftovers,
  newStateFolder,
  otherLabs,
  onHost,
  whyNoRootLab,
} from "./helpers.js";

const reason = await whyNoRootLab();

/** The smallest program (ELF, x86-64): it ends at once. It needs no loader, whose path would give it away. */
const tiny =
  "7f454c4602010100000000000000000002003e0001000000780040000000000040000000000000000000000000000000" +
  "000000004000380001000000000000000100000005000000000000000000000000004000000000000000400000000000" +
  "810000000000000081000000000000000010000000000000b83c00000031ff0f05";

/** Commands that run it from a file that is in memory only, and from a file system that the user has mounted. */
function fromElsewhere(mark: string): string {
  const start = ["import os", `code = bytes.fromhex("${tiny}")`];
  const memory = [...start, 'f = os.memfd_create("x", 0)', "os.write(f, code)"];
  const mount = [
    ...start,
    'f = os.open("/mnt/x", os.O_WRONLY | os.O_CREAT, 0o755)',
    "os.write(f, code)",
    "os.close(f)",
  ];
  return [
    "cat > /tmp/memory.py <<'END'",
    ...[...memory, `os.execv("/proc/self/fd/%d" % f, ["x", "${mark}-memory"])`, "END"],
    "cat > /tmp/mount.py <<'END'",
    ...[...mount, `os.execv("/mnt/x", ["x", "${mark}-mount"])`, "END"],
    "python3 /tmp/memory.py",
    "unshare -Urm sh -c 'mount -t tmpfs x /mnt && python3 /tmp/mount.py'",
  ].join("\n");
}

describe("a root lab", skippedFor(reason), () => {
  // A skipped suite is collected too, and would leave its folder.
  const state = reason === null ? newStateFolder() : "";
  let lab: LabState;
  let before: AuditStatus;
  const host = (index: number): LabHost => lab.hosts[index] as LabHost;

  beforeAll(async () => {
    before = (await auditStatus()) as AuditStatus;
    lab = await labUp({ targets: 2, state });
  });
  afterAll(async () => {
    await labDown({ state });
    rmSync(state, { recursive: true });
  });

  test("is up with hosts that have their own names, addresses and keys", async () => {
    const status = await labStatus({ state });
    expect(status).toMatchObject({ phase: "up", problems: [], sensorRunning: true });
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    expect(lab.hosts).toHaveLength(2);
    expect(new Set(lab.hosts.map((one) => one.hostKey)).size).toBe(2);
    // The client refuses a host whose key is not the pinned one, so an answer proves the key too.
    const answers = await Promise.all(
      lab.hosts.map(
        async (one) => (await onHost(lab, one, "hostname; id -un; cat /proc/self/loginuid")).stdout,
      ),
    );
    expect(answers).toEqual(lab.hosts.map((one) => `${one.name}\nop\n${String(one.operator)}`));
    const wrong = await onHost(lab, { ...host(0), hostKey: host(1).hostKey }, "true");
    expect(wrong.exitCode).toBe(255);
    expect(wrong.stderr).toMatch(/host key/i);
  });

  test("its inventory loads, is in scope, and each host answers with the token", async () => {
    const inventory = await loadInventory(lab.inventory);
    expect(inventory.targets.map((target) => target.name)).toEqual(["h1", "h2"]);
    for (const one of lab.hosts) {
      await assertInScope(inventory, one.name);
      await checkToken(inventory, (await onHost(lab, one, tokenCommand(inventory))).stdout);
    }
    const log = readFileSync(inventory.telemetry[0]?.file as string, "utf8");
    expect(log).not.toContain("lab-token");
  });

  test("shows its hosts nothing of the machine but its programs", async () => {
    const { stdout } = await onHost(
      lab,
      host(0),
      `for path in /work /root/.ssh /boot /opt/* /srv/* /mnt/* /usr/local/* /usr/local/bin/* /var/log/audit ${process.cwd()} ${state} /etc/ssh/ssh_host_ed25519_key /etc/audit /etc/sudoers; do ls -d "$path" 2>/dev/null; done; ls /home/; find /sys; wc -l < /etc/passwd; cat /etc/shadow /etc/ssh/host_key`,
    );
    // Empty: podman wants to find the folder.
    const sys = ["/sys", "/sys/fs", "/sys/fs/cgroup"];
    expect(stdout.split("\n")).toEqual(["/usr/local/bin", "op", ...sys, "4", ""]);
    const processes = await onHost(lab, host(0), "ps -eo args");
    expect(processes.stdout).toMatch(/sshd/);
    expect(processes.stdout.split("\n").filter((line) => line.includes("listener"))).toHaveLength(1);
    const interfaces = await onHost(lab, host(0), "ls -d /proc/sys/net/ipv4/conf/*; cat /proc/net/route");
    expect(interfaces.stdout).not.toMatch(/br0|conf\/v\d/);
    expect(interfaces.stdout.split("\n").filter((line) => line.startsWith("eth0"))).toHaveLength(1);
  });

  test("has hosts whose root can do nothing to the machine", async () => {
    const pid = host(0).pid as number;
    const bounds = /CapBnd:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
    const [sysModule, sysAdmin, mknod] = [1n << 16n, 1n << 21n, 1n << 27n];
    expect(BigInt(`0x${bounds as string}`) & (sysModule | sysAdmin | mknod)).toBe(0n);
    // As root of the host, with the power that sshd has.
    const enter = [
      "-t",
      String(pid),
      "-m",
      "-u",
      "-i",
      "-n",
      "-p",
      "-r",
      "-w",
      "setpriv",
      "--bounding-set=-all,+chown,+dac_override",
    ];
    const attempts = [
      "echo x > /proc/sys/kernel/core_pattern",
      "mount -t tmpfs x /mnt",
      "mount -o remount,rw /proc/sys",
      "mknod /tmp/d b 254 0",
      "ls /proc/1/root/work",
      "ip link add x0 type dummy",
    ];
    const script = attempts
      .map((attempt, index) => `(${attempt}) 2>/dev/null && echo ${String(index)} succeeded`)
      .join("; ");
    const { stdout } = await execute("nsenter", [...enter, "sh", "-c", `id -u; ${script}; exit 0`]);
    expect(stdout).toBe("0\n");
  });

  test("runs node, python, shells and a terminal", async () => {
    const { stdout, exitCode } = await onHost(
      lab,
      host(1),
      `node -p 'typeof 1' && python3 -c 'print(2)' && dash -c 'echo 3' && bash -c 'echo 4' && touch /tmp/x ~/x /dev/shm/x && tty`,
      ["-tt"],
    );
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll("\r", "")).toMatch(/^number\n2\n3\n4\n\/dev\/pts\/\d+\n$/);
  });

  test("records every exec under the key of its own host, in nested namespaces and from every writable folder too", async () => {
    const file = lab.sensor.type === "auditd" ? lab.sensor.file : "";
    // Earlier labs may have written to the same log.
    const mark = basename(state);
    const folders = ["/tmp", "/var/tmp", "/dev/shm", "/home/op", "/run/lock"];
    for (const one of lab.hosts) {
      const runs = folders.map(
        (folder) =>
          `cp /bin/busybox ${folder}/b; ${folder}/b echo ${mark}-${one.name}-${folder.replaceAll("/", "_")}`,
      );
      await onHost(
        lab,
        one,
        `${runs.join("; ")}; unshare -Urpf /bin/echo ${mark}-${one.name}-nested\n${fromElsewhere(`${mark}-${one.name}`)}`,
      );
    }
    const places = ["_tmp", "_var_tmp", "_dev_shm", "_home_op", "_run_lock", "nested", "memory", "mount"];
    await expect
      .poll(() => readFileSync(file, "utf8").includes(`${mark}-h2-mount`), { timeout: 20_000 })
      .toBe(true);
    const log = readFileSync(file, "utf8");
    for (const one of lab.hosts) {
      for (const place of places) {
        const records = log
          .split("\n")
          .filter(
            (line) => line.startsWith("type=EXECVE") && line.includes(`"${mark}-${one.name}-${place}"`),
          );
        // The login shell has the words in one argument of its own; only the program has them as an argument each.
        expect(records.length, `${one.name} ${place}`).toBeGreaterThan(0);
        for (const record of records) {
          const event = /msg=audit\(([^)]+)\)/.exec(record)?.[1] as string;
          const call = log
            .split("\n")
            .find((line) => line.startsWith("type=SYSCALL") && line.includes(`(${event})`));
          expect(call).toContain(`key="${one.sensorHost}"`);
        }
      }
    }
  });

  test("probes its sensor, also for many at once, and sees missing rules", async () => {
    const probes = await Promise.all(Array.from({ length: 30 }, () => probeSensor(lab, "h1")));
    for (const probe of probes) expect(probe).toMatchObject({ lost: 0, running: true });
    expect(await probeSensor(lab, "h9")).toMatchObject({ lost: null, running: null });
    const rules = (await execute("auditctl", ["-l"])).stdout.split("\n");
    const one = rules.find((rule) => rule.endsWith(`key=${host(1).sensorHost}`)) as string;
    await execute("auditctl", one.replace(/^-a/, "-d").split(" "));
    expect(await probeSensor(lab, "h2")).toMatchObject({ running: false });
    expect(await probeSensor(lab, "h1")).toMatchObject({ running: true });
    expect(await labStatus({ state })).toMatchObject({
      phase: "broken",
      problems: ["The sensor does not watch host h2."],
    });
    await execute("auditctl", one.split(" "));
    expect(await labStatus({ state })).toMatchObject({ phase: "up" });
  });

  test("grows without touching the hosts that it has, when several ask at once", async () => {
    const [same, three, four] = await Promise.all([
      labUp({ targets: 1, state }),
      labUp({ targets: 3, state }),
      labUp({ targets: 4, state }),
    ]);
    expect(same.hosts.length).toBeGreaterThanOrEqual(2);
    const largest = [three, four].sort((a, b) => b.hosts.length - a.hosts.length)[0] as LabState;
    expect(largest.hosts.map((one) => one.name)).toEqual(["h1", "h2", "h3", "h4"]);
    expect(largest.hosts.slice(0, 2)).toEqual(lab.hosts);
    lab = largest;
    expect(
      (
        await onHost(
          lab,
          host(3),
          `cat /etc/hostname; cat < /dev/null > /dev/tcp/${host(0).address}/22 && echo reached`,
        )
      ).stdout,
    ).toBe("h4\nreached\n");
    expect((await loadInventory(lab.inventory)).targets).toHaveLength(4);
  });

  test("is found broken when a host or the daemon is killed, and is built anew", async () => {
    process.kill(host(2).pid as number, "SIGKILL");
    await expect.poll(async () => (await labStatus({ state })).phase).toBe("broken");
    const status = (await auditStatus()) as AuditStatus;
    // Only a daemon that nobody else needs.
    if (lab.sensor.type === "auditd" && lab.sensor.daemon === "own" && !(await otherLabs(lab.id))) {
      process.kill(status.pid, "SIGKILL");
      await expect.poll(async () => (await probeSensor(lab, "h1")).running).toBe(false);
      expect((await labStatus({ state })).problems).toContain("The sensor does not run.");
    }
    lab = await labUp({ targets: 1, state });
    expect(await labStatus({ state })).toMatchObject({ phase: "up" });
    expect(lab.hosts).toHaveLength(1);
    expect((await onHost(lab, host(0), "echo alive")).stdout).toBe("alive\n");
  });

  test("leaves nothing when it is taken down, and puts the kernel's audit back", async () => {
    await labDown({ state });
    expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
    expect((await labStatus({ state })).phase).toBe("down");
    if (!(await otherLabs(lab.id))) {
      const { enabled, backlogLimit, pid } = (await auditStatus()) as AuditStatus;
      expect({ enabled, backlogLimit, pid }).toEqual({
        enabled: before.enabled,
        backlogLimit: before.backlogLimit,
        pid: before.pid,
      });
    }
    await labDown({ state });
  });

  // What is being made at these moments differs from machine to machine; none of it may stay.
  test.each([30, 160, 290])(
    "leaves nothing when what makes it is killed after %i ms",
    async (milliseconds) => {
      await killWhileMade(state, false, milliseconds);
      await labDown({ state });
      await sleep(50);
      expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
      expect((await labStatus({ state })).phase).toBe("down");
    },
  );

  test("leaves nothing when half of it is gone already", async () => {
    lab = await labUp({ targets: 3, state });
    process.kill(host(0).pid as number, "SIGKILL");
    await execute("ip", ["netns", "del", `tyrian-${lab.id}-h2`]);
    rmSync(join(lab.folder, "lab.json"));
    rmSync(join(lab.folder, "skeleton"), { recursive: true });
    expect((await labStatus({ state })).phase).toBe("broken");
    await labDown({ state });
    expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
    expect(existsSync(lab.folder)).toBe(false);
  });

  test("leaves nothing when it is interrupted", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 150);
    await expect(labUp({ targets: 20, state, signal: controller.signal })).rejects.toThrow("enough");
    expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
  });
});
