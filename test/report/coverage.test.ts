import { describe, expect, test } from "vitest";
import { addressOf, attackAnalytics } from "../../src/attack/t1059.js";
import type { RunState, TrialRecord } from "../../src/journal/fold.js";
import type { Playbook } from "../../src/model/playbook.js";
import type { PlanAnalytic, Trial } from "../../src/model/trial.js";
import type { Verdict } from "../../src/model/verdict.js";
import { coverageOf, type CoverageRow, type CoverageShelf } from "../../src/report/coverage.js";
import { coveragePage, coverageTable } from "../../src/report/coverage-text.js";

const unixShellOnLinux = attackAnalytics.find(
  ({ id }) => id === "AN1081",
) as (typeof attackAnalytics)[number];

const analytic = {
  ...{ id: "a", title: "A rule", language: "sigma", file: "a.yml", hash: "" },
  text: `references: [${addressOf(unixShellOnLinux)}]`,
} as const satisfies PlanAnalytic;

const playbook = {
  ...{ id: "shell", technique: "T1059.004" },
  procedures: [{ id: "run", platforms: ["linux"], expect: [{ analytic: "a.yml" }] }],
} as unknown as Playbook;

const shelf: CoverageShelf = {
  playbooks: [playbook],
  analytics: [analytic],
  rules: [analytic.text],
  idOf: () => "a",
};

type Seen = Partial<Pick<Trial, "fidelity" | "platform" | "twin" | "procedure" | "technique">> &
  Partial<Pick<Verdict, "outcome" | "met">>;

/** A run whose trials had these verdicts. */
function runOf(...seen: readonly Seen[]): RunState {
  const trials = seen.map(({ outcome = "detected", met = true, ...trial }) => ({
    trial: {
      ...{ playbook: "shell", procedure: "run", technique: "T1059.004" },
      ...{ platform: "linux", fidelity: "native", twin: false },
      ...trial,
    },
    verdicts: [{ analytic: "a", outcome, met }],
  }));
  return {
    ...{ id: "20261124-000000-0001", version: "0.1.0", startedAt: "2026-11-24T00:00:00.000Z" },
    plan: { analytics: [analytic] },
    trials: trials as unknown as TrialRecord[],
  } as unknown as RunState;
}

function cell(...runs: readonly RunState[]): CoverageRow {
  return coverageOf(shelf, runs).find((row) => row.analytic === "AN1081") as CoverageRow;
}

describe("an analytic of ATT&CK", () => {
  test("is proven by a run that detected a procedure of its technique on its platform", () => {
    expect(cell(runOf({}))).toEqual({
      ...{ technique: "T1059.004", name: "Unix Shell", platform: "Linux", analytic: "AN1081" },
      ...{ proof: "native", procedures: ["shell/run"], proved: ["shell/run"] },
      ...{ runs: ["20261124-000000-0001"], needs: null },
    });
  });

  test("rests on the strongest fidelity, and Wine still needs the machine", () => {
    expect(cell(runOf({ fidelity: "wine" }))).toMatchObject({ proof: "wine", needs: "a Linux host" });
    expect(cell(runOf({ fidelity: "wine" }), runOf({}))).toMatchObject({ proof: "native" });
    expect(cell(runOf({ fidelity: "simulated" }))).toMatchObject({ proof: "simulated" });
  });

  test.each<[string, readonly Seen[]]>([
    ["without a run", []],
    ["when another outcome came", [{ outcome: "logged" }]],
    ["when a detection was not what was expected", [{ met: false }]],
    ["when only the twin was seen", [{ twin: true }]],
    ["when the twin was seen as well", [{}, { twin: true, outcome: "false-alarm", met: false }]],
    ["when another variant was missed", [{}, { outcome: "blind", met: false }]],
    ["when it was on another platform", [{ platform: "windows" }]],
    ["when it was of another technique", [{ technique: "T1059.006" }]],
  ])("is not proven %s", (_, seen) => {
    expect(cell(runOf(...seen))).toMatchObject({ proof: "constructed", proved: [], runs: [] });
  });

  test("that nobody could decide elsewhere is proven all the same", () => {
    expect(cell(runOf({}, { outcome: "undecided", met: false }))).toMatchObject({ proof: "native" });
  });

  test("rests on constructed events where there is a rule, and on nothing without", () => {
    expect(cell()).toMatchObject({ proof: "constructed", needs: "a Linux host" });
    const bare = coverageOf({ ...shelf, playbooks: [], rules: [] }, []);
    expect(new Set(bare.map(({ proof }) => proof))).toEqual(new Set(["nothing"]));
  });
});

test("every analytic and every platform of ATT&CK has a row", () => {
  const rows = coverageOf(shelf, []);
  expect(
    attackAnalytics.map(({ id }) => id).filter((id) => !rows.some((row) => row.analytic === id)),
  ).toEqual([]);
  expect(rows.filter(({ technique }) => technique === "T1059.009").map(({ platform }) => platform)).toEqual([
    "IaaS",
    "Identity Provider",
    "Office Suite",
    "SaaS",
  ]);
});

test("what was seen at one kind of cloud proves nothing of another", () => {
  const run = runOf({ technique: "T1059.009", platform: "cloud" });
  const rows = coverageOf(shelf, [run]).filter(({ technique }) => technique === "T1059.009");
  expect(rows.map(({ platform, proof }) => [platform, proof])).toEqual([
    ["IaaS", "nothing"],
    ["Identity Provider", "nothing"],
    ["Office Suite", "nothing"],
    ["SaaS", "nothing"],
  ]);
});

test("the table and the page say what each row rests on, and which runs were looked at", () => {
  const run = runOf({});
  const rows = coverageOf(shelf, [run]);
  const text = coverageTable(rows, 100).join("\n");
  expect(text).toMatch(/^T1059\.004 +Linux +AN1081 +1\/1 +native$/m);
  expect(text).toContain(
    "31 analytics of ATT&CK: 1 native (proven by these runs on a host as it is); 30 nothing (no rule)",
  );
  const page = coveragePage(rows, [run]);
  expect(page).toContain("- 20261124-000000-0001, 2026-11-24, Tyrian 0.1.0");
  expect(page).toContain("| T1059.004 | Linux | AN1081 | 1/1 | native |  |");
});
