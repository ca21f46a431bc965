import { expect, test } from "vitest";
import { timeOfText, windowsTime } from "../../../src/telemetry/windows/time.js";

const second = Date.UTC(2026, 10, 24, 10, 11, 12);

test.each<[string, number | null]>([
  ["2026-11-24T10:11:12Z", second],
  ["2026-11-24T10:11:12.5Z", second + 500],
  ["2026-11-24T10:11:12.123456700Z", second + 123.4567],
  ["2026-11-24 10:11:12.123456 UTC", second + 123.456],
  ["2026-11-24 05:11:12 -0500", second],
  ["2026-11-24T13:11:12.001+03:00", second + 1],
  ["2026-11-24T10:11:12", null],
  ["2026-13-24T10:11:12Z", null],
  ["11/24/2026 10:11:12 AM", null],
  ["", null],
])("%j", (text, time) => {
  const found = timeOfText(text);
  if (time === null) expect(found).toBeNull();
  // A number of milliseconds keeps a quarter of a microsecond.
  else expect(found).toBeCloseTo(time, 3);
});

test("the time at which an event was logged counts before Sysmon's own", () => {
  expect(
    windowsTime({ TimeCreated_SystemTime: "2026-11-24T10:11:12Z", UtcTime: "2026-11-24 01:00:00.000" }),
  ).toBe(second);
  expect(windowsTime({ UtcTime: "2026-11-24 10:11:12.000" })).toBe(second);
  expect(windowsTime({ EventTime: "2026-11-24 10:11:12" })).toBeNull();
});
