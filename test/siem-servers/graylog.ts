import { z } from "zod";
import { graylogDefinitions } from "./installed/graylog.js";
import { answers } from "./query-dsl.js";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldAlert, WorldDocument } from "./world.js";

const timerangeSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("absolute"), from: z.iso.datetime(), to: z.iso.datetime() }),
  z.strictObject({ type: z.literal("relative"), range: z.int() }),
]);
const searchSchema = z.strictObject({
  query: z.string(),
  streams: z.array(z.string()),
  timerange: timerangeSchema,
  sort: z.literal("timestamp"),
  sort_order: z.literal("asc"),
  from: z.literal(0),
  size: z.int().max(10_000, "Result window is too large"),
  fields: z.array(z.string()),
});
const eventsSchema = z.strictObject({
  query: z.literal(""),
  page: z.int().min(1),
  per_page: z.int(),
  timerange: timerangeSchema,
  filter: z.strictObject({
    alerts: z.enum(["include", "exclude", "only"]),
    event_definitions: z.array(z.string()),
  }),
  sort_by: z.literal("timestamp"),
  sort_direction: z.literal("asc"),
});
const INDEX = "graylog_0";

/** Graylog 6. Its event definitions make one event of each message, or count them. */
export class GraylogStandIn extends SiemStandIn {
  /** The definition counts messages of a host. */
  counts = false;
  /** Whether events raise alerts. */
  raises = true;
  searchWithinMs = 120_000;
  cron = false;
  eventLimit = 0;
  /** The end of the span that is searched next. */
  nextTo = Date.now();
  /** Messages have the time at which Graylog got them. */
  receiveTimes = false;

  constructor(readonly world: World) {
    super();
  }

