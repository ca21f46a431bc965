import { describe, expect, test } from "vitest";
import { judge } from "../../src/engine/judge.js";
import type { ActedTrial } from "../../src/engine/trial.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Execution } from "../../src/model/execution.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import { observationSchema } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";
import type { Siem } from "../../src/siem/siem.js";
import { decide } from "../../src/verify/decide.js";
import { base64Rule, exec, sentinel, shipped } from "../verify/builders.js";
import { acted, complete, firing, patience, rules, siemOf } from "./listed-siem.js";

/** The last state of a trial's life: the SIEM is asked, its answer is journalled, and then the verdicts computed from it. */

/** Judges, and tells what stands in the journal afterwards. */
async function judged(trial: ActedTrial, siem: Siem, signal?: AbortSignal) {
  const entries: JournalEntry[] = [];
  const ports = { journal: (entry: JournalEntry) => Promise.resolve(entries.push(entry)) };
  const verdicts = await judge(trial, siem, rules, ports, {
    patience,
    ...(signal === undefined ? {} : { signal }),
  });
  const observation = entries.find((entry) => entry.type === "trial-observed")?.observation ?? null;
  return { verdicts, entries, observation, types: entries.map(({ type }) => type) };
}

describe("a trial that ran", () => {
  test("is judged by the observation that was journalled before its verdicts, and by nothing else", async () => {
    const trial = acted();
    const { events, alerts } = firing(trial.trial.id);
    const { verdicts, types, entries, observation } = await judged(trial, siemOf(events, alerts));
    expect(verdicts).toMatchObject([{ outcome: "detected", met: true, attribution: "exact" }]);
    expect(types).toEqual(["trial-observed", "trial-verified"]);
    expect(entries.at(-1)).toEqual({ type: "trial-verified", trial: trial.trial.id, verdicts });
    expect(observationSchema.parse(observation)).toMatchObject({
      ...{ siem: "a list", state: "complete", events, alerts },
      sensor: { lostBefore: 3, lostAfter: 3 },
    });
    expect(decide({ trial: trial.trial, execution: trial.execution, observation, rules })).toEqual(verdicts);
  });

  test("is blind when nothing of it arrived in time, and not before", async () => {
    const trial = acted();
    const { verdicts, observation } = await judged(trial, siemOf([], []));
    const waited = (observation?.answeredAt ?? 0) - Date.parse(trial.execution.endedAt ?? "");
    expect(waited).toBeGreaterThanOrEqual(patience.settleMs);
    expect(verdicts).toMatchObject([{ outcome: "blind", met: false, cause: { link: "ingest" } }]);
  });

  test("has no verdict when the journal cannot be written", async () => {
    const failure = new Error("no space left on device");
    const ports = { journal: () => Promise.reject(failure) };
    await expect(judge(acted(), siemOf([], []), rules, ports, { patience })).rejects.toBe(failure);
  });
});

describe("the SIEM is not asked, and the verdict is undecided with the execution's reason, for an act that", () => {
  const silent = new Proxy({} as Siem, {
    get: (_siem, method) => {
      throw new Error(`the SIEM was asked: ${String(method)}`);
    },
  });
  const reason = { code: "a-code", message: "what happened" };

  test.each<[string, Partial<Execution>]>([
    ["did not run", { status: "not-run", startedAt: null, endedAt: null }],
    ["has no known end", { status: "indeterminate", endedAt: null }],
    ["failed on a target without controls", { status: "failed" }],
  ])("%s", async (_name, execution) => {
    const { verdicts, types } = await judged(acted({ ...execution, reason }), silent);
    expect(types).toEqual(["trial-verified"]);
    expect(verdicts).toMatchObject([
      { outcome: "undecided", met: false, cause: { link: "execution", detail: reason.message } },
    ]);
  });
});

