import { describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import { alertQuality } from "../../src/verify/quality.js";
import { alertOf, base64Rule, begin, end, exec, observationOf, trialOf, verdictOf } from "./builders.js";

const trial = trialOf();
const event = exec(["base64", "-d"], { fields: { User: "LAB\\op" } });

function checks(over: Partial<Alert>, { technique = trial.technique, level = "high" as const } = {}) {
  const alert = alertOf("base64", [event], over);
  const quality = alertQuality({ alert, rule: { level }, trial: { ...trial, technique }, events: [event] });
  return Object.fromEntries(quality.map(({ check, ok }) => [check, ok]));
}

describe("what an analyst needs in an alert", () => {
  test("an alert with everything", () => {
    expect(
      alertQuality({
        alert: alertOf("base64", [event], {
          severity: { text: "High", levels: ["high", "critical"] },
          entities: { hosts: ["h1.example.org"], users: ["op@example.org"] },
          techniques: ["T1059.004"],
        }),
        rule: { level: "critical" },
        trial,
        events: [event],
      }),
    ).toEqual([
      { check: "severity", wanted: "critical", found: "High", ok: true },
      { check: "host", wanted: "h1", found: "h1.example.org", ok: true },
      { check: "user", wanted: "LAB\\op", found: "op@example.org", ok: true },
      { check: "technique", wanted: "T1059.004", found: "T1059.004", ok: true },
    ]);
  });

  test("an alert that has nothing of what its SIEM tells", () => {
    expect(checks({ severity: null, entities: { hosts: [], users: [] }, techniques: [] })).toEqual({
      severity: false,
      host: false,
      user: false,
      technique: false,
    });
  });

  test("what a SIEM does not tell is no fault, and one that tells nothing is not asked", () => {
    expect(checks({ techniques: ["T1059"] })).toEqual({
      severity: null,
      host: null,
      user: null,
      technique: true,
    });
    expect(checks({})).toEqual({});
  });

  test("a severity of another level is a fault, one that is not known is none", () => {
    expect(checks({ severity: { text: "Low", levels: ["low"] } })).toMatchObject({ severity: false });
    expect(checks({ severity: { text: "P1", levels: [] } })).toMatchObject({ severity: null });
  });

  test("another host or user in the alert is a fault", () => {
    expect(checks({ entities: { hosts: ["h2"], users: ["root"] } })).toMatchObject({
      host: false,
      user: false,
    });
    expect(checks({ entities: { hosts: ["h1"], users: ["OP"] } })).toMatchObject({ host: true, user: true });
  });

  test.each([
    ["T1059.004", "T1059.004", true],
    ["T1059.004", "T1059", true],
    ["T1059", "T1059.004", true],
    ["T1059.004", "T1059.001", false],
    ["T1059.004", "T1105", false],
  ])("a trial of %s and a tag %s", (technique, tag, ok) => {
    expect(checks({ techniques: ["T1003", tag] }, { technique })).toMatchObject({ technique: ok });
  });
});

test("a verdict carries the quality of its alert, and neither outcome nor `met` follows from it", () => {
  const own = exec(["base64", "-d"], { sequence: begin.sequence + 1 });
  const events = [begin, own, { ...end, sequence: own.sequence + 1 }];
  const silent = verdictOf(observationOf(events, [alertOf("base64", [own])]));
  const bare = alertOf("base64", [own], { severity: null, techniques: [] });
  const poor = verdictOf(observationOf(events, [bare]));
  expect(silent).not.toHaveProperty("quality");
  expect(poor).toMatchObject({ outcome: "detected", met: true });
  expect(poor.quality).toContainEqual({
    check: "severity",
    wanted: base64Rule.level,
    found: null,
    ok: false,
  });
});