  protected authorize({ headers, method }: SeenRequest): void {
    const expected = `Basic ${Buffer.from(`${this.token}:token`).toString("base64")}`;
    if (headers.authorization !== expected) throw new Refusal(401, "Unauthorized");
    if (method !== "GET" && headers["x-requested-by"] === undefined)
      throw new Refusal(400, "CSRF protection header is missing. Please add a X-Requested-By header");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const installed = graylogDefinitions(request, this.installed);
    if (installed !== null) return installed;
    const route = `${method} ${path}`;
    if (route === "POST /api/search/messages") return this.#search(request);
    if (route === "POST /api/events/search") return this.#events(request);
    const [, index, id = ""] = /^GET \/api\/messages\/([^/]+)\/([^/]+)$/.exec(route) ?? [];
    if (index !== undefined) return this.#message(index, id);
    const [, definition] = /^GET \/api\/events\/definitions\/([^/]+)\/with_context$/.exec(route) ?? [];
    if (definition !== undefined) return this.#definition(request, definition);
    throw new Refusal(404, "HTTP 404 Not Found");
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { type: "ApiError", message } };
  }

  #search(request: SeenRequest): Reply {
    const { query, timerange, size, fields } = jsonBody(request, searchSchema);
    const now = Date.now() + this.world.clockOffsetMs;
    const [from, to] =
      timerange.type === "absolute"
        ? [Date.parse(timerange.from), Date.parse(timerange.to)]
        : [now - timerange.range * 1000, now];
    const matches = matcherOf(query);
    const rows = this.world.documents
      .map((document) => this.#fieldsOf(document))
      .filter((row) => {
        const at = Date.parse(String(row["timestamp"]));
        return at >= from && at < to && matches(row);
      })
      .toSorted((one, other) => String(one["timestamp"]).localeCompare(String(other["timestamp"])))
      .slice(0, size);
    return {
      status: 200,
      body: {
        schema: fields.map((field) => ({
          column_type: "field",
          type: "string",
          field,
          name: `field: ${field}`,
        })),
        datarows: rows.map((row) => fields.map((field) => row[field] ?? "-")),
        metadata: {
          effective_timerange: {
            from: new Date(from).toISOString(),
            to: new Date(to).toISOString(),
            type: "absolute",
          },
        },
      },
    };
  }

  #fieldsOf({ id, host, time, ingestedAt, text, argv }: WorldDocument): Record<string, unknown> {
    const processed = new Date(ingestedAt).toISOString().replace("T", " ").replace("Z", "");
    return {
      _id: id,
      timestamp: new Date(this.receiveTimes ? ingestedAt : time).toISOString(),
      source: host,
      message: text,
      process: { command_line: argv.join(" ") },
      ...(this.world.ingestTimes ? { gl2_processing_timestamp: processed } : {}),
    };
  }

  #message(index: string, id: string): Reply {
    const document = this.world.documents.find((each) => each.id === id);
    if (document === undefined || index !== INDEX) return this.refusal(404, `Message ${id} does not exist`);
    return {
      status: 200,
      body: { highlight_ranges: {}, message: this.#fieldsOf(document), index, decoration_stats: null },
    };
  }

  #events(request: SeenRequest): Reply {
    const { page, per_page, timerange, filter } = jsonBody(request, eventsSchema);
    if (timerange.type !== "absolute") throw new Refusal(400, "an absolute time range is expected");
    const { event_definitions: wanted } = filter;
    const events = this.world.alerts
      .map((alert) => this.#eventOf(alert))
      .filter(
        ({ timestamp, event_definition_id: definition }) =>
          (wanted.length === 0 || wanted.includes(definition)) &&
          timestamp >= timerange.from &&
          timestamp <= timerange.to,
      );
    const rows = events.slice((page - 1) * per_page, page * per_page);
    return {
      status: 200,
      body: {
        events: rows.map((event) => ({ event, index_name: "gl-events_0", index_type: "message" })),
        total_events: events.length,
      },
    };
  }

  #eventOf({ id, rule, createdAt, documents: [document] }: WorldAlert) {
    const host = document?.host;
    return {
      id,
      event_definition_type: "aggregation-v1",
      event_definition_id: rule,
      origin_context:
        this.counts || document === undefined ? null : `urn:graylog:message:es:${INDEX}:${document.id}`,
      timestamp: new Date(document?.time ?? createdAt).toISOString(),
      timestamp_processing: new Date(createdAt).toISOString(),
      message: "An echo",
      source: "graylog-node",
      alert: this.raises,
      priority: 2,
      fields: {},
      group_by_fields: this.counts && host !== undefined ? { source: host } : {},
    };
  }

  #definition(request: SeenRequest, id: string): Reply {
    queryOf(request, z.strictObject({}));
    const rule = this.world.rules.find(({ name }) => name === id);
    if (rule === undefined) return this.refusal(404, `Event definition <${id}> doesn't exist`);
    const to = new Date(this.nextTo).toISOString();
    return {
      status: 200,
      body: {
        event_definition: {
          id,
          title: rule.title,
          state: rule.enabled ? "ENABLED" : "DISABLED",
          alert: this.raises,
          config: {
            type: "aggregation-v1",
            query: rule.query ?? "process.command_line:echo",
            streams: [],
            search_within_ms: this.searchWithinMs,
            execute_every_ms: rule.intervalMs,
            use_cron_scheduling: this.cron,
            event_limit: this.eventLimit,
            conditions: { expression: this.counts ? { expr: ">" } : null },
          },
        },
        context: {
          scheduler: rule.enabled
            ? {
                is_scheduled: true,
                status: "runnable",
                next_time: to,
                queued_notifications: 0,
                data: { type: "event-processor-execution-v1", timerange_to: to },
              }
            : { is_scheduled: false, queued_notifications: 0 },
        },
      },
    };
  }
}

/** Lucene's syntax as far as the tests use it: parts that are joined by AND, of tests that are joined by OR. @throws Refusal */
function matcherOf(query: string): (row: Readonly<Record<string, unknown>>) => boolean {
  const parts = query.split(" AND ").map((part) => part.replaceAll(/^\(+|\)+$/g, "").split(" OR "));
  for (const test of parts.flat()) holds(test, {});
  return (row) => parts.every((tests) => tests.some((test) => holds(test, row)));
}

function holds(test: string, row: Readonly<Record<string, unknown>>): boolean {
  if (test === "*") return true;
  const [, field, literal] = /^([\w.@]+):("(?:[^"\\]|\\.)*")$/.exec(test) ?? [];
  if (field === undefined || literal === undefined) return answers(row, { query_string: { query: test } });
  const text = JSON.parse(literal) as string;
  // Only texts are cut into words.
  return field === "message" ? answers(row, { match_phrase: { [field]: text } }) : row[field] === text;
}
