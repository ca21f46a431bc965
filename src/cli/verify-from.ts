import { join } from "node:path";
import { type ExitStatus, TyrianError } from "../errors.js";
import { judge } from "../engine/judge.js";
import { exitStatus } from "../journal/exit-status.js";
import { foldRun, nextRun } from "../journal/fold.js";
import { Journal } from "../journal/journal.js";
import { toResults, unseenExecution } from "../journal/results.js";
import type { Execution } from "../model/execution.js";
import type { JournalEvent } from "../model/journal-event.js";
import type { Expectation } from "../model/playbook.js";
import type { Plan, Trial } from "../model/trial.js";
import { loadAnalytics } from "../plan/analytics.js";
import { type ExpectedExecution, planOfExecutions } from "../plan/executions/plan.js";
import { invalidExecutions } from "../plan/executions/log.js";
import { readExecutions } from "../plan/executions/read.js";
import type { RecordedExecution } from "../plan/executions/schema.js";
import { newRunId } from "../plan/identity.js";
import { readText } from "../playbook/read-text.js";
import { plain } from "../report/text.js";
import type { Siem } from "../siem/siem.js";
import { defaultPatience } from "../verify/observe.js";
import { SentinelLag } from "../verify/sentinel-lag.js";
import { VERSION } from "../version.js";
import { loadCatalogue } from "./catalogue.js";
import { connectChosen } from "./compose.js";
import type { Invocation } from "./invocation.js";
import { DEFAULT_RUNS_FOLDER } from "./places.js";
import { writeResults } from "./run-session.js";
import { type ChosenSiem, chooseSiem, unboundNote } from "./siem-choice.js";

interface Options {
  readonly from: string;
  readonly siem?: string;
  /** Paths from here. */
  readonly analytic: readonly string[];
  readonly out: string;
  readonly json?: true;
}

/** Verdicts on what others executed. A run's folder is made of it, so that every view of a run is one of it too. */
export async function verifyFrom(options: Options, invocation: Invocation): Promise<ExitStatus> {
  const { output } = invocation;
  const siem = await chooseSiem(options.siem ?? "embedded");
  if (siem.settings === null || siem.settings.kind === "tyrian")
    throw new TyrianError(
      "usage",
      "--from needs --siem NAME: an embedded SIEM has what Tyrian executed only",
    );
  const run = newRunId(new Date());
  const { plan, rules, left } = await planFrom(options, run, siem);
  for (const each of left) output.warn(`not judged: ${plain(each)}`);
  const unbound = await unboundNote(siem, plan);
  if (unbound !== null) output.warn(unbound);

  const folder = join(options.out, run);
  const journal = await Journal.create(folder, run);
  let state = foldRun([]);
  const unsubscribe = journal.subscribe((event: JournalEvent) => {
    state = nextRun(state, event);
  });
  try {
    const title = `executions of others: ${options.from}`;
    await journal.append(
      { type: "run-started", version: VERSION, title, pid: process.pid, plan },
      { barrier: true },
    );
    const asked = await connectChosen(siem, plan.analytics, rules);
    try {
      await judgeAll(plan, asked, rules, journal, invocation.signal);
    } finally {
      await asked.close();
    }
    const reason = invocation.signal.aborted ? "interrupted" : "completed";
    await journal.append({ type: "run-ended", reason }, { barrier: true });
  } catch (error) {
    await journal.append({ type: "run-ended", reason: "failed" }, { barrier: true }).catch(() => undefined);
    throw error;
  } finally {
    unsubscribe();
    await journal.close();
    await writeResults(folder, state);
  }
  const results = toResults(state);
  if (options.json === true) output.json(results);
  else {
    const { renderSummary } = await import("../report/summary.js");
    const { width, color } = output.stdout;
    const reference = options.out === DEFAULT_RUNS_FOLDER ? run : folder;
    output.data(renderSummary(state, { width, color, folder, reference }));
  }
  return exitStatus(results, { strict: false });
}

interface Judgeable {
  readonly plan: Plan;
  readonly rules: Awaited<ReturnType<typeof loadAnalytics>>["rules"];
  /** What of the file is not judged, and why. */
  readonly left: readonly string[];
}

