import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";
import { QuestionBudget, type Time } from "./budget.js";
import type { AlertQuery, Answer, Canary, SensorState, Siem, TrialOnHost } from "./siem.js";

/** Milliseconds that the background of a rule on a host is taken as known. */
const BACKGROUND_MS = 10 * 60_000;
/** Milliseconds that the difference of the clocks is taken as known. */
const CLOCK_MS = 60_000;
/** Milliseconds between two spans of a host that are still asked about as one. */
const NEAR_MS = 5 * 60_000;

/** One waiting question and what becomes of it. */
interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: Answer<A>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Questions of one kind that are answered together. */
class Batch<Q, A> {
  readonly #answer: (questions: readonly Q[]) => readonly Promise<Answer<A>>[];
  readonly #budget: QuestionBudget;
  #waiting: Waiting<Q, A>[] = [];

  /** @param answer one answer a question, in order; asks the SIEM as seldom as it can */
  constructor(budget: QuestionBudget, answer: (questions: readonly Q[]) => readonly Promise<Answer<A>>[]) {
    this.#budget = budget;
    this.#answer = answer;
  }

  ask(question: Q): Promise<Answer<A>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#waiting.length === 1) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const late = await this.#budget.gathered().catch((error: unknown) => ({ error }));
    const waiting = this.#waiting;
    this.#waiting = [];
    const answers = late === undefined ? this.#answer(waiting.map(({ question }) => question)) : [];
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const answer = answers[index];
      if (answer === undefined) reject(late?.error ?? new Error("a question was left without an answer"));
      else answer.then(resolve, reject);
    }
  }
}

type Asker = <A>(question: () => Promise<Answer<A>>) => Promise<Answer<A>>;

/**
 * A SIEM that many verifications ask at once: questions that wait for their turn are put as one, and no more are put than it
 * may be asked in a minute. The sentinels of all trials are one question, as are the alerts of all their rules and hosts.
 */
export function shareQuestions(siem: Siem, time: Time): Siem & { readonly asked: number } {
  const budget = new QuestionBudget(siem.questionsPerMinute, time);
  const put: Asker = (question) => budget.put(question);
  const canaries = new Batch<TrialOnHost, Canary>(budget, (asked) => {
    const answer = put(() => siem.canaries(asked));
    return asked.map(async (_, index) => ofOne(await answer, index));
  });
  const alerts = new Batch<AlertQuery, Alert[]>(budget, (queries) => sharedAlerts(siem, put, queries));
  const events = new Batch<EventQuery, HostEvent[]>(budget, (queries) => sharedEvents(siem, put, queries));
  const statuses = new Batch<{ rule: string; since: number }, RuleStatus>(budget, (asked) =>
    byKey(
      asked,
      ({ rule }) => rule,
      (same) => put(() => siem.ruleStatus(same[0].rule, Math.min(...same.map(({ since }) => since)))),
    ),
  );
  const sensors = new Batch<{ host: string; since: number }, SensorState>(budget, (asked) =>
    byKey(
      asked,
      ({ host }) => host,
      (same) => put(() => siem.sensor(same[0].host, Math.max(...same.map(({ since }) => since)))),
    ),
  );
  const clock = sharedClock(siem, put, time);
  const backgrounds = new Map<string, { at: number; answer: Promise<Answer<Background>> }>();
  return {
    name: siem.name,
    delivery: siem.delivery,
    questionsPerMinute: siem.questionsPerMinute,
    get asked() {
      return budget.spent;
    },
    clock,
    canaries: async (asked) => {
      const answers = await Promise.all(asked.map((one) => canaries.ask(one)));
      const worst = answers.find(({ state }) => state !== "complete") ?? answers[0];
      return {
        state: worst?.state ?? "complete",
        detail: worst?.detail ?? "",
        value: answers.map(({ value }) => value),
      };
    },
    events: (host, from, to) => events.ask({ host, from, to }),
    alerts: (query) => alerts.ask(query),
    ruleStatus: (rule, since) => statuses.ask({ rule, since }),
    background: (rule, host) => {
      const key = `${rule}\n${host}`;
      const known = backgrounds.get(key);
      if (known !== undefined && time.now() - known.at < BACKGROUND_MS) return known.answer;
      const answer = put(() => siem.background(rule, host));
      backgrounds.set(key, { at: time.now(), answer });
      const forget = (): void => void backgrounds.delete(key);
      answer.then(({ state }) => (state === "complete" ? undefined : forget()), forget);
      return answer;
    },
    sensor: (host, since) => sensors.ask({ host, since }),
    changed: (host, ms, signal) => siem.changed(host, ms, signal),
    close: () => siem.close(),
  };
}

