import { describe, expect, test } from "vitest";
import type { Connector, SiemDocument } from "../../../src/siem/connector/connector.js";
import { eventIdOf, hostEventsOf } from "../../../src/siem/connector/host-events.js";
import { siemOver } from "../../../src/siem/connector/port.js";
import { bytesOf, encodeExec } from "../../telemetry/audit-encoder.js";

/** What a SIEM keeps, made into the events that attribution reads; and what cannot be made one. */

const SECONDS = 1_795_492_300;

function document(over: Partial<SiemDocument>): SiemDocument {
  return { id: "d1", host: "web-1", ingestedAt: SECONDS * 1000 + 900, text: null, fields: {}, ...over };
}

/** The records of a program start, a document each, delivered one millisecond after another. */
function records(serial: number, argv: readonly string[], over: Partial<SiemDocument> = {}): SiemDocument[] {
  return encodeExec({ serial, argv: bytesOf(...argv), ses: 9, seconds: SECONDS }).map((text, index) =>
    document({ id: `${serial}.${index}`, text, ingestedAt: SECONDS * 1000 + 900 + index, ...over }),
  );
}

describe("audit records, a document each", () => {
  test("are one event, whatever their order, that is there when the last of them is", () => {
    const all = records(7, ["bash", "-c", "id"]);
    const { rows, lacks } = hostEventsOf(all.toReversed(), "auditd", null);
    expect(lacks).toBeNull();
    expect(rows).toEqual([
      expect.objectContaining({
        id: `web-1/auditd/${SECONDS}.007:7`,
        host: "web-1",
        session: "9",
        argv: ["bash", "-c", "id"],
        ingestedAt: SECONDS * 1000 + 900 + all.length - 1,
      }),
    ]);
  });

  test("that were delivered twice are one event", () => {
    const all = records(7, ["bash", "-c", "id"]);
    expect(hostEventsOf([...all, ...all], "auditd", null)).toEqual(hostEventsOf(all, "auditd", null));
  });

  test("of two hosts with the same serials are kept apart", () => {
    const both = [...records(7, ["id"]), ...records(7, ["who"], { host: "web-2" })];
    const { rows } = hostEventsOf(both, "auditd", null);
    expect(rows.map(({ host, argv }) => [host, ...argv])).toEqual([
      ["web-1", "id"],
      ["web-2", "who"],
    ]);
  });

  test("of which the arguments are missing are told", () => {
    const part = records(7, ["id"]).filter(({ text }) => text?.includes("EXECVE") !== true);
    expect(hostEventsOf(part, "auditd", null)).toEqual({
      rows: [],
      lacks: "1 of its documents: a program start with missing records",
    });
  });

  test("each name the event that they are a part of", () => {
    const ids = records(7, ["id"]).map((one) => eventIdOf(one, "auditd"));
    expect(new Set(ids)).toEqual(new Set([`web-1/auditd/${SECONDS}.007:7`]));
  });
});

const ecs = (over: Record<string, unknown> = {}): SiemDocument =>
  document({
    fields: {
      "@timestamp": "2026-11-24T19:00:00.123Z",
      auditd: {
        sequence: 4711,
        session: "9",
        data: { syscall: "execve", exit: "0", tty: "(none)" },
        ...(over["auditd"] as object | undefined),
      },
      process: {
        pid: 20,
        parent: { pid: 10 },
        args: ["bash", "-c", "id"],
        executable: "/usr/bin/bash",
        name: "bash",
        working_directory: "/home/op",
        ...(over["process"] as object | undefined),
      },
      user: { id: "1000", name: "op", effective: { id: "0" } },
    },
  });

describe("events of auditbeat", () => {
  test("have the names that rules read, and the user by the host's own name", () => {
    const { rows, lacks } = hostEventsOf([ecs()], "ecs", null);
    expect(lacks).toBeNull();
    expect(rows[0]).toMatchObject({
      id: "web-1/auditd/1795546800.123:4711",
      sequence: 4711,
      session: "9",
      pid: 20,
      ppid: 10,
      argv: ["bash", "-c", "id"],
      fields: {
        Image: "/usr/bin/bash",
        CommandLine: "bash -c id",
        User: "op",
        CurrentDirectory: "/home/op",
        euid: 0,
      },
    });
  });

  test("know their parents when these are there, whatever the order", () => {
    const child = ecs({
      auditd: { sequence: 4712 },
      process: { pid: 21, parent: { pid: 20 }, args: ["id"] },
    });
    const { rows } = hostEventsOf([child, ecs()], "ecs", null);
    expect(rows[1]?.fields).toMatchObject({ ParentImage: "/usr/bin/bash", ParentCommandLine: "bash -c id" });
  });

  test("that a control refused are refused", () => {
    const { rows } = hostEventsOf(
      [ecs({ auditd: { data: { syscall: "execve", exit: "EACCES" } } })],
      "ecs",
      null,
    );
    expect(rows[0]).toMatchObject({ kind: "exec-refused", error: "EACCES", argv: [] });
  });

  test("without a session have none: it is not guessed", () => {
    const { rows } = hostEventsOf([ecs({ auditd: { session: undefined } })], "ecs", null);
    expect(rows[0]?.session).toBeNull();
  });

  test.each([
    ["a serial", { auditd: { sequence: undefined } }, "no auditd.sequence"],
    ["its arguments", { process: { args: undefined } }, "no process.args"],
    ["its process", { process: { pid: undefined } }, "no process.pid or process.parent.pid"],
    ["its outcome", { auditd: { data: { syscall: "execve" } } }, "no auditd.data.exit"],
  ])("without %s are told, and not used", (_, over, lacks) => {
    expect(hostEventsOf([ecs(over)], "ecs", null)).toEqual({
      rows: [],
      lacks: `1 of its documents: ${lacks}`,
    });
  });

  test("of other calls are none of ours", () => {
    const opened = ecs({ auditd: { sequence: undefined, data: { syscall: "openat", exit: "3" } } });
    expect(hostEventsOf([opened], "ecs", null)).toEqual({ rows: [], lacks: null });
  });
});

test("what is no record of the format is told: the index holds something else too", () => {
  const other = document({ text: "Nov 24 19:00:00 web-1 sshd[1]: Accepted publickey" });
  expect(hostEventsOf([other], "laurel", null).lacks).toBe("1 of its documents: no laurel record");
  expect(hostEventsOf([other], "auditd", "a shard failed").lacks).toBe(
    "a shard failed; 1 of its documents: no auditd record",
  );
});

test("of a sentinel whose records are documents of their own, the rest is asked for by its time", async () => {
  const all = records(7, ["/bin/true", "tyrian-sentinel", "begin", "t-1"]);
  const spans: unknown[] = [];
  const connector = {
    // Only the record with the arguments has the words.
    sentinels: () =>
      Promise.resolve({ rows: all.filter(({ text }) => text?.includes("EXECVE") === true), lacks: null }),
    documents: (span: unknown) => {
      spans.push(span);
      return Promise.resolve({ rows: all, lacks: null });
    },
  } as unknown as Connector;
  const siem = siemOver(connector, {
    name: "office",
    format: "auditd",
    settings: {
      rules: {},
      delivery: { longestLagSeconds: 1, longestAlertLagSeconds: 1 },
      questionsPerMinute: 1,
    },
  });
  const { state, value } = await siem.canaries([{ host: "web-1", trial: "t-1" }]);
  expect(state).toBe("complete");
  expect(value[0]?.begin?.sequence).toBe(7);
  const at = SECONDS * 1000 + 7;
  expect(spans).toEqual([{ host: "web-1", from: at, to: at }]);
});
