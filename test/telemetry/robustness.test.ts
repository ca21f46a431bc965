import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostEventSchema } from "../../src/model/event.js";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { LaurelParser } from "../../src/telemetry/laurel.js";
import type { SensorParser } from "../../src/telemetry/sensor.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { bytesOf, encodeExec } from "./audit-encoder.js";
import { recorded, recordedUsers } from "./fixtures.js";

const strace = [
  `1 1795492269.000001 execve("/usr/sbin/sshd", ["sshd"], 0x1 /* 1 var */) = 0`,
  "1 1795492269.000002 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
  `5 1795492269.000003 execve("/bin/ls", ["ls", "\\303\\251"], 0x1 /* 1 var */ <unfinished ...>`,
  "1 1795492269.000004 <... clone resumed>, child_tidptr=0x1) = 5",
  "5 1795492269.000005 <... execve resumed>) = 0",
  "5 1795492269.000006 +++ exited with 0 +++",
  "5 1795492269.000007 +++ superseded by execve in pid 7 +++",
];

const parsers: [string, () => SensorParser, string[]][] = [
  ["auditd", () => new AuditdParser(recordedUsers), recorded("audit-session.log")],
  ["laurel", () => new LaurelParser({ host: "h" }), recorded("laurel-session.jsonl")],
  ["strace", () => new StraceParser("h"), strace],
];

/** A line with a piece cut out, doubled or overwritten. */
const damage = (lines: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...lines),
      fc.nat(400),
      fc.nat(60),
      fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: 20 })),
    )
    .map(([line, at, length, text]) => line.slice(0, at) + text + line.slice(at + length));

describe.each(parsers)("%s", (_name, parser, lines) => {
  test("takes damaged and shuffled lines without an error, and every event fits the model", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(damage(lines), fc.constantFrom(...lines), fc.string({ unit: "binary" })), {
          maxLength: 40,
        }),
        (given) => {
          const it = parser();
          for (const [index, line] of given.entries()) {
            for (const event of it.push(line, index, 1000 + index)) hostEventSchema.parse(event);
          }
          for (const event of it.flush(100_000)) hostEventSchema.parse(event);
          expect(it.pending).toBe(0);
          expect(it.waitingSince).toBeNull();
        },
      ),
      { numRuns: 400 },
    );
  });

  test("whose log is begun anew goes on", () => {
    const it = parser();
    for (const [index, line] of lines.entries()) it.push(line, index, 1000);
    it.reset();
    const events = lines.flatMap((line, index) => it.push(line, 1000 + index, 2000));
    expect(events.length).toBeGreaterThan(0);
  });
});

test("10,000 events are parsed well faster than a machine can start programs", () => {
  const lines: string[] = [];
  for (let serial = 1; serial <= 10_000; serial += 1) {
    lines.push(...encodeExec({ serial, argv: bytesOf("bash", "-c", `echo ${serial} | base64 -d`) }));
  }
  const parser = new AuditdParser({});
  const before = process.cpuUsage();
  let events = 0;
  for (const line of lines) events += parser.push(line, 0, 1000).length;
  const used = process.cpuUsage(before);
  const perSecond = events / ((used.user + used.system) / 1e6);
  expect(events).toBe(10_000);
  // a fork and exec costs 2.8 ms here: two cores start at most about 700 programs a second
  expect(perSecond).toBeGreaterThan(1500);
});
