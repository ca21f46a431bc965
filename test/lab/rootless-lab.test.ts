import { chownSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  hostProfiles,
  labDown,
  labStatus,
  labUp,
  labUpFull,
  probeSensor,
  type LabHost,
  type LabState,
} from "../../src/lab/embedded/index.js";
import { loadInventory } from "../../src/lab/inventory.js";
import { checkToken, tokenCommand } from "../../src/lab/scope.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, whyNoLab } from "./house.js";
import { playbookOf, ruleOf } from "./playbooks.js";
import { execute, killWhileMade, leftovers, newStateFolder, onHost } from "./helpers.js";

/** Why this machine cannot have a rootless lab; null when it can. */
async function whyNot(): Promise<string | null> {
  try {
    await execute("unshare", [
      "--user",
      "--map-root-user",
      "--net",
      "--mount",
      "strace",
      "-o",
      "/dev/null",
      "/usr/sbin/sshd",
      "-?",
    ]);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    // sshd answers an unknown option with its usage and a failure; that is as good as a success.
    if (stderr === undefined || !/usage: sshd/.test(stderr))
      return `no rootless lab on this machine: ${stderr ?? String(error)}`;
  }
  return null;
}

const reason = await whyNot();

describe("a rootless lab", skippedFor(reason), () => {
  // A skipped suite is collected too, and would leave its folder.
  const state = reason === null ? newStateFolder() : "";
  let lab: LabState;
  const host = (index: number): LabHost => lab.hosts[index] as LabHost;

  beforeAll(async () => {
    lab = await labUp({ targets: 2, state, rootless: true });
  });
  afterAll(async () => {
    await labDown({ state });
    rmSync(state, { recursive: true });
  });

  test("is up, answers with the token, and shows nothing of the machine", async () => {
    expect(lab.kind).toBe("rootless");
    expect(await labStatus({ state })).toMatchObject({ phase: "up", problems: [], sensorRunning: true });
    const inventory = await loadInventory(lab.inventory);
    for (const one of lab.hosts) {
      await checkToken(inventory, (await onHost(lab, one, tokenCommand(inventory))).stdout);
      expect((await onHost(lab, one, "hostname; id -un")).stdout).toBe(`${one.name}\nop\n`);
    }
    const { stdout } = await onHost(
      lab,
      host(0),
      `for path in /work /boot /opt/* /mnt/* /usr/local/* /root/.* ${process.cwd()} ${state}; do ls -d "$path" 2>/dev/null; done; ls -A /root /home; ls /etc/ssh; touch /usr/bin/x`,
    );
    expect(stdout.split("\n").filter((line) => !/^\/root\/\.{1,2}$/.test(line))).toEqual([
      ...["/usr/local/bin", "/home:", "op", "", "/root:", "host_key", "sshd_config", ""],
    ]);
    expect((await onHost(lab, host(0), "ps -eo args")).stdout).not.toMatch(/supervise|10\.78\.0\.2/);
    // Whoever started the lab may be root, and then so is, by number, everybody in it.
    const write = await onHost(
      lab,
      host(0),
      "echo x > /proc/sys/kernel/core_pattern; touch /usr/bin/x; echo $?",
    );
    expect(write.stdout).toBe("1\n");
    expect(write.stderr).toMatch(/read-only/i);
  });

  test("records every exec of a host in its own log, whole", async () => {
    const long = "x".repeat(20_000);
    await onHost(lab, host(0), `/bin/echo first '${long}'`);
    await onHost(lab, host(1), `/bin/echo 'with "quotes" and ü'`);
    const logs = lab.hosts.map((one) => readFileSync(one.log as string, "utf8"));
    expect(logs[0]).toMatch(new RegExp(`execve\\("/bin/echo", \\["/bin/echo", "first", "${long}"\\]`));
    expect(logs[1]).toMatch(/execve\("\/bin\/echo", \["\/bin\/echo", "with \\"quotes\\" and \\303\\274"\]/);
    expect(logs[1]).not.toContain("first");
  });

  test("gives a terminal, and runs node and python", async () => {
    const { stdout, exitCode } = await onHost(
      lab,
      host(1),
      `node -p 'typeof 1' && python3 -c 'print(2)' && tty`,
      ["-tt"],
    );
    expect(stdout.replaceAll("\r", "")).toMatch(/^number\n2\n\/dev\/pts\/\d+\n$/);
    expect(exitCode).toBe(0);
  });

  test("says that the sensor is gone when the tracer is, and no program starts unseen", async () => {
    expect(await probeSensor(lab, "h2")).toMatchObject({ lost: 0, running: true });
    const status = readFileSync(`/proc/${String(host(1).pid)}/status`, "utf8");
    process.kill(Number(/TracerPid:\s*(\d+)/.exec(status)?.[1]), "SIGKILL");
    await expect.poll(async () => (await probeSensor(lab, "h2")).running).toBe(false);
    expect((await labStatus({ state })).phase).toBe("broken");
    expect((await onHost(lab, host(1), "/bin/echo unseen")).stdout).toBe("");
    expect(await probeSensor(lab, "h1")).toMatchObject({ lost: 0, running: true });
  });

  test("of every profile has Linux hosts, and says why it has no others", async () => {
    const { state: full, leftOut } = await labUpFull({ state, rootless: true });
    expect(full.hosts.map(({ profile }) => profile)).toEqual(["linux", "linux", "linux"]);
    expect(leftOut.map(({ profile }) => profile)).toEqual(hostProfiles.filter((name) => name !== "linux"));
    for (const { reason: why } of leftOut) expect(why).toMatch(/need a root lab|needs /);
    expect((await labStatus({ state })).phase).toBe("up");
  });

  test("leaves nothing when it is taken down", async () => {
    await labDown({ state });
    expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
    expect((await labStatus({ state })).phase).toBe("down");
  });

  test.each([60, 250])("leaves nothing when what makes it is killed after %i ms", async (milliseconds) => {
    await killWhileMade(state, true, milliseconds);
    await labDown({ state });
    await sleep(50);
    expect(await leftovers(state, `tyrian-${lab.id}`)).toEqual([]);
  });

  test("works for an ordinary user", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can become another user");
    const folder = join(state, "nobody");
    mkdirSync(folder, { recursive: true });
    const ids = { uid: 65534, gid: 65534 };
    chownSync(state, ids.uid, ids.gid);
    chownSync(folder, ids.uid, ids.gid);
    const module = resolve(import.meta.dirname, "../../src/lab/embedded/index.ts");
    const code = [
      `const { labUp, labDown, labStatus } = await import(${JSON.stringify(module)});`,
      `const lab = await labUp({ targets: 2, state: ${JSON.stringify(folder)} });`,
      `const up = await labStatus({ state: ${JSON.stringify(folder)} });`,
      `await labDown({ state: ${JSON.stringify(folder)} });`,
      `const down = await labStatus({ state: ${JSON.stringify(folder)} });`,
      `console.log(JSON.stringify({ kind: lab.kind, reason: lab.reason, up: up.phase, problems: up.problems, down }));`,
    ].join("\n");
    const parameters = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", code];
    const { stdout } = await execute(process.execPath, parameters, {
      ...ids,
      env: { HOME: folder, PATH: "/usr/bin:/bin" },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "rootless",
      reason: "not root",
      up: "up",
      problems: [],
      down: { phase: "down", found: { processes: [], files: [] } },
    });
  });
});

