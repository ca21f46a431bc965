import { describe, expect, test } from "vitest";
import { newRunId, trialId, workFolder } from "../../src/plan/identity.js";

describe("a run's id", () => {
  test("is the moment of its start in UTC and four random hex digits", () => {
    const now = new Date("2026-11-24T03:45:01.999+02:00");
    expect(newRunId(now)).toMatch(/^20261124-014501-[0-9a-f]{4}$/);
  });

  test("differs for runs that start in the same second", () => {
    const now = new Date();
    expect(new Set(Array.from({ length: 20 }, () => newRunId(now))).size).toBeGreaterThan(1);
  });

  test("sorts as the runs were started", () => {
    const moments = ["2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"];
    const ids = moments.map((moment) => newRunId(new Date(moment)));
    expect(ids.toSorted()).toEqual(ids);
  });
});

describe("a trial's id", () => {
  test("is its run's and its place in the plan, so that ids sort as the plan does", () => {
    expect(trialId("20261124-014501-9f3c", 7)).toBe("20261124-014501-9f3c-0007");
    const ids = [1, 2, 10, 999, 1_000, 9_999].map((ordinal) => trialId("run", ordinal));
    expect(ids.toSorted()).toEqual(ids);
  });

  test("stays unique beyond four digits", () => {
    expect(trialId("run", 10_000)).toBe("run-10000");
  });
});

describe("a trial's work folder", () => {
  const trials = Array.from({ length: 10_000 }, (_, index) => trialId("20261124-014501-9f3c", index + 1));

  test("has a name like those that mktemp makes, and tells nothing of the trial", () => {
    const odd = trials
      .map((trial) => workFolder(trial))
      .filter((folder) => !/^\/tmp\/tmp\.[A-Za-z0-9]{10}$/.test(folder));
    expect(odd).toEqual([]);
  });

  test("is the same each time it is asked for, so that recovery finds it", () => {
    // Fixed for ever: a run that crashed under another version must be cleaned up too.
    expect(workFolder("20261124-014501-9f3c-0001")).toBe(workFolder("20261124-014501-9f3c-0001"));
    expect(workFolder("20261124-014501-9f3c-0001")).toMatchInlineSnapshot(`"/tmp/tmp.p7Cr9BkuWr"`);
  });

  test("is another for each trial", () => {
    expect(new Set(trials.map((trial) => workFolder(trial))).size).toBe(trials.length);
  });
});
