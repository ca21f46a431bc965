import { describe, expect, test } from "vitest";
import { exitStatus } from "../../src/journal/exit-status.js";
import { foldRun } from "../../src/journal/fold.js";
import { toResults } from "../../src/journal/results.js";
import type { AcceptedMiss } from "../../src/model/accepted-miss.js";
import type { Verdict } from "../../src/model/verdict.js";
import { renderJunit } from "../../src/report/junit.js";
import { renderSummary } from "../../src/report/summary.js";
import { aTrial, anExecution, aVerdict, completed, lifeOf, numbered, started } from "./run-fixture.js";

/** A known gap of a bindings file is no failure until it expires. */

const miss: AcceptedMiss = {
  analytic: "base64-piped-to-shell",
  owner: "ana",
  ticket: "SOC-12",
  expires: "2026-11-24",
  because: "the proxy strips it",
};

const stateWith = (outcome: Verdict["outcome"], accepted: AcceptedMiss, startedAt?: string) => {
  const execution = anExecution(startedAt === undefined ? {} : { startedAt });
  const entries = [started([aTrial(1)], [accepted]), ...lifeOf(aTrial(1), [aVerdict(outcome)], execution)];
  return foldRun(numbered([...entries, completed]));
};
const statusWith = (...given: Parameters<typeof stateWith>) =>
  exitStatus(toResults(stateWith(...given)), { strict: false });

describe("an accepted miss", () => {
  test("is no failure, and every report says who accepted it until when", () => {
    const state = stateWith("logged", miss);
    const results = toResults(state);
    expect(results.trials[0]?.verdicts[0]).toMatchObject({
      met: false,
      accepted: { owner: "ana", ticket: "SOC-12" },
    });
    expect(exitStatus(results, { strict: false })).toBe(0);
    const text = renderSummary(state, { width: 160, color: false });
    expect(text).toContain("accepted by ana until 2026-11-24, SOC-12: the proxy strips it");
    expect(text).toContain("1 not met, 1 of these accepted");
    expect(renderJunit(state)).toMatch(/skipped message="expected detected, found logged; accepted by ana/);
  });

  test("is a failure after its last day, by the day on which the procedure ran", () => {
    expect(statusWith("logged", miss, "2026-11-24T23:59:59.000Z")).toBe(0);
    expect(statusWith("logged", miss, "2026-11-25T00:00:00.000Z")).toBe(1);
  });

  test("is that of the named procedures only", () => {
    expect(statusWith("logged", { ...miss, procedures: ["decode-and-pipe-to-shell"] })).toBe(0);
    expect(statusWith("logged", { ...miss, procedures: ["another"] })).toBe(1);
  });

  test.each<[Verdict["outcome"], number]>([
    ["blind", 0],
    ["other-alert", 0],
    ["suppressed", 0],
    ["undecided", 4],
    ["pending", 4],
  ])("%s ends with %i: what is not decided is no known gap", (outcome, status) => {
    expect(statusWith(outcome, miss)).toBe(status);
  });

  test("changes nothing where the analytic fired", () => {
    expect(toResults(stateWith("detected", miss)).trials[0]?.verdicts[0]?.accepted).toBeUndefined();
  });
});
