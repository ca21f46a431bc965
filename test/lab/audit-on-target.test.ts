import { expect, test } from "vitest";
import { askAuditOn } from "../../src/lab/audit-on-target.js";
import type { Sensor } from "../../src/model/target.js";
import type { ExecResult, Session } from "../../src/transport/transport.js";

const answered = (status: string): Partial<ExecResult> => ({
  ending: "exited",
  exitCode: 0,
  stdout: status,
  stderr: "",
});
const status = (enabled: number, pid: number, lost: number): string =>
  `enabled ${enabled}\nfailure 1\npid ${pid}\nrate_limit 0\nbacklog_limit 8192\nlost ${lost}\nbacklog 0\nloginuid_immutable 0 unlocked\n`;
const rule = "-a always,exit -F arch=b64 -S execve,execveat -F success=1 -F key=tyrian_exec\n";

/** A stand-in for the host: it answers every command with the same, and keeps what it was given. */
function host(result: Partial<ExecResult>): { session: Session; given: string[] } {
  const given: string[] = [];
  const exec = async (_command: string, options: { stdin?: string }): Promise<unknown> => {
    given.push(options.stdin ?? "");
    return await Promise.resolve(result);
  };
  return { session: { exec } as unknown as Session, given };
}

const laurel: Sensor = { type: "laurel", log: { path: "/var/log/laurel/audit.log", sudo: true } };

test("what the kernel lost is known where it may be asked", async () => {
  const { session, given } = host(answered(status(1, 412, 7) + rule));
  expect(await askAuditOn(session, laurel)).toMatchObject({ lost: 7, running: true, daemon: 412 });
  expect(given[0]).toContain("\nsudo -n auditctl -s ");
});

test.each([
  ["audit switched off", status(0, 412, 7)],
  ["no daemon", status(1, 0, 7)],
])("%s is no running sensor", async (_name, text) => {
  expect(await askAuditOn(host(answered(text)).session, { type: "auditd" })).toMatchObject({
    lost: 7,
    running: false,
  });
});

test.each([
  ["no rules", "No rules\n"],
  ["rules that may not be listed", ""],
  ["rules of other things", "-w /etc/passwd -p wa -k identity\n-a never,exit -S execve\n"],
])("a daemon with %s is not known to record programs", async (_name, rules) => {
  const { session } = host(answered(status(1, 412, 7) + rules));
  expect(await askAuditOn(session, laurel)).toMatchObject({ lost: 7, running: null });
});

test.each<[string, Partial<ExecResult>]>([
  [
    "a refusal",
    { ending: "exited", exitCode: 4, stdout: "", stderr: "You must be root to run this program." },
  ],
  ["an answer without numbers", answered("hello\n")],
  ["no end in time", { ending: "deadline", exitCode: null, stdout: "", stderr: "" }],
])("%s leaves everything unknown", async (_name, result) => {
  expect(await askAuditOn(host(result).session, { type: "auditd" })).toMatchObject({
    lost: null,
    running: null,
  });
});

test("a sensor that is not the kernel's audit is not asked", async () => {
  const { session, given } = host(answered(status(1, 412, 7)));
  expect(await askAuditOn(session, { type: "strace" })).toMatchObject({ lost: null, running: null });
  expect(given).toEqual([]);
});
