import { expect, test } from "vitest";
import { stampedAt } from "../../../src/siem/connector/stamped.js";

test.each([
  ["2026-11-24T20:00:00.123Z", 1_795_550_400_123],
  ["1795550400", 1_795_550_400_000],
  ["1795550400.123", 1_795_550_400_123],
  ["1795550400123", 1_795_550_400_123],
  ["1795550400123456", 1_795_550_400_123.456],
  ["1795550400123456789", 1_795_550_400_123.456_8],
  ["17", null],
  ["yesterday", null],
  [undefined, null],
])("a collector's stamp %s", (text, ms) => {
  const stamped = stampedAt(text);
  if (ms === null) expect(stamped).toBeNull();
  else expect(stamped).toBeCloseTo(ms, 3);
});
