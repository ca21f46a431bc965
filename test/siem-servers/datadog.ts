import { z } from "zod";
import { jsonBody, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldAlert, WorldDocument } from "./world.js";

export const APPLICATION_KEY = "application-key-1";

const TERM = String.raw`"(?:[^"\\]|\\.)*"`;
const TERMS = `${TERM}(?: OR ${TERM})*`;
const LOGS = new RegExp(
  String.raw`^\(source:laurel\) host:\((${TERMS})\)(?: \*:(${TERM}) \((\*:${TERM}(?: OR \*:${TERM})*)\))?$`,
);
const SIGNALS = new RegExp(
  String.raw`^(?:@workflow\.rule\.id:\((${TERMS})\))?(?: OR )?(?:host:\((${TERMS})\))?$`,
);
const page = z.strictObject({ limit: z.int().max(1_000), cursor: z.string().min(1).optional() });
const logsBody = z.strictObject({
  filter: z.strictObject({
    query: z.string(),
    indexes: z.array(z.literal(["*", "main"])),
    from: z.string().regex(/^\d+$/),
    to: z.string().regex(/^\d+$/),
  }),
  sort: z.literal("timestamp"),
  page,
});
const signalsBody = z.strictObject({
  filter: z.strictObject({ query: z.string(), from: z.iso.datetime(), to: z.iso.datetime() }),
  sort: z.literal("timestamp"),
  page,
});

/** The API of one site of Datadog. Its times bound from below and above, both inclusive. */
export class DatadogStandIn extends SiemStandIn {
  /** Said beside rows. */
  meta: Readonly<Record<string, unknown>> = { status: "done" };
  /** Over what every rule is. */
  over: Readonly<Record<string, unknown>> = {};
  /** Whether signals have the attribute `ID`, by which their rule groups. */
  groupsByEvent = true;
  /** Whether the logs were sent as text, not as JSON. */
  asText = false;

  constructor(readonly world: World) {
    super();
  }

  /** Datadog says 403 of a wrong key. */
  protected authorize({ headers }: SeenRequest): void {
    if (headers["dd-api-key"] !== this.token || headers["dd-application-key"] !== APPLICATION_KEY)
      throw new Refusal(403, "Forbidden");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const rule = /^\/api\/v2\/security_monitoring\/rules\/([^/]+)$/.exec(path)?.[1];
    if (method === "GET" && rule !== undefined) return this.#rule(rule);
    switch (`${method} ${path}`) {
      case "GET /api/v1/validate": {
        const date = new Date(Date.now() + this.world.clockOffsetMs).toUTCString();
        return { status: 200, body: { valid: true }, headers: { date } };
      }
      case "POST /api/v2/logs/events/search":
        return this.#logs(request);
      case "POST /api/v2/security_monitoring/signals/search":
        return this.#signals(request);
      default:
        throw new Refusal(404, "Not Found");
    }
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { errors: [message] } };
  }

  #logs(request: SeenRequest): Reply {
    const { filter, page } = jsonBody(request, logsBody);
    const parts = LOGS.exec(filter.query);
    if (parts === null) throw new Refusal(400, `Invalid query: ${filter.query}`);
    const [, hosts = "", word, trials = ""] = parts;
    const rows = this.world.documents
      .filter(
        ({ host, time, argv }) =>
          texts(hosts).includes(host) &&
          time >= Number(filter.from) &&
          time <= Number(filter.to) &&
          (word === undefined ||
            (argv.includes(texts(word)[0] ?? "") && texts(trials).some((trial) => argv.includes(trial)))),
      )
      .toSorted((one, other) => one.time - other.time)
      .map((document) => this.#log(document));
    return this.#page(rows, page);
  }

  /** Of a log that is JSON there are attributes and no text. */
  #log({ id, host, time, ingestedAt, text }: WorldDocument): unknown {
    const stamp = this.world.ingestTimes ? { ingested_at: new Date(ingestedAt - 5_000).toISOString() } : {};
    const record = this.asText
      ? { message: text, attributes: stamp }
      : { attributes: { ...(JSON.parse(text) as object), ...stamp } };
    const attributes = { host, timestamp: new Date(time).toISOString(), tags: [], ...record };
    return { id, type: "log", attributes };
  }

  #signals(request: SeenRequest): Reply {
    const { filter, page } = jsonBody(request, signalsBody);
    const [, rules = "", hosts = ""] = SIGNALS.exec(filter.query) ?? [];
    if (rules === "" && hosts === "") throw new Refusal(400, `Invalid query: ${filter.query}`);
    const rows = this.world.alerts
      .filter(
        ({ rule, createdAt, documents }) =>
          (texts(rules).includes(rule) || documents.some(({ host }) => texts(hosts).includes(host))) &&
          createdAt >= Date.parse(filter.from) &&
          createdAt <= Date.parse(filter.to),
      )
      .map((alert) => this.#signal(alert));
    return this.#page(rows, page);
  }

  #signal({ id, rule, createdAt, documents }: WorldAlert): unknown {
    const [document] = documents;
    const title = this.world.rules.find(({ name }) => name === rule)?.title ?? rule;
    const event = this.groupsByEvent
      ? { ID: (JSON.parse(document?.text ?? "{}") as { ID?: string }).ID }
      : {};
    return {
      id,
      type: "signal",
      attributes: {
        timestamp: new Date(createdAt).toISOString(),
        tags: [
          "source:laurel",
          "technique:T1059-command-and-scripting-interpreter",
          ...new Set(documents.map(({ host }) => `host:${host}`)),
        ],
        message: "echo",
        custom: { title, workflow: { rule: { id: rule, name: title } }, ...event },
      },
    };
  }

  #page(rows: readonly unknown[], { limit, cursor }: z.infer<typeof page>): Reply {
    const at = cursor === undefined ? 0 : Number(Buffer.from(cursor, "base64").toString());
    const next = at + limit;
    const after = next < rows.length ? { page: { after: Buffer.from(String(next)).toString("base64") } } : {};
    return { status: 200, body: { data: rows.slice(at, next), meta: { ...this.meta, ...after } } };
  }

  #rule(id: string): Reply {
    const rule = this.world.rules.find(({ name }) => name === decodeURIComponent(id));
    if (rule === undefined) return this.refusal(404, `Threat detection rule not found: ${id}`);
    const body = {
      id: rule.name,
      name: rule.title,
      type: "log_detection",
      isEnabled: rule.enabled,
      isDeleted: false,
      queries: [{ query: rule.query ?? "@CommandLine:*echo*", aggregation: "count" }],
      updatedAt: Date.now(),
      options: {
        detectionMethod: "threshold",
        evaluationWindow: 0,
        keepAlive: 0,
        maxSignalDuration: 0,
      },
      ...this.over,
    };
    return { status: 200, body };
  }
}

function texts(terms: string): string[] {
  return [...terms.matchAll(new RegExp(TERM, "g"))].map(([text]) => JSON.parse(text) as string);
}
