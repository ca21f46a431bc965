import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { bytesOf, encodeExec } from "./audit-encoder.js";
import { eventsOf, recorded, recordedArguments, recordedUsers } from "./fixtures.js";

const users = { "tyrian-h1": { "20100": "op" } };

describe("a log recorded on a real host", () => {
  test("holds every argument vector exactly as it was given to execve", () => {
    const parser = new AuditdParser(recordedUsers);
    const events = eventsOf(parser, recorded("audit-arguments.log.gz"), false);
    const made = events.filter(
      ({ kind, fields }) => kind === "exec" && fields["ParentCommandLine"] === "/usr/bin/python3 /tmp/gen.py",
    );
    const wanted = recordedArguments();
    expect(made.length).toBe(wanted.length);
    for (const [index, event] of made.entries()) {
      expect(event.argv).toEqual(wanted[index]?.map((bytes) => bytes.toString("utf8")));
    }
    expect(parser.counts().incomplete).toBe(0);
    expect(parser.pending).toBe(0);
  });

  test("marks arguments that are not UTF-8 and keeps their bytes in the record", () => {
    const events = eventsOf(new AuditdParser(recordedUsers), recorded("audit-arguments.log.gz"));
    const [event] = events.filter(({ argv }) => argv[1] === "\ufffd\ufffd");
    expect(event?.original).toMatchObject({ invalidUtf8: [1, 2] });
    expect(JSON.stringify(event?.original)).toContain("a1=FFFE");
  });

  test("gives the fields that rules read, the parents, and the refused exec", () => {
    const events = eventsOf(new AuditdParser(recordedUsers), recorded("audit-session.log"));
    const summary = events.map(({ kind, fields }) => [
      kind === "exec" ? fields["Image"] : `refused ${String(fields["TargetFilename"])}`,
      fields["CommandLine"],
      fields["ParentImage"],
    ]);
    expect(summary).toContainEqual(["/usr/bin/dash", "/bin/sh ./s.sh", "/usr/bin/bash"]);
    expect(summary).toContainEqual(["/usr/bin/base64", "base64 -d", "/usr/bin/bash"]);
    expect(summary).toContainEqual(["/usr/bin/sleep", "sleep 0.1", "/usr/bin/dash"]);
    expect(summary).toContainEqual(["/usr/bin/true", "/bin/true inner", "/usr/bin/bash"]);
    expect(summary.at(-1)).toEqual(["refused /tmp/n x.sh", undefined, "/usr/bin/bash"]);
    const script = events.find(({ fields }) => fields["CommandLine"] === "/bin/sh ./s.sh");
    expect(script).toMatchObject({
      host: "tyrian-124702c8-h1",
      sensor: "auditd",
      kind: "exec",
      session: "6",
      logsource: { product: "linux", category: "process_creation", service: "auditd" },
      argv: ["/bin/sh", "./s.sh"],
      fields: {
        User: "op",
        UserId: 20000,
        LogonId: 6,
        CurrentDirectory: "/tmp",
        name: "./s.sh",
        type: "EXECVE",
        syscall: "execve",
        a0: "/bin/sh",
        a1: "./s.sh",
        comm: "s.sh",
        success: "yes",
      },
    });
    const refused = events.at(-1);
    expect(refused).toMatchObject({ kind: "exec-refused", error: "EACCES", argv: [], session: "6" });
    expect(refused?.logsource).toEqual({ product: "linux", service: "auditd" });
    expect(refused?.fields["Image"]).toBeUndefined();
    const daemon = events.find(({ argv }) => argv[0] === "/usr/sbin/sshd");
    expect(daemon?.session).toBeNull();
    expect(daemon?.fields["LogonId"]).toBeUndefined();
  });

  test("comes out in the order of the serials although records were interleaved", () => {
    const serials = eventsOf(new AuditdParser(recordedUsers), recorded("audit-session.log")).map(
      (e) => e.sequence,
    );
    expect(serials).toEqual(serials.toSorted((a, b) => a - b));
    expect(serials.length).toBeGreaterThan(15);
  });
});

