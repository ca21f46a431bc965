import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sensor, targetSchema } from "../../src/model/target.js";
import { readHostLog } from "../../src/telemetry/host-log.js";
import { createLocalTransport } from "../../src/transport/local.js";

const TRIAL = "run-20261124-0001";

/** One program start, in the five lines that auditd writes of it, or in the one of laurel. */
interface Start {
  readonly serial: number;
  readonly argv: readonly string[];
  readonly pid: number;
  readonly ppid: number;
}

function auditd({ serial, argv, pid, ppid }: Start): string {
  const at = `msg=audit(1795492269.028:${serial}):`;
  const numbers = `ppid=${ppid} pid=${pid} auid=1000 uid=1000 gid=1000 euid=1000 ses=7`;
  return [
    `type=SYSCALL ${at} arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=1 ${numbers} tty=(none) comm="x" exe="${argv[0]}" key="exec"`,
    `type=EXECVE ${at} argc=${argv.length} ${argv.map((argument, index) => `a${index}="${argument}"`).join(" ")}`,
    `type=CWD ${at} cwd="/tmp"`,
    `type=PATH ${at} item=0 name="${argv[0]}" inode=1 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`,
    `type=PROCTITLE ${at} proctitle="x"`,
  ].join("\n");
}

function laurel({ serial, argv, pid, ppid }: Start): string {
  const syscall = {
    arch: "0xc000003e",
    syscall: 59,
    success: "yes",
    exit: 0,
    pid,
    ppid,
    uid: 1000,
    euid: 1000,
    auid: 1000,
    ses: 7,
    exe: argv[0],
    key: "exec",
  };
  return JSON.stringify({
    ID: `1795492269.028:${serial}`,
    SYSCALL: syscall,
    EXECVE: { argc: argv.length, ARGV: argv },
    CWD: { cwd: "/tmp" },
  });
}

const sentinel = (edge: string, trial = TRIAL): string[] => ["/bin/true", "tyrian-sentinel", edge, trial];
const starts: readonly Start[] = [
  { serial: 100, argv: ["/bin/sh"], pid: 40, ppid: 9 },
  { serial: 101, argv: sentinel("begin", "run-20261124-0000"), pid: 41, ppid: 40 },
  { serial: 105, argv: sentinel("begin"), pid: 42, ppid: 40 },
  { serial: 106, argv: ["/usr/bin/bash", "-c", "id"], pid: 43, ppid: 40 },
  { serial: 108, argv: ["/usr/bin/id"], pid: 44, ppid: 43 },
  { serial: 109, argv: sentinel("end"), pid: 45, ppid: 40 },
  { serial: 112, argv: ["/usr/bin/ls"], pid: 46, ppid: 40 },
];

/** What programs told the kernel meanwhile: records that are no program starts, in the form of a sensor. */
const told = (type: "auditd" | "laurel", serials: readonly number[], seconds = "1795492269.028"): string[] =>
  serials.map((serial) =>
    type === "auditd"
      ? `type=USER_ACCT msg=audit(${seconds}:${serial}): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:accounting'`
      : JSON.stringify({ ID: `${seconds}:${serial}`, USER_ACCT: { pid: 1, op: "PAM:accounting" } }),
  );

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "tyrian-host-log-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(type: Sensor["type"], path = join(folder, "audit.log")) {
  const target = targetSchema.parse({
    name: "here",
    platform: "linux",
    transport: { type: "local" },
    sensor: { type, log: { path } },
  });
  const session = await createLocalTransport().connect(target, { deadlineMs: 1_000 });
  try {
    return await readHostLog(session, target.sensor, TRIAL, "web1");
  } finally {
    await session.close();
  }
}

const write = (name: string, lines: readonly string[]): void =>
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);

