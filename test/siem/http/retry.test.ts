import { describe, expect, test } from "vitest";
import { Redactor } from "../../../src/siem/http/redactor.js";
import { mayPass, pauseMs } from "../../../src/siem/http/retry.js";

const now = Date.parse("2026-11-24T19:00:00Z");

test.each([
  ["12", 12_000],
  ["Tue, 24 Nov 2026 19:00:30 GMT", 30_000],
  ["Tue, 24 Nov 2026 18:00:00 GMT", 0],
  ["soon", 500],
])("Retry-After: %s", (header, ms) => {
  expect(pauseMs(1, header, now)).toBe(ms);
});

test("without it the pause grows, up to a bound", () => {
  expect([1, 2, 3, 30].map((tries) => pauseMs(tries, undefined, now))).toEqual([500, 1_000, 2_000, 8_000]);
});

test("only what passes by itself is tried again", () => {
  expect([200, 400, 401, 404, 408, 429, 500, 502, 503, 504].filter(mayPass)).toEqual([
    408, 429, 502, 503, 504,
  ]);
});

describe("secrets in texts", () => {
  test("are taken out in all forms in which they travel, the longest first", () => {
    const redactor = new Redactor();
    redactor.add("pass", 'pass"word&more');
    expect(redactor.redact('pass"word&more pass%22word%26more pass\\"word&more pass')).toBe(
      "[redacted] [redacted] [redacted] [redacted]",
    );
  });

  test("that are shorter than a word are left: they would be found by chance", () => {
    const redactor = new Redactor();
    redactor.add("abc");
    expect(redactor.redact("abcdef")).toBe("abcdef");
  });
});