interface EventQuery {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

function ofOne({ state, detail, value }: Answer<Canary[]>, index: number): Answer<Canary> {
  const canary = value[index];
  if (canary !== undefined) return { state, detail, value: canary };
  const unanswered = { begin: null, end: null };
  return { state: "partial", detail: "a question was left unanswered", value: unanswered };
}

/** The clock is asked for once in a while; between two answers it goes as ours does. */
function sharedClock(siem: Siem, put: Asker, time: Time): Siem["clock"] {
  const ask = async () => {
    const answer = await put(() => siem.clock());
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

/** One question for those that share a key; all of them get its answer. */
function byKey<Q, A>(
  asked: readonly Q[],
  keyOf: (question: Q) => string,
  put: (same: readonly [Q, ...Q[]]) => Promise<Answer<A>>,
): Promise<Answer<A>>[] {
  const groups = new Map<string, [Q, ...Q[]]>();
  for (const question of asked) {
    const group = groups.get(keyOf(question));
    if (group === undefined) groups.set(keyOf(question), [question]);
    else group.push(question);
  }
  const answers = new Map([...groups].map(([key, same]) => [key, put(same)]));
  return asked.map((question) => answers.get(keyOf(question)) as Promise<Answer<A>>);
}

function sharedAlerts(siem: Siem, put: Asker, queries: readonly AlertQuery[]): Promise<Answer<Alert[]>>[] {
  const answer = put(() =>
    siem.alerts({
      rules: [...new Set(queries.flatMap(({ rules }) => rules))],
      hosts: [...new Set(queries.flatMap(({ hosts }) => hosts))],
      from: Math.min(...queries.map(({ from }) => from)),
      to: Math.max(...queries.map(({ to }) => to)),
    }),
  );
  return queries.map(async (query) => {
    const { value, ...state } = await answer;
    return { ...state, value: value.filter((alert) => isWanted(alert, query)) };
  });
}

function isWanted(alert: Alert, { rules, hosts, from, to }: AlertQuery): boolean {
  const named = rules.includes(alert.rule) || (alert.host !== null && hosts.includes(alert.host));
  // An alert that grew is wanted when any part of its life lies in the span.
  return named && alert.updatedAt >= from && alert.createdAt <= to;
}

/** One question for each run of spans of a host that lie near each other: a few events too many cost less than a question. */
function sharedEvents(
  siem: Siem,
  put: Asker,
  queries: readonly EventQuery[],
): Promise<Answer<HostEvent[]>>[] {
  const sorted = queries.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.from - b.from));
  const spans: { host: string; from: number; to: number }[] = [];
  for (const { host, from, to } of sorted) {
    const last = spans.at(-1);
    if (last?.host === host && from <= last.to + NEAR_MS) last.to = Math.max(last.to, to);
    else spans.push({ host, from, to });
  }
  const answers = spans.map((span) => put(() => siem.events(span.host, span.from, span.to)));
  return queries.map(async ({ host, from, to }) => {
    const index = spans.findIndex((span) => span.host === host && span.from <= from && span.to >= to);
    const { value, ...state } = await (answers[index] as Promise<Answer<HostEvent[]>>);
    return { ...state, value: value.filter(({ time }) => time >= from && time <= to) };
  });
}
