import { describe, expect, test } from "vitest";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { LaurelParser } from "../../src/telemetry/laurel.js";
import { encodeExec, bytesOf } from "./audit-encoder.js";

const stamp = "1795492300.100:7";

/** The serials of which each parser says that they are certainly no program start's. */
function auditd(...lines: string[]): number[] {
  const told: number[] = [];
  const parser = new AuditdParser({}, "web1", (serial, time) => {
    expect(time).toBe(1_795_492_300_100);
    told.push(serial);
  });
  for (const [at, line] of lines.entries()) expect(parser.push(line, at, 0)).toEqual([]);
  parser.flush(Infinity);
  return told;
}

function laurel(record: Record<string, unknown>): number[] {
  const told: number[] = [];
  const parser = new LaurelParser({ host: "web1", onOther: (serial) => told.push(serial) });
  parser.push(JSON.stringify({ ID: stamp, ...record }), 0, 0);
  return told;
}

const ofAuditd = (type: string, body = ""): string => `type=${type} msg=audit(${stamp}): ${body}`;
const call = (arch: string, number: number, exit = 0): string =>
  ofAuditd("SYSCALL", `arch=${arch} syscall=${number} success=yes exit=${exit} items=0 ppid=1 pid=2 key="k"`);
const ofLaurel = (arch: string, syscall: number | string, exit = 0) => ({
  SYSCALL: { arch: `0x${arch}`, syscall, exit, pid: 2, ppid: 1 },
});
const end = ofAuditd("EOE");

describe("a serial is no program start's for certain", () => {
  test("where the record is of another call, or of an exec of what was not there", () => {
    for (const [arch, number, exit] of [
      ["c000003e", 1, 4],
      ["c00000b7", 64, 0],
      ["40000003", 4, 0],
      ["c000003e", 59, -2],
    ] as const) {
      expect(auditd(call(arch, number, exit), end)).toEqual([7]);
      expect(laurel(ofLaurel(arch, number, exit))).toEqual([7]);
    }
  });

  test("where a program told it to the kernel, or a session began", () => {
    for (const type of ["USER_LOGIN", "USER_START", "CRED_ACQ", "SERVICE_START", "LOGIN"]) {
      expect(auditd(ofAuditd(type, "pid=1 uid=0"))).toEqual([7]);
      expect(laurel({ [type]: { pid: 1 } })).toEqual([7]);
    }
  });
});

describe("nothing is said of a serial", () => {
  test("that is, or may be, a program start's of which parts are missing", () => {
    const whole = encodeExec({ serial: 7, argv: bytesOf("sh", "-c", "id"), host: "tyrian", ses: 3 });
    for (const [at] of whole.entries()) {
      const without = whole.filter((_, index) => index !== at);
      const told: number[] = [];
      const parser = new AuditdParser({}, "web1", (serial) => told.push(serial));
      for (const [position, line] of without.entries()) parser.push(line, position, 0);
      parser.flush(Infinity);
      expect(told).toEqual([]);
    }
    expect(laurel({ CWD: { cwd: "/" }, PATH: [], PROCTITLE: {} })).toEqual([]);
    expect(laurel({ EXECVE: { argc: 1, ARGV: ["sh"] } })).toEqual([]);
    expect(laurel({ ...ofLaurel("c000003e", 59) })).toEqual([]);
    expect(laurel({ LOGIN: {}, PATH: [] })).toEqual([]);
    expect(laurel({})).toEqual([]);
  });

  test("on a machine whose calls are not known, and of calls that are counted apart (x32)", () => {
    for (const [arch, number] of [
      ["c00000f3", 221],
      ["c00000f3", 64],
      ["c000003e", 0x40000000 + 520],
    ] as const) {
      expect(auditd(call(arch, number), end)).toEqual([]);
      expect(laurel(ofLaurel(arch, number))).toEqual([]);
    }
    expect(laurel(ofLaurel("c000003e", "exec_of_another_name"))).toEqual([]);
  });

  test("that auditd gave itself: it counts apart from the kernel", () => {
    expect(auditd(ofAuditd("DAEMON_ROTATE", "op=rotate"))).toEqual([]);
    expect(laurel({ DAEMON_ROTATE: { op: "rotate" } })).toEqual([]);
  });

  test("of a record that was cut on the way", () => {
    const line = call("c000003e", 1);
    expect(auditd(line.slice(0, line.indexOf(" exit=")), end)).toEqual([]);
    expect(auditd(line.slice(0, line.indexOf("syscall=")), end)).toEqual([]);
    expect(auditd(line.slice(5), end)).toEqual([]);
  });
});