/** A rootless host keeps no audit sessions, and a cleared environment has no marker. */
describe(
  "in a rootless lab, what clears its environment and leaves its session",
  skippedFor(reason ?? whyNoLab()),
  () => {
    let house: House;
    beforeAll(async () => {
      house = await openHouse(1, "rootless");
    });
    afterAll(async () => {
      await house?.close();
    });
    const rule = { "rule.yml": ruleOf("rule", "{ Image|endswith: /expr, CommandLine|contains: '424242' }") };
    const background = {
      effects: "[background-process]",
      cleanup: '{ run: "true", probe: "! pgrep -x expr" }',
    };
    const late = (seconds: number, addend: number): string =>
      `setsid env -i sh -c 'sleep ${seconds}; expr 424242 + ${addend}' </dev/null >/dev/null 2>&1 &\necho done`;
    const chain = `perl -MTime::HiRes=time -e '
use POSIX; POSIX::setsid(); %ENV = (); my $end = time + 1.5;
while (time < $end) { my $child = fork; exit 0 if $child; }
exec "/usr/bin/expr", "424242", "+", "1"' </dev/null >/dev/null 2>&1 &
echo done`;

    test("acts inside the bracket, of an act and of a twin, also when no process of it lives for long", async () => {
      const playbook = playbookOf(
        {
          id: "late",
          run: late(2, 1),
          ...background,
          twin: `{ name: Twin, run: "setsid env -i sh -c 'sleep 2; expr 424242 + 1' </dev/null >/dev/null 2>&1 & echo done", proof: { stdout: { contains: done } } }`,
        },
        { id: "chain", run: chain, ...background },
      );
      const { results } = await house.run(playbook, rule);
      expect(
        results.trials.map(({ procedure, twin, execution, verdicts, cleanup }) => [
          ...[procedure, twin, execution.status, execution.outlived],
          ...[verdicts[0]?.outcome, verdicts[0]?.attribution, cleanup.status],
        ]),
      ).toEqual([
        ["late", false, "ran", undefined, "detected", "exact", "clean"],
        ["late", true, "ran", undefined, "false-alarm", "exact", "clean"],
        ["chain", false, "ran", undefined, "detected", "exact", "clean"],
      ]);
    });

    test("leaves silence undecided when it outlives the bracket, and is ended where it is told by its mark", async () => {
      const playbook = playbookOf(
        { id: "later", run: late(30, 2), ...background },
        {
          id: "lowered",
          run: `ulimit -m 1000; ${late(30, 3)}`,
          ...background,
        },
      );
      const { results } = await house.run(playbook, rule);
      expect(
        results.trials.map(({ execution, verdicts }) => [
          ...[execution.status, execution.outlived, verdicts[0]?.outcome, verdicts[0]?.cause?.link],
        ]),
      ).toEqual([
        ["ran", true, "undecided", "attribution"],
        ["ran", true, "undecided", "attribution"],
      ]);
      // Nothing proves that a process with another limit is the trial's: it is not ended, and the host is not clean.
      expect(results.trials.map(({ cleanup }) => cleanup.status)).toEqual(["clean", "dirty"]);
      const running = house.inside("h1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
      expect([running.includes("424242 + 2"), running.includes("424242 + 3")]).toEqual([false, true]);
    });
  },
);