/** Everything that is wrong with the input is told before the SIEM is asked. */
async function planFrom(options: Options, run: string, siem: ChosenSiem): Promise<Judgeable> {
  const { from: file } = options;
  const read = await readText(file);
  if (read.diagnostic !== null) {
    const { code, message } = read.diagnostic;
    if (code !== "file-unreadable") throw invalidExecutions(file, [read.diagnostic]);
    throw new TyrianError("file-unreadable", message, { diagnostics: [read.diagnostic] });
  }
  const log = readExecutions(read.text, file);
  const { playbooks } = await loadCatalogue([]);
  const given = options.analytic.map((analytic) => ({
    analytic,
    outcome: "detected" as const,
    execution: "ran" as const,
  }));
  /** What is expected of an execution, and the file from which its paths are read; null when nothing is. */
  const expectedOf = ({ expect, guid }: RecordedExecution) => {
    if (expect !== undefined)
      return { file, expect: expect.map((each) => ({ ...each, execution: "ran" as const })) };
    for (const playbook of guid === undefined ? [] : playbooks) {
      const procedure = playbook.procedures.find((each) => each.guid.toLowerCase() === guid?.toLowerCase());
      if (procedure !== undefined) return { file: playbook.file, expect: procedure.expect };
    }
    // Of the command line, and so from where it was typed.
    return given.length === 0 ? null : { file: join(process.cwd(), "command-line"), expect: given };
  };
  const expected = log.executions.map((execution) => ({ execution, wanted: expectedOf(execution) }));
  const analytics = await loadAnalytics(
    expected.flatMap(({ wanted }) =>
      wanted === null ? [] : [{ file: wanted.file, procedures: [{ expect: wanted.expect }] }],
    ),
  );
  const errors = analytics.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    throw new TyrianError("analytic-invalid", "the analytics have errors; nothing was asked", {
      diagnostics: errors,
    });
  const executions = expected.flatMap(({ execution, wanted }): ExpectedExecution[] => {
    if (wanted === null) return [];
    const expectations = wanted.expect.map((each): Expectation => {
      const id = analytics.idOf(wanted, each.analytic);
      if (id === null) throw new Error(`the analytic ${each.analytic} has no id and no error`);
      return { ...each, analytic: id };
    });
    return [{ execution, expectations }];
  });
  const left = [
    ...log.refused,
    ...expected.flatMap(({ execution: { name, command, host }, wanted }) =>
      wanted === null
        ? [`${name ?? command ?? "a process"} on ${host}: nothing says which analytic is expected`]
        : [],
    ),
  ];
  if (executions.length === 0)
    throw new TyrianError(
      "selection-empty",
      `of ${file} nothing can be judged: ${left.slice(0, 3).join("; ")}`,
      {
        hint: "Name the analytics: --analytic FILE, or `expect` in the file (docs/verify-from.md).",
      },
    );
  const request = { run, recorder: log.recorder, siem: siem.name, analytics, executions };
  return {
    plan: planOfExecutions({ ...request, acceptedMisses: siem.acceptedMisses }),
    rules: analytics.rules,
    left,
  };
}

/** Who waits for others' executions does so for what may still arrive, and not for an old one that is not there. */
const patience = { ...defaultPatience, longestPauseMs: 5_000 };

async function judgeAll(
  plan: Plan,
  siem: Siem,
  rules: Judgeable["rules"],
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const lag = new SentinelLag();
  const ports = { journal: journal.append.bind(journal) };
  await Promise.all(
    plan.trials.map(async (trial) => {
      const execution = executionOf(trial);
      await journal.append({ type: "trial-executed", trial: trial.id, execution }, { barrier: false });
      await journal.append({ type: "trial-checked", trial: trial.id, execution }, { barrier: false });
      const cleanup = { status: "clean" as const, detail: "", attempts: 0 };
      const acted = { trial, execution, cleanup, lostBefore: null };
      await judge(acted, siem, rules, ports, { patience, lag, signal });
    }),
  );
}

/** The execution as its recorder tells it. */
function executionOf({ recorded }: Trial): Execution {
  if (recorded === undefined) throw new Error("only recorded executions are judged so");
  const { startedAt, endedAt } = recorded;
  return {
    ...unseenExecution("ran", { code: "", message: "" }),
    reason: null,
    startedAt,
    endedAt,
    durationMs: endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt),
  };
}
