import { messageOf, TyrianError } from "../../errors.js";
import type { Connector } from "../connector/connector.js";
import type { ConnectorKindSettings } from "../connect.js";
import { duration } from "../../report/text.js";
import type { Answer, Siem } from "../siem.js";
import { type Newest, newestRecord, type RecordTimes, timesOf } from "./newest.js";
import { type Right, rights } from "./rights.js";

/** `wrong`: the SIEM says that something is not there. `failed`: it refused a question, or gave no answer. `untold`: its answer is not all. */
export type CheckState = "ok" | "warning" | "wrong" | "failed" | "untold";

/** One line of a check. */
export interface CheckLine {
  readonly what: string;
  readonly state: CheckState;
  readonly detail: string;
  /** Empty when nothing is to be done. */
  readonly todo: string;
}

/** Milliseconds that one question may take. */
const QUESTION_MS = 30_000;
/** Milliseconds by which the clocks may differ without anybody's being told. */
const CLOCK_MS = 2_000;
/** Milliseconds after which the newest record of a host is old: a lab's host runs something in that time. */
const FRESH_MS = 15 * 60_000;
/** No host has a name that begins so. */
const NOBODY = "-tyrian-asks-about-nobody-";

/** A served embedded SIEM, or a connector: what a check asks of it. */
export interface CheckedSiem {
  clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }>;
  newest(host: string, now: number, signal: AbortSignal): Promise<Newest>;
  /** Null where the SIEM has no rules of its own. */
  readonly asked: { readonly connector: Connector; readonly settings: ConnectorKindSettings } | null;
}

export function checkedConnector(connector: Connector, settings: ConnectorKindSettings): CheckedSiem {
  return {
    clock: (signal) => connector.clock(signal),
    newest: (host, now, signal) => {
      const ask: RecordTimes = async (span) =>
        timesOf(await connector.documents(span, signal), settings.telemetry.format);
      return newestRecord(ask, host, now);
    },
    asked: { connector, settings },
  };
}

/** An embedded SIEM that is served elsewhere: it evaluates the rules that it was started with, and nothing is bound. */
export function checkedServed(siem: Siem): CheckedSiem {
  return {
    clock: async () => whole(await siem.clock()),
    newest: (host, now) => {
      const ask: RecordTimes = async (span) => {
        const { state, detail, value } = await siem.events([span]);
        return { times: value.map(({ time }) => time), lacks: state === "complete" ? null : detail };
      };
      return newestRecord(ask, host, now);
    },
    asked: null,
  };
}

function whole<T>({ state, detail, value }: Answer<T>): T {
  if (state === "complete") return value;
  throw new TyrianError("siem-unreachable", detail);
}

/**
 * Asks a SIEM for everything that a run needs of it. Never throws for what the SIEM does.
 * @param hosts of the lab, by the names that the SIEM has for them; null when no lab was named
 */
export async function checkSiem(
  siem: CheckedSiem,
  hosts: readonly string[] | null,
  signal: AbortSignal,
): Promise<CheckLine[]> {
  const within = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)]);
  const asked = Date.now();
  let clock: Awaited<ReturnType<CheckedSiem["clock"]>>;
  try {
    clock = await siem.clock(within());
  } catch (thrown) {
    signal.throwIfAborted();
    return [failedLine("answers", thrown)];
  }
  const lines: CheckLine[] = [ok("answers", "it answers"), clockLine(clock, (asked + Date.now()) / 2)];
  if (siem.asked !== null) lines.push(...(await rightLines(siem.asked, clock.now, within)));
  signal.throwIfAborted();
  if (hosts === null)
    lines.push({
      what: "events",
      state: "warning",
      detail: "no lab was named",
      todo: "give --lab FILE to see whether the events of its hosts are there",
    });
  else for (const host of hosts) lines.push(await hostLine(siem, host, clock.now, within));
  signal.throwIfAborted();
  if (siem.asked !== null) lines.push(...(await ruleLines(siem.asked, clock.now, within)));
  signal.throwIfAborted();
  return lines;
}

function ok(what: string, detail: string): CheckLine {
  return { what, state: "ok", detail, todo: "" };
}

/** What a question met; a wrong answer, or none. */
export function failedLine(what: string, thrown: unknown, todo?: string): CheckLine {
  const hint = thrown instanceof TyrianError ? thrown.hint : "";
  return { what, state: "failed", detail: messageOf(thrown), todo: todo ?? hint };
}

function clockLine({ now, errorMs }: { now: number; errorMs: number }, ours: number): CheckLine {
  const offset = now - ours;
  const apart = Math.max(0, Math.abs(offset) - errorMs);
  const detail = `${duration(Math.abs(offset))} ${offset < 0 ? "behind" : "ahead of"} ours, ${duration(errorMs)} more or less`;
  if (apart <= CLOCK_MS) return ok("clock", detail);
  const todo = "have both set by NTP; a run measures the difference and allows for it";
  return { what: "clock", state: "warning", detail, todo };
}

