import type { HttpApp, HttpContext, HttpIntake } from "../../telemetry/receivers/http.js";
import { BodyError } from "../../telemetry/receivers/http-body.js";
import type { Delivery } from "../../model/observation.js";
import type { EmbeddedSiem } from "../embedded/index.js";
import { API, type AnswerTo, type Asked, type Question, questions } from "./protocol.js";

type Handlers = { readonly [Q in Question]: (asked: Asked<Q>, signal: AbortSignal) => Promise<AnswerTo<Q>> };

/** What is told of the SIEM beside its answers. */
export interface Served {
  readonly delivery: Delivery["type"];
  status(): unknown;
  /** Of the texts of its rules, by id. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

/**
 * The API by which runs on other machines ask a SIEM: the questions of the port, and `GET /status`. Every request carries a
 * token of the API (`Authorization: Bearer`). Nothing can be changed through it.
 */
export function siemApi(siem: EmbeddedSiem, served: Served, intake: HttpIntake): HttpApp {
  const app = intake.app();
  const handlers = handlersOf(siem, served);
  app.use(async (context, next) => {
    if (intake.credentials.ofHeader(context.req.header("authorization"), ["bearer"]) === null) {
      context.header("WWW-Authenticate", "Bearer");
      return failed(context, 401, "unauthorized", "no token of the API, or a wrong one");
    }
    await next();
    return undefined;
  });
  app.get("/status", (context) => context.json(served.status()));
  app.post(`${API}/:question`, async (context) => {
    const question = context.req.param("question");
    if (!isQuestion(question))
      return failed(context, 404, "unknown-question", `there is no question ${question}`);
    return await intake.bodies.with(context.env.incoming, (body) =>
      answer(context, handlers, question, body.toString("utf8")),
    );
  });
  app.notFound((context) => failed(context, 404, "unknown-path", `only ${API} and /status are served`));
  app.onError((error, context) =>
    error instanceof BodyError
      ? failed(context, 400, "body-unreadable", `the body cannot be read: ${error.problem}`)
      : failed(context, 500, "internal", "the question could not be answered"),
  );
  return app;
}

function isQuestion(name: string): name is Question {
  return Object.hasOwn(questions, name);
}

async function answer<Q extends Question>(
  context: HttpContext,
  handlers: Handlers,
  question: Q,
  body: string,
): Promise<Response> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return failed(context, 400, "body-not-json", "the body is no JSON");
  }
  const asked = questions[question].asked.safeParse(value);
  if (!asked.success) {
    const [issue] = asked.error.issues;
    const where = issue?.path.map(String).join(".") ?? "";
    return failed(context, 400, "question-invalid", `${question}: ${where} ${issue?.message ?? ""}`);
  }
  const signal = context.req.raw.signal;
  return context.json(await handlers[question](asked.data as Asked<Q>, signal));
}

function handlersOf(siem: EmbeddedSiem, served: Served): Handlers {
  return {
    delivery: () => Promise.resolve({ type: served.delivery }),
    rules: () => Promise.resolve({ fingerprints: { ...served.fingerprints } }),
    clock: () => siem.clock(),
    canaries: ({ trials }) => siem.canaries(trials),
    events: ({ spans }) => siem.events(spans),
    "other-records": ({ spans }) => siem.otherRecords(spans),
    alerts: (query) => siem.alerts(query),
    "rule-statuses": ({ rules }) => siem.ruleStatuses(rules),
    background: ({ rule, host }) => siem.background(rule, host),
    sensor: ({ host, since }) => siem.sensor(host, since),
    changed: async ({ host, ms }, signal) => {
      const began = performance.now();
      await siem.changed(host, ms, signal);
      return { arrived: performance.now() - began < ms };
    },
  };
}

function failed(
  context: HttpContext,
  status: 400 | 401 | 404 | 500,
  code: string,
  message: string,
): Response {
  return context.json({ error: { code, message } }, status);
}