describe.each([
  ["auditd", auditd],
  ["laurel", laurel],
] as const)("the log of %s on a host", (type, line) => {
  test("tells what lies between the sentinels of a trial, under the name of the target", async () => {
    write("audit.log", [...starts.map(line), ...told(type, [107])]);
    const { state, value } = await read(type);
    expect(state).toBe("complete");
    expect(value.map(({ id, host }) => [id, host])).toEqual(
      [105, 106, 108, 109].map((serial) => [`web1/${type}/1795492269.028:${serial}`, "web1"]),
    );
    // The parent of the act's first process began before the sentinel.
    expect(value[1]?.fields).toMatchObject({ ParentImage: "/bin/sh", CommandLine: "/usr/bin/bash -c id" });
  });

  test("is read across its rotation", async () => {
    write("audit.log.1", [...starts.slice(0, 4).map(line), ...told(type, [107])]);
    write("audit.log", starts.slice(4).map(line));
    expect((await read(type)).value.map(({ sequence }) => sequence)).toEqual([105, 106, 108, 109]);
  });

  test("that lacks a number between the sentinels tells nothing: it was dropped behind the kernel, which does not count that", async () => {
    write("audit.log", starts.map(line));
    expect(await read(type)).toMatchObject({
      ...{ state: "partial", value: [] },
      detail: "the log on the host lacks 1 of the records that the kernel numbered between the sentinels",
    });
  });

  test("tells nothing of a time in which the audit's rules were changed", async () => {
    const changed = told(type, [107]).map((text) => text.replace("USER_ACCT", "CONFIG_CHANGE"));
    write("audit.log", [...starts.map(line), ...changed]);
    expect(await read(type)).toMatchObject({
      ...{ state: "partial", value: [] },
      detail: expect.stringContaining("were changed between the sentinels") as string,
    });
  });

  test("is not told from what stands there of another boot, which has the same numbers", async () => {
    const before = line({ serial: 107, argv: ["/usr/bin/whoami"], pid: 44, ppid: 43 });
    const lines = before.replaceAll("1795492269.028", "1795400000.028");
    write("audit.log.1", [lines]);
    write("audit.log", starts.map(line));
    expect(await read(type)).toMatchObject({ state: "partial", value: [] });
    write("audit.log", [...starts.map(line), ...told(type, [107])]);
    const { state, value } = await read(type);
    expect([state, value.map(({ sequence }) => sequence)]).toEqual(["complete", [105, 106, 108, 109]]);
  });

  test("that lacks a sentinel tells nothing", async () => {
    write("audit.log", starts.filter(({ serial }) => serial !== 109).map(line));
    expect(await read(type)).toMatchObject({ state: "partial", value: [] });
  });

  test("that has a record only in part tells nothing", async () => {
    const lines = starts.flatMap((start) => line(start).split("\n"));
    const damaged = lines.filter((text) => !(text.includes(":108)") && text.startsWith("type=EXECVE")));
    write(
      "audit.log",
      type === "auditd" ? damaged : lines.map((text) => text.replace('"argc":1,', '"argc":2,')),
    );
    expect(await read(type)).toMatchObject({ state: "partial", value: [] });
  });
});

describe("a log that cannot be read", () => {
  test("is unreachable, and says why", async () => {
    expect(await read("auditd")).toMatchObject({
      state: "unreachable",
      detail: expect.stringContaining("audit.log") as string,
    });
    expect(await read("strace")).toMatchObject({ state: "unreachable" });
  });
});

test("the script is one that the awk of busybox understands too", async ({ skip }) => {
  let busybox = "";
  try {
    busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  } catch {
    // The skip says so.
  }
  skip(busybox === "", "no busybox on PATH");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(busybox, join(bin, "awk"));
  write("audit.log", [...starts.map(auditd), ...told("auditd", [107])]);
  const before = process.env["PATH"];
  process.env["PATH"] = `${bin}:${before}`;
  try {
    expect((await read("auditd")).value).toHaveLength(4);
  } finally {
    process.env["PATH"] = before;
  }
});