async function rightLines(
  { connector, settings }: NonNullable<CheckedSiem["asked"]>,
  now: number,
  within: () => AbortSignal,
): Promise<CheckLine[]> {
  const span = { from: now, to: now };
  const [rule] = Object.values(settings.rules);
  const probes: [Right, () => Promise<unknown>][] = [
    ["telemetry", () => connector.documents({ host: NOBODY, ...span }, within())],
    ["alerts", () => connector.alerts({ rules: [], hosts: [NOBODY], ...span }, within())],
    ...(rule === undefined
      ? []
      : [["rules", () => connector.rule(rule, now, within())] as [Right, () => Promise<unknown>]]),
  ];
  const lines: CheckLine[] = [];
  for (const [right, probe] of probes) {
    const what = `reading ${right}`;
    lines.push(
      await probe().then(
        () => ok(what, "allowed"),
        (thrown: unknown) => {
          // With 401 it is the login that is wrong.
          const isRight =
            thrown instanceof TyrianError &&
            thrown.code === "siem-auth-failed" &&
            !thrown.message.includes("answered 401");
          return failedLine(
            what,
            thrown,
            isRight ? `give its account ${rights[settings.kind][right]}` : undefined,
          );
        },
      ),
    );
  }
  return lines;
}

async function hostLine(
  siem: CheckedSiem,
  host: string,
  now: number,
  within: () => AbortSignal,
): Promise<CheckLine> {
  const what = `events of ${host}`;
  try {
    const { at, others, lacks } = await siem.newest(host, now, within());
    const beside = others === 0 ? "" : `; ${others} documents there are no records of the sensor`;
    const unsure = lacks === null ? "" : `; ${lacks}`;
    if (at === null) {
      const detail = `none in the last 8 days${beside}${unsure}`;
      if (lacks !== null)
        return { what, state: "untold", detail, todo: "see what the SIEM says of its answer" };
      const todo =
        others === 0
          ? "does the sensor run, does its shipper reach the SIEM, and is this the name that the SIEM has for the host (sensor.host)?"
          : "is `telemetry` (format and the field of the text) what the shipper sends?";
      return { what, state: "wrong", detail, todo };
    }
    const age = now - at;
    const detail = `the newest is of ${new Date(at).toISOString()}, ${duration(Math.abs(age))} ${age < 0 ? "in the future" : "ago"}${unsure}`;
    if (age < -CLOCK_MS)
      return {
        what,
        state: "warning",
        detail,
        todo: "the host's clock is ahead of the SIEM's: have both set by NTP",
      };
    if (age <= FRESH_MS) return ok(what, detail);
    return {
      what,
      state: "warning",
      detail,
      todo: "run something on the host and ask again: does the shipper still send?",
    };
  } catch (thrown) {
    return failedLine(what, thrown);
  }
}

async function ruleLines(
  { connector, settings }: NonNullable<CheckedSiem["asked"]>,
  now: number,
  within: () => AbortSignal,
): Promise<CheckLine[]> {
  const bound = Object.entries(settings.rules);
  if (bound.length === 0) {
    const todo =
      settings.onDemand === undefined
        ? "bind analytics to its rules (docs/bindings.md), or install one with `tyrian rule push`"
        : "";
    return [{ what: "rules", state: todo === "" ? "ok" : "warning", detail: "no rule is bound", todo }];
  }
  const lines: CheckLine[] = [];
  for (const [analytic, rule] of bound) lines.push(await ruleLine(connector, analytic, rule, now, within()));
  return lines;
}

async function ruleLine(
  connector: Connector,
  analytic: string,
  rule: string,
  now: number,
  signal: AbortSignal,
): Promise<CheckLine> {
  const what = `rule ${rule}`;
  try {
    // Evaluations of the last day, to tell when it ran.
    const { present, enabled, schedule, lacks } = await connector.rule(rule, now - 86_400_000, signal);
    if (!present)
      return lacks === null
        ? {
            what,
            state: "wrong",
            detail: `there is none, for ${analytic}`,
            todo: "bind another, or `tyrian rule push` it",
          }
        : { what, state: "untold", detail: lacks, todo: "what is not told proves nothing: `undecided`" };
    if (!enabled) return { what, state: "wrong", detail: "switched off", todo: "switch it on in the SIEM" };
    const ends = schedule.type === "scheduled" ? schedule.evaluations.map((each) => each.completedAt) : [];
    const last = ends.length === 0 ? null : Math.max(...ends);
    const ran =
      schedule.type === "streaming"
        ? "on, and sees each event as it comes or tells no schedule"
        : last === null
          ? "on; no run of the last day is told"
          : `on; last run ${duration(Math.max(0, now - last))} ago`;
    if (lacks !== null)
      return {
        what,
        state: "warning",
        detail: `${ran}; ${lacks}`,
        todo: "its silence proves nothing: `undecided`",
      };
    if (schedule.type === "scheduled" && last === null)
      return {
        what,
        state: "warning",
        detail: ran,
        todo: "wait for a run, and see whether the SIEM keeps its history",
      };
    return ok(what, ran);
  } catch (thrown) {
    return failedLine(what, thrown);
  }
}
