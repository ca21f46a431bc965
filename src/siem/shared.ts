import type { Alert } from "../model/alert.js";
import type { HostEvent } from "../model/event.js";
import type { RuleStatus } from "../model/observation.js";
import type { Background } from "../model/verdict.js";
import { QuestionBudget, type Time } from "./budget.js";
import type { AlertQuery, Answer, Canary, SensorState, Siem, TrialOnHost } from "./siem.js";

/** Milliseconds that the background of a rule on a host is taken as known. */
const BACKGROUND_MS = 10 * 60_000;

/** One waiting question and what becomes of it. */
interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: Answer<A>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Questions of one kind that are answered together. */
class Batch<Q, A> {
  readonly #answer: (questions: readonly Q[]) => Promise<readonly Answer<A>[]>;
  readonly #budget: QuestionBudget;
  #waiting: Waiting<Q, A>[] = [];

  /** @param answer one answer a question, in order; asks the SIEM as seldom as it can */
  constructor(budget: QuestionBudget, answer: (questions: readonly Q[]) => Promise<readonly Answer<A>[]>) {
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
    await this.#budget.gathered();
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const answers = await this.#answer(waiting.map(({ question }) => question));
      waiting.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error("a question was left without an answer"));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
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
  const canaries = new Batch<TrialOnHost, Canary>(budget, async (asked) => {
    const answer = await put(() => siem.canaries(asked));
    return asked.map((_, index) => ({ ...answer, value: answer.value[index] ?? { begin: null, end: null } }));
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
  const clocks = new Batch<null, { now: number; errorMs: number }>(budget, (asked) =>
    byKey(
      asked,
      () => "",
      () => put(() => siem.clock()),
    ),
  );
  const backgrounds = new Map<string, { at: number; answer: Promise<Answer<Background>> }>();
  return {
    name: siem.name,
    delivery: siem.delivery,
    questionsPerMinute: siem.questionsPerMinute,
    get asked() {
      return budget.spent;
    },
    clock: () => clocks.ask(null),
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

/** One question for those that share a key; all of them get its answer. */
async function byKey<Q, A>(
  asked: readonly Q[],
  keyOf: (question: Q) => string,
  put: (same: readonly [Q, ...Q[]]) => Promise<Answer<A>>,
): Promise<Answer<A>[]> {
  const groups = new Map<string, [Q, ...Q[]]>();
  for (const question of asked) {
    const group = groups.get(keyOf(question));
    if (group === undefined) groups.set(keyOf(question), [question]);
    else group.push(question);
  }
  const answers = new Map(
    await Promise.all([...groups].map(async ([key, same]) => [key, await put(same)] as const)),
  );
  return asked.map((question) => answers.get(keyOf(question)) as Answer<A>);
}

async function sharedAlerts(
  siem: Siem,
  put: Asker,
  queries: readonly AlertQuery[],
): Promise<Answer<Alert[]>[]> {
  const answer = await put(() =>
    siem.alerts({
      rules: [...new Set(queries.flatMap(({ rules }) => rules))],
      hosts: [...new Set(queries.flatMap(({ hosts }) => hosts))],
      from: Math.min(...queries.map(({ from }) => from)),
      to: Math.max(...queries.map(({ to }) => to)),
    }),
  );
  return queries.map((query) => ({
    ...answer,
    value: answer.value.filter((alert) => isWanted(alert, query)),
  }));
}

function isWanted(alert: Alert, { rules, hosts, from, to }: AlertQuery): boolean {
  const named = rules.includes(alert.rule) || (alert.host !== null && hosts.includes(alert.host));
  // An alert that grew is wanted when any part of its life lies in the span.
  return named && alert.updatedAt >= from && alert.createdAt <= to;
}

/** One question for each run of spans of a host that touch. */
async function sharedEvents(
  siem: Siem,
  put: Asker,
  queries: readonly EventQuery[],
): Promise<Answer<HostEvent[]>[]> {
  const sorted = queries.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.from - b.from));
  const spans: { host: string; from: number; to: number }[] = [];
  for (const { host, from, to } of sorted) {
    const last = spans.at(-1);
    if (last?.host === host && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ host, from, to });
  }
  const answers = await Promise.all(
    spans.map((span) => put(() => siem.events(span.host, span.from, span.to))),
  );
  return queries.map(({ host, from, to }) => {
    const index = spans.findIndex((span) => span.host === host && span.from <= from && span.to >= to);
    const answer = answers[index];
    if (answer === undefined) throw new Error("a span was left without an answer");
    return { ...answer, value: answer.value.filter(({ time }) => time >= from && time <= to) };
  });
}