/** Arguments with what makes encoding hard: blanks, quotes, hex-like words, multi-byte characters, long repeats. */
const argument = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", " ", '"', "4142", "DEAD", "(null)", "a1=x", "a b", "é", "日本", "🙂"),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("x", "é", "日", "🙂", "a b"),
        fc.integer({ min: 500, max: 9000 }),
        fc.constantFrom("", "y", "yy"),
      )
      .map(([unit, count, prefix]) => prefix + unit.repeat(count)),
  },
);
const vector = fc
  .tuple(argument, fc.array(argument, { maxLength: 12 }))
  .map(([first, rest]) => [first, ...rest].map((text) => text.replaceAll("\0", "")));

/** Merges sequences in an order chosen by numbers, keeping the order inside each. */
function interleave(sequences: string[][], choices: readonly number[]): string[] {
  const rest = sequences.map((lines) => [...lines]);
  const merged: string[] = [];
  for (let step = 0; rest.some((lines) => lines.length > 0); step += 1) {
    const open = rest.filter((lines) => lines.length > 0);
    merged.push((open[(choices[step % choices.length] ?? 0) % open.length] as string[]).shift() as string);
  }
  return merged;
}

test("any argument vectors, written as the kernel writes them and interleaved in any way, come back exactly", () => {
  fc.assert(
    fc.property(
      fc.array(vector, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(100), { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      (vectors, choices, enriched) => {
        const parser = new AuditdParser(users);
        const sequences = vectors.map((argv, index) =>
          encodeExec({ serial: 100 + index, argv: bytesOf(...argv), enriched }),
        );
        const noise = [
          "type=USER_END msg=audit(1795492300.000:99): pid=1 uid=0 msg='op=x res=success'",
          "garbage",
        ];
        // a serial whose first record comes after all of a later event cannot be waited for
        const events = eventsOf(parser, interleave([...sequences, noise], choices), false).toSorted(
          (one, other) => one.sequence - other.sequence,
        );
        expect(events.map(({ argv }) => argv)).toEqual(
          vectors.map((argv) => argv.map((text) => Buffer.from(text, "utf8").toString("utf8"))),
        );
        expect(events.map(({ sequence }) => sequence)).toEqual(vectors.map((_, index) => 100 + index));
        expect(parser.pending).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("records of one event may come in any order: the last one completes it", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(7).keys()], { minLength: 7, maxLength: 7 }), (order) => {
      const lines = encodeExec({ serial: 5, argv: bytesOf("bash", "é".repeat(5000)) });
      expect(lines.length).toBe(8);
      const shuffled = [...order, 7].map((index) => lines[index] as string).toReversed();
      const parser = new AuditdParser(users);
      eventsOf(parser, encodeExec({ serial: 4, argv: bytesOf("before") }), false);
      const events = eventsOf(parser, shuffled, false);
      expect(events.map(({ argv }) => argv)).toEqual([["bash", "é".repeat(5000)]]);
    }),
  );
});

test("an event that has begun is let out before a later one that is whole already", () => {
  const [one, two] = [
    encodeExec({ serial: 1, argv: bytesOf("a") }),
    encodeExec({ serial: 2, argv: bytesOf("b") }),
  ];
  const lines = [one[0] as string, ...two, ...one.slice(1)];
  expect(eventsOf(new AuditdParser(users), lines, false).map(({ sequence }) => sequence)).toEqual([1, 2]);
});

describe("half events", () => {
  const lines = encodeExec({ serial: 7, argv: bytesOf("bash", "x".repeat(20_000)) });

  test("without their last record leave when they are whole and have waited", () => {
    const parser = new AuditdParser(users);
    expect(eventsOf(parser, lines.slice(0, -1), false)).toEqual([]);
    expect(parser.flush(2999)).toEqual([]);
    expect(parser.flush(3000).map(({ sequence }) => sequence)).toEqual([7]);
    expect(parser.pending).toBe(0);
  });

  test("with a missing piece of an argument are counted as lost and never reported", () => {
    for (const missing of lines.filter((line) => line.startsWith("type=EXECVE"))) {
      const parser = new AuditdParser(users);
      const events = eventsOf(
        parser,
        lines.filter((line) => line !== missing),
      );
      expect(events).toEqual([]);
      expect(parser.counts().incomplete).toBe(1);
      expect(parser.lost("tyrian-h1")).toBe(1);
      expect(parser.lost("tyrian-h2")).toBe(0);
    }
  });

  test("without a SYSCALL record count as lost for every host, since nobody knows whose they are", () => {
    const parser = new AuditdParser(users);
    const whole = encodeExec({ serial: 6, argv: bytesOf("true") });
    expect(eventsOf(parser, [...whole, ...lines.slice(1)])).toHaveLength(1);
    expect(parser.lost("tyrian-h1")).toBe(1);
    expect(parser.lost("tyrian-h2")).toBe(1);
  });

  test("with which the log begins were written before, and are neither lost nor waited for", () => {
    const parser = new AuditdParser(users);
    const later = encodeExec({ serial: 8, argv: bytesOf("true") });
    expect(eventsOf(parser, [...lines.slice(2), ...later], false).map(({ sequence }) => sequence)).toEqual([
      8,
    ]);
    expect(parser.lost("tyrian-h1")).toBe(0);
  });

  test("hold back later events only for a bounded time", () => {
    const parser = new AuditdParser(users);
    const later = encodeExec({ serial: 8, argv: bytesOf("true") });
    expect(eventsOf(parser, [...lines.slice(0, 2), ...later], false)).toEqual([]);
    expect(parser.flush(3000).map(({ sequence }) => sequence)).toEqual([8]);
  });

  test("stay bounded in number when none is ever completed", () => {
    const parser = new AuditdParser(users);
    for (let serial = 0; serial < 5000; serial += 1) {
      parser.push(encodeExec({ serial, argv: bytesOf("true") })[0] as string, 0, 1000);
      expect(parser.pending).toBeLessThanOrEqual(1024);
    }
  });
});

describe("what is no program start of a host", () => {
  test("ENOENT is dropped, EACCES and EPERM are refusals with the path that was tried", () => {
    const refused = (serial: number, exit: number, name: string): string[] =>
      encodeExec({ serial, argv: [], exit, name, cwd: "/home/op" });
    const events = eventsOf(new AuditdParser(users), [
      ...refused(1, -2, "/usr/bin/nosuch"),
      ...refused(2, -13, "./tool x"),
      ...refused(3, -1, "/opt/../bin/tool"),
      ...refused(4, -8, "/bin/not-a-program"),
    ]);
    expect(events.map(({ error, fields }) => [error, fields["TargetFilename"], fields["name"]])).toEqual([
      ["EACCES", "/home/op/tool x", "./tool x"],
      ["EPERM", "/bin/tool", "/opt/../bin/tool"],
    ]);
  });

  test("keys of other labs and records without a key are counted and dropped", () => {
    const parser = new AuditdParser(users);
    const other = encodeExec({ serial: 1, argv: bytesOf("true"), host: "other" });
    const none = encodeExec({ serial: 2, argv: bytesOf("true") }).map((l) =>
      l.replace('key="tyrian-h1"', "key=(null)"),
    );
    expect(eventsOf(parser, [...other, ...none])).toEqual([]);
    expect(parser.counts().foreign).toBe(other.length + none.length);
    expect(eventsOf(new AuditdParser({}), other).map(({ host }) => host)).toEqual(["other"]);
  });

  test("a record with several keys belongs to the host that one of them names", () => {
    const lines = encodeExec({ serial: 1, argv: bytesOf("true"), host: "exec\u0001tyrian-h1" });
    expect(eventsOf(new AuditdParser(users), lines).map(({ host }) => host)).toEqual(["tyrian-h1"]);
  });

  test("messages of the daemon, about losses, and damaged lines break nothing", () => {
    const parser = new AuditdParser(users);
    const [first, ...rest] = encodeExec({ serial: 1, argv: bytesOf("true") }) as [string, ...string[]];
    const events = eventsOf(parser, [
      "type=DAEMON_START msg=audit(1795493241.553:6040): op=start ver=3.0.9 format=raw res=success",
      "audit: audit_lost=12 audit_rate_limit=0 audit_backlog_limit=64",
      "type=UNKNOWN[1337] msg=audit(1795493241.553:1): op=x",
      'type=EXECVE msg=audit(1795493241.553:3): argc=99999999999 a0="x"',
      'type=EXECVE msg=audit(1795493241.553:4): argc=1 a0="unterminated',
      "type=EXECVE msg=audit(1795493241.553:5): argc=1 a0=XYZ",
      "type=EXECVE msg=audit(1795493241.553:6): argc=1 a0[99999999]=41",
      first.slice(0, 90),
      first,
      "",
      "\u0000\u0000\u0000",
      ...rest,
    ]);
    expect(events.map(({ argv }) => argv)).toEqual([["true"]]);
  });
});

describe("parents", () => {
  const exec = (serial: number, pid: number, ppid: number, ses: number, name: string): string[] =>
    encodeExec({ serial, pid, ppid, ses, exe: `/bin/${name}`, argv: bytesOf(name, "x") });
  const parentsOf = (...lines: string[][]): unknown[] =>
    eventsOf(new AuditdParser(users), lines.flat()).map(({ fields }) => fields["ParentImage"] ?? null);

  test("are the latest program of the parent's id before the child", () => {
    expect(parentsOf(exec(1, 50, 1, 7, "sh"), exec(2, 50, 1, 7, "bash"), exec(3, 51, 50, 7, "ls"))).toEqual([
      null,
      null,
      "/bin/bash",
    ]);
  });

  test("that come later in order of serial do not count, although they were read first", () => {
    const parser = new AuditdParser(users);
    eventsOf(parser, exec(9, 50, 1, 7, "late"));
    expect(eventsOf(parser, exec(3, 51, 50, 7, "ls"))[0]?.fields["ParentImage"]).toBeUndefined();
  });

  test("of another login session are a reused id; a daemon outside any session may be the parent", () => {
    expect(parentsOf(exec(1, 50, 1, 6, "sh"), exec(2, 51, 50, 7, "ls"))).toEqual([null, null]);
    expect(parentsOf(exec(1, 50, 1, 4294967295, "sshd"), exec(2, 51, 50, 7, "bash"))).toEqual([
      null,
      "/bin/sshd",
    ]);
  });

  test("of another host are never taken", () => {
    const parser = new AuditdParser({ a: {}, b: {} });
    const one = encodeExec({ serial: 1, pid: 50, host: "a", argv: bytesOf("sh") });
    const two = encodeExec({ serial: 2, pid: 51, ppid: 50, host: "b", argv: bytesOf("ls") });
    expect(eventsOf(parser, [...one, ...two])[1]?.fields["ParentImage"]).toBeUndefined();
  });
});

test("a user is named only by the host's own list", () => {
  const parser = new AuditdParser(users);
  const [known, unknown] = eventsOf(parser, [
    ...encodeExec({ serial: 1, argv: bytesOf("true"), enriched: true }),
    ...encodeExec({ serial: 2, argv: bytesOf("true"), uid: 5, enriched: true }),
  ]);
  expect([known?.fields["User"], known?.fields["UserId"]]).toEqual(["op", 20100]);
  expect([unknown?.fields["User"], unknown?.fields["UserId"]]).toEqual([undefined, 5]);
});

test("a reader that was slow to go on loses nothing: time passes only when the log has been read to its end", () => {
  const parser = new AuditdParser(users);
  const one = encodeExec({ serial: 1, argv: bytesOf("bash", "x".repeat(9000)) });
  const two = encodeExec({ serial: 2, argv: bytesOf("true") });
  for (const line of one.slice(0, 2)) expect(parser.push(line, 0, 1000)).toEqual([]);
  const later = [...two, ...one.slice(2)].flatMap((line) => parser.push(line, 0, 60_000));
  expect(later.map(({ sequence }) => sequence)).toEqual([1, 2]);
});