describe("an act that failed on a target with controls", () => {
  const control = {
    id: "noexec",
    description: "",
    refuses: { errors: ["EACCES" as const], paths: ["/tmp/"] },
  };
  const failed: Partial<Execution> = {
    ...{ status: "failed", exitCode: 126 },
    reason: { code: "proof-not-met", message: "no proof" },
  };
  const expectations = [{ analytic: base64Rule.id, outcome: "undecided", execution: "prevented" }] as const;

  function refusal(trial: string, path: string): HostEvent[] {
    const begin = sentinel("begin", trial);
    const refused = exec([], { kind: "exec-refused", error: "EACCES", fields: { TargetFilename: path } });
    return [begin, refused, sentinel("end", trial)];
  }

  test("was prevented when one of them refused it, which is journalled before the verdicts", async () => {
    const trial = acted(failed, { controls: [control], expectations: [...expectations] });
    const { verdicts, types, entries } = await judged(trial, siemOf(refusal(trial.trial.id, "/tmp/x"), []));
    expect(types).toEqual(["trial-observed", "trial-checked", "trial-verified"]);
    expect(entries[1]).toMatchObject({
      execution: { status: "prevented", exitCode: 126, reason: { code: "control-refused" } },
    });
    expect(verdicts).toMatchObject([{ outcome: "undecided", met: true, cause: { link: "execution" } }]);
  });

  test("stays failed when what was refused is no control's", async () => {
    const trial = acted(failed, { controls: [control], expectations: [...expectations] });
    const { verdicts, types } = await judged(trial, siemOf(refusal(trial.trial.id, "/usr/bin/x"), []));
    expect(types).toEqual(["trial-observed", "trial-verified"]);
    expect(verdicts).toMatchObject([{ outcome: "undecided", met: false, cause: { detail: "no proof" } }]);
  });
});

describe("a SIEM that fails loses no verdict and ends no run:", () => {
  const fails = () => Promise.reject(new Error("401 Unauthorized"));

  /** The trial would be `detected`, and its twin a `false-alarm`, if the SIEM did not fail. */
  async function undecided(over: Partial<Siem>, detail: string, trial: Partial<Trial> = {}) {
    const acts = acted({}, trial);
    const { events, alerts } = firing(acts.trial.id);
    const { verdicts, types, observation } = await judged(acts, siemOf(events, alerts, over));
    expect(types).toEqual(["trial-observed", "trial-verified"]);
    expect(verdicts).toMatchObject([{ outcome: "undecided", met: false, cause: { link: "siem" } }]);
    expect(verdicts[0]?.cause?.detail).toContain(detail);
    expect(observationSchema.parse(observation)).toMatchObject({
      ...{ siem: "a list", state: "unreachable", stateDetail: expect.stringContaining(detail) },
      sensor: { lostBefore: 3, lostAfter: null },
    });
  }

  test.each(["clock", "canaries", "events", "alerts", "ruleStatuses", "background", "sensor"] as const)(
    "%s rejects",
    async (method) => {
      await undecided({ [method]: fails }, "401 Unauthorized");
    },
  );

  test("the wait for something new rejects", async () => {
    const canaries = () => complete([{ begin: null, end: null }]);
    await undecided({ canaries, changed: fails }, "401 Unauthorized");
  });

  test("a twin's silence is not proved by it either", async () => {
    const expectations = [{ analytic: base64Rule.id, outcome: "quiet", execution: "ran" }] as const;
    await undecided({ alerts: fails }, "401 Unauthorized", { twin: true, expectations: [...expectations] });
  });

  test("it throws at once, and something that is not an error", async () => {
    const thrown: unknown = "a text";
    const events = (): never => {
      throw thrown;
    };
    await undecided({ events }, "a text");
  });

  test("it gives up by itself, which is no interruption of ours", async () => {
    const timeout = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    await undecided({ sensor: () => Promise.reject(timeout) }, "aborted due to timeout");
  });

  test.each<[string, Partial<Siem>, string]>([
    ["nothing", { events: () => Promise.resolve(undefined as never) }, "undefined"],
    ["an event without its parts", { events: () => complete([{ id: "x" } as HostEvent]) }, ""],
    [
      "a count that is no whole number",
      { background: () => complete({ matches: 0.5, observedHours: 1, perDay: 0 }) },
      "interface: background.base64.matches",
    ],
    [
      "a count that is no number",
      { sensor: () => complete({ lost: Number.NaN, running: true, detail: "" }) },
      "interface: sensor.lostAfter",
    ],
  ])("it answers %s", async (_name, over, detail) => {
    await undecided(over, detail);
  });
});

test("a caller that gives up before the first answer has a verdict that waits for evidence", async () => {
  const stop = new AbortController();
  const reason = new Error("the run was interrupted");
  const siem = siemOf([], [], {
    delivery: shipped,
    clock: () => {
      stop.abort(reason);
      return new Promise(() => undefined);
    },
  });
  const entries: JournalEntry[] = [];
  const ports = { journal: (entry: JournalEntry) => Promise.resolve(entries.push(entry)) };
  const [verdict] = await judge(acted(), siem, rules, ports, { patience, signal: stop.signal });
  expect(verdict).toMatchObject({ outcome: "undecided", cause: { link: "siem" } });
  expect(verdict?.cause?.detail).toContain("the run was interrupted");
  expect(entries.map(({ type }) => type)).toEqual(["trial-observed", "trial-verified"]);
});
