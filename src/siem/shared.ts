import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";
import { QuestionBudget, type Time } from "./budget.js";
import { QuestionLines } from "./lines.js";
import type { AlertQuery, Answer, Canary, HostSpan, Siem, TrialOnHost } from "./siem.js";

/** Milliseconds that the background of a rule on a host is taken as known. */
const BACKGROUND_MS = 10 * 60_000;
/** Milliseconds that the difference of the clocks is taken as known. */
const CLOCK_MS = 60_000;
/** Milliseconds between two spans of a host that are still asked about as one: a few events too many cost less than a question. */
const NEAR_MS = 5 * 60_000;

/**
 * A SIEM that many verifications ask at once: questions that wait for their turn are put as one, and no more are put than
 * it may be asked in a minute, so that one may wait for its turn. The sentinels of all trials are one question, as are the
 * alerts of all their rules and hosts, their events, and what the SIEM has of their rules.
 */
export function shareQuestions(siem: Siem, time: Time): Siem & { readonly asked: number } {
  const budget = new QuestionBudget(siem.questionsPerMinute, time);
  const lines = new QuestionLines(budget, siem.questionsPerMinute !== null);
  return {
    name: siem.name,
    delivery: siem.delivery,
    questionsPerMinute: siem.questionsPerMinute,
    get asked() {
      return budget.spent;
    },
    clock: sharedClock(siem, lines, time),
    canaries: async (asked) =>
      together(asked.map((one) => lines.ask("canaries", "", one, (trials) => putCanaries(siem, trials)))),
    events: async (spans) => {
      const answers = spans.map((one) => lines.ask("events", "", one, (asked) => putEvents(siem, asked)));
      const { value, ...rest } = await together(answers);
      return { ...rest, value: value.flat() };
    },
    alerts: (query) => lines.ask("alerts", "", query, (queries) => putAlerts(siem, queries)),
    ruleStatuses: (rules, since) =>
      lines.ask("statuses", "", { rules, since }, (questions) => putStatuses(siem, questions)),
    background: sharedBackground(siem, lines, time),
    sensor: (host, since) =>
      lines.ask("sensor", host, since, async (moments) =>
        toAll(moments, await siem.sensor(host, Math.max(...moments))),
      ),
    changed: (host, ms, signal) => siem.changed(host, ms, signal),
    close: () => siem.close(),
  };
}

/** Answers to parts of a question, as whole as the first that is not. */
async function together<A>(parts: readonly Promise<Answer<A>>[]): Promise<Answer<A[]>> {
  const answers = await Promise.all(parts);
  const worst = answers.find(({ state }) => state !== "complete");
  return {
    state: worst?.state ?? "complete",
    detail: worst?.detail ?? "",
    value: answers.map(({ value }) => value),
  };
}

function toAll<A>(questions: readonly unknown[], answer: Answer<A>): Answer<A>[] {
  return questions.map(() => answer);
}

async function putCanaries(siem: Siem, trials: readonly TrialOnHost[]): Promise<Answer<Canary>[]> {
  const { state, detail, value } = await siem.canaries(trials);
  return trials.map((_, index) => {
    const canary = value[index];
    if (canary !== undefined) return { state, detail, value: canary };
    const unanswered = { begin: null, end: null };
    return { state: "partial", detail: "a question was left unanswered", value: unanswered };
  });
}

async function putStatuses(
  siem: Siem,
  questions: readonly { readonly rules: readonly string[]; readonly since: number }[],
): Promise<Answer<RuleStatus[]>[]> {
  const rules = [...new Set(questions.flatMap((question) => question.rules))];
  const { state, detail, value } = await siem.ruleStatuses(
    rules,
    Math.min(...questions.map(({ since }) => since)),
  );
  const statuses = new Map(value.map((status) => [status.rule, status]));
  return questions.map((question) => {
    const found = question.rules.flatMap((rule) => statuses.get(rule) ?? []);
    if (state !== "complete" || found.length === question.rules.length)
      return { state, detail, value: found };
    return { state: "partial", detail: "the SIEM said nothing of a rule", value: found };
  });
}

async function putAlerts(siem: Siem, queries: readonly AlertQuery[]): Promise<Answer<Alert[]>[]> {
  const { value, ...rest } = await siem.alerts({
    rules: [...new Set(queries.flatMap(({ rules }) => rules))],
    hosts: [...new Set(queries.flatMap(({ hosts }) => hosts))],
    from: Math.min(...queries.map(({ from }) => from)),
    to: Math.max(...queries.map(({ to }) => to)),
  });
  return queries.map((query) => ({ ...rest, value: value.filter((alert) => isWanted(alert, query)) }));
}

function isWanted(alert: Alert, { rules, hosts, from, to }: AlertQuery): boolean {
  const named = rules.includes(alert.rule) || (alert.host !== null && hosts.includes(alert.host));
  // An alert that grew is wanted when any part of its life lies in the span.
  return named && alert.updatedAt >= from && alert.createdAt <= to;
}

/** Spans of a host that lie near each other are asked about as one. */
async function putEvents(siem: Siem, spans: readonly HostSpan[]): Promise<Answer<HostEvent[]>[]> {
  const hulls: { host: string; from: number; to: number }[] = [];
  for (const span of spans.toSorted((one, other) => one.from - other.from)) {
    const near = hulls.find(({ host, to }) => host === span.host && span.from <= to + NEAR_MS);
    if (near === undefined) hulls.push({ ...span });
    else near.to = Math.max(near.to, span.to);
  }
  const { value, ...rest } = await siem.events(hulls);
  return spans.map(({ host, from, to }) => ({
    ...rest,
    value: value.filter((event) => event.host === host && event.time >= from && event.time <= to),
  }));
}

/** The background is asked for once in a while, unless the answer was not whole. */
function sharedBackground(siem: Siem, lines: QuestionLines, time: Time): Siem["background"] {
  const answers = new Map<string, { at: number; answer: Promise<Answer<Background>> }>();
  return (rule, host) => {
    const key = `${rule}\n${host}`;
    const known = answers.get(key);
    if (known !== undefined && time.now() - known.at < BACKGROUND_MS) return known.answer;
    const answer = lines.ask("background", key, null, async (questions) =>
      toAll(questions, await siem.background(rule, host)),
    );
    answers.set(key, { at: time.now(), answer });
    const forget = (): void => void answers.delete(key);
    answer.then(({ state }) => (state === "complete" ? undefined : forget()), forget);
    return answer;
  };
}

/** The clock is asked for once in a while; between two answers it goes as ours does. */
function sharedClock(siem: Siem, lines: QuestionLines, time: Time): Siem["clock"] {
  const ask = async () => {
    const answer = await lines.ask("clock", "", null, async (questions) =>
      toAll(questions, await siem.clock()),
    );
    return { answer, ours: time.now() };
  };
  let known: { at: number; asked: ReturnType<typeof ask> } | null = null;
  return async () => {
    if (known === null || time.now() - known.at >= CLOCK_MS) known = { at: time.now(), asked: ask() };
    const current = known;
    try {
      const { answer, ours } = await current.asked;
      if (answer.state !== "complete" && known === current) known = null;
      return { ...answer, value: { ...answer.value, now: answer.value.now + time.now() - ours } };
    } catch (error) {
      if (known === current) known = null;
      throw error;
    }
  };
}
