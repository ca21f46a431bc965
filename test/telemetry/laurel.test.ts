import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { LaurelParser } from "../../src/telemetry/laurel.js";
import { eventsOf, recorded, recordedArguments, recordedUsers } from "./fixtures.js";

/** What must be the same whoever wrote the kernel's records down. */
function common(event: HostEvent): unknown {
  const { id, sensor, original, ...rest } = event;
  expect([id.includes(`/${sensor}/`), typeof original]).toEqual([true, "object"]);
  return rest;
}

describe("lines that laurel 0.5.1 made of recorded audit logs", () => {
  test.each([
    ["audit-session.log", "laurel-session.jsonl"],
    ["audit-arguments.log.gz", "laurel-arguments.jsonl.gz"],
  ])("give the same events as %s itself", (audit, laurel) => {
    const direct = eventsOf(new AuditdParser(recordedUsers), recorded(audit));
    const byLaurel = eventsOf(new LaurelParser({ users: recordedUsers }), recorded(laurel));
    expect(byLaurel.length).toBeGreaterThan(10);
    expect(byLaurel.map(common)).toEqual(direct.map(common));
  });

  test("hold every argument vector exactly, percent signs, control characters and bad bytes included", () => {
    const events = eventsOf(
      new LaurelParser({ users: recordedUsers }),
      recorded("laurel-arguments.jsonl.gz"),
    );
    const made = events.filter(
      ({ kind, fields }) => kind === "exec" && fields["ParentCommandLine"] === "/usr/bin/python3 /tmp/gen.py",
    );
    expect(made.map(({ argv }) => argv)).toEqual(
      recordedArguments().map((argv) => argv.map((bytes) => bytes.toString("utf8"))),
    );
    expect(made.find(({ argv }) => argv[1] === "\ufffd\ufffd")?.original).toMatchObject({
      invalidUtf8: [1, 2],
    });
  });
});

describe("a line", () => {
  const line = recorded("laurel-session.jsonl").find((text) => text.includes('"./s.sh"')) ?? "";
  const changed = (change: (value: { EXECVE: { ARGV: unknown[] } }) => void): string => {
    const value = JSON.parse(line) as { EXECVE: { ARGV: unknown[] } };
    change(value);
    return JSON.stringify(value);
  };

  test("belongs to the host of the source when that is given", () => {
    expect(eventsOf(new LaurelParser({ host: "web1" }), [line]).map(({ host }) => host)).toEqual(["web1"]);
  });

  test("may have a prefix for syslog", () => {
    expect(eventsOf(new LaurelParser({ host: "web1" }), [`@cee: ${line}`])).toHaveLength(1);
  });

  test("whose arguments laurel cut is counted as lost", () => {
    const parser = new LaurelParser({ host: "web1" });
    const cut = [
      changed(({ EXECVE }) => EXECVE.ARGV.pop()),
      changed(({ EXECVE }) => EXECVE.ARGV.splice(1, 1, { elided: 5 })),
    ];
    expect(eventsOf(parser, cut)).toEqual([]);
    expect(parser.lost("web1")).toBe(2);
  });

  test("whose time or serial has more digits than such a number has is no record", () => {
    const parser = new LaurelParser({ host: "web1" });
    const long = line.replace(/"ID":"\d+/, `"ID":"${"9".repeat(400)}`);
    expect([long === line, eventsOf(parser, [long]), parser.counts().malformed]).toEqual([false, [], 1]);
  });

  test("that is cut, foreign or no JSON breaks nothing", () => {
    const parser = new LaurelParser({ users: { other: {} } });
    expect(eventsOf(parser, [line.slice(0, -20), "null", "[]", "{", '{"ID":7}', "", line])).toEqual([]);
    expect(parser.counts()).toMatchObject({ lines: 7, malformed: 5, foreign: 1 });
  });
});
