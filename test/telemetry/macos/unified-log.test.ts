import { expect, test } from "vitest";
import { UnifiedLogParser } from "../../../src/telemetry/macos/unified-log.js";

/** Constructed after log(1), `--style ndjson`; no Mac wrote them. */
const entry = {
  timestamp: "2026-11-24 13:00:00.250000+0100",
  ...{ eventType: "logEvent", messageType: "Default", eventMessage: "sent an event", userID: 501 },
  ...{ subsystem: "com.apple.appleevents", category: "", processID: 812, threadID: 9, traceID: 4 },
  ...{ processImagePath: "/usr/bin/osascript", senderImagePath: "/System/Library/X", formatString: "%s" },
};

test("an entry becomes a message with the log's own names and the program that wrote it, and is nobody's", () => {
  const [event] = new UnifiedLogParser("mac1").push(JSON.stringify(entry), 77, 5);
  expect(event).toMatchObject({
    id: "mac1/unified-log/1795521600250:77",
    ...{ sensor: "unified-log", kind: "message", session: null, pid: 812, ppid: null, sequence: 77 },
    logsource: { product: "macos", service: "unifiedlog" },
    fields: {
      ...{ Image: "/usr/bin/osascript", ProcessId: 812, subsystem: "com.apple.appleevents", userID: 501 },
      ...{ eventMessage: "sent an event", messageType: "Default", senderImagePath: "/System/Library/X" },
    },
  });
});

test("what the log says that it lost is counted, and so is what cannot be read", () => {
  const parser = new UnifiedLogParser("mac1");
  const lines = [
    'Filtering the log data using "process == \\"osascript\\""',
    JSON.stringify({ ...entry, eventType: "lossEvent", lossCount: { count: 12, saturated: false } }),
    JSON.stringify({ ...entry, eventType: "activityCreateEvent" }),
    JSON.stringify({ ...entry, timestamp: "yesterday" }),
    '{"timestamp":',
    '{"count":3,"finished":1}',
  ];
  expect(lines.flatMap((line, index) => parser.push(line, index, 5))).toEqual([]);
  expect([parser.lost(), parser.counts()]).toMatchObject([14, { malformed: 2, ignored: 3 }]);
});
