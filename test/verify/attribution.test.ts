import { describe, expect, test } from "vitest";
import { attributeAlerts } from "../../src/verify/attribution.js";
import { alertOf, base64Rule, exec, T0 } from "./builders.js";

describe("alerts of a rule", () => {
  const own = exec(["base64", "-d"]);
  const other = exec(["base64", "-d"], { session: "8" });
  const question = {
    rule: base64Rule,
    act: [own],
    competitors: [own],
    couldCause: () => true,
    since: T0,
    host: "h1",
    backgroundMatches: 0,
    asWritten: false,
    tier: undefined,
  };

  test("are exact when their source events are the trial's own", () => {
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [own])] })[0]?.grade).toBe("exact");
  });

  test("give no credit for others' events: another trial, host or run", () => {
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [other])] })).toEqual([]);
    expect(attributeAlerts({ ...question, alerts: [alertOf("another", [own])] })).toEqual([]);
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", [])] })).toEqual([]);
  });

  test("that stand for many events are exact when our own satisfy the rule alone, and ambiguous when they do not", () => {
    const harmless = exec(["ls"]);
    const grouped = alertOf("base64", [other, own], { createdAt: T0 - 60_000 });
    expect(attributeAlerts({ ...question, alerts: [grouped] })[0]?.grade).toBe("exact");
    const stretched = alertOf("base64", [other, harmless]);
    expect(attributeAlerts({ ...question, act: [harmless], alerts: [stretched] })[0]?.grade).toBe(
      "ambiguous",
    );
  });

  test("without source events are exclusive only when nothing else can have caused them", () => {
    const unresolved = alertOf("base64", null);
    expect(attributeAlerts({ ...question, alerts: [unresolved] })[0]?.grade).toBe("exclusive");
    expect(attributeAlerts({ ...question, alerts: [unresolved], backgroundMatches: 1 })[0]?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [unresolved], backgroundMatches: null })[0]?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [unresolved], competitors: [own, other] })[0]?.grade).toBe(
      "ambiguous",
    );
    expect(attributeAlerts({ ...question, alerts: [alertOf("base64", null, { host: "h2" })] })).toEqual([]);
    expect(
      attributeAlerts({ ...question, alerts: [alertOf("base64", null, { updatedAt: T0 - 1 })] }),
    ).toEqual([]);
  });

  test("prefer the best grade, then an alert that stands alone to one that was folded", () => {
    const folded = alertOf("base64", [own], { foldedInto: "earlier" });
    const standing = alertOf("base64", [own]);
    expect(
      attributeAlerts({ ...question, alerts: [folded, alertOf("base64", null), standing] })[0]?.alert.id,
    ).toBe(standing.id);
  });
});
