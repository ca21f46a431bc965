import { z } from "zod";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import { changed, type Installed } from "./installed.js";

const base = "/api/events/definitions";
const definition = {
  title: z.string().min(1, "Event Definition title cannot be empty."),
  description: z.string(),
  priority: z.int().min(1).max(4),
  alert: z.boolean(),
  config: z.strictObject({
    type: z.literal("aggregation-v1"),
    query: z.string(),
    streams: z.array(z.string()),
    group_by: z.tuple([]),
    series: z.tuple([]),
    conditions: z.strictObject({ expression: z.null() }),
    search_within_ms: z.int().positive(),
    execute_every_ms: z.int().positive(),
    event_limit: z.int().positive("Event limit must be greater than 0.").max(1_000),
  }),
  field_spec: z.strictObject({}),
  key_spec: z.tuple([]),
  notification_settings: z.strictObject({ grace_period_ms: z.int(), backlog_size: z.int() }),
  notifications: z.tuple([]),
};
const schedule = z.strictObject({ schedule: z.enum(["true", "false"]) });

/** Event definitions that were made by the REST API; null for requests about others. */
export function graylogDefinitions(request: SeenRequest, installed: Installed): Reply | null {
  const { method, path } = request;
  if (path === base && method === "GET") {
    const { page, per_page: size } = queryOf(
      request,
      z.strictObject({ page: z.coerce.number().int().min(1), per_page: z.coerce.number().int().max(1_000) }),
    );
    const all = [...installed.values()];
    const rows = all.slice((page - 1) * size, page * size);
    return {
      status: 200,
      body: { total: all.length, page, per_page: size, count: rows.length, event_definitions: rows },
    };
  }
  if (path === base && method === "POST") {
    const state = stateOf(queryOf(request, schedule).schedule);
    const id = `65f0${String(installed.size).padStart(20, "0")}`;
    return {
      status: 200,
      body: changed(installed, id, { id, ...jsonBody(request, z.strictObject(definition)), state }),
    };
  }
  const [, id = "", what] = /^\/api\/events\/definitions\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
  const rule = installed.get(id);
  if (rule === undefined) return null;
  switch (`${method} ${what ?? ""}`) {
    case "GET with_context":
      return { status: 200, body: { event_definition: rule, context: { scheduler: null } } };
    case "PUT ": {
      const state = stateOf(queryOf(request, schedule).schedule);
      const sent = jsonBody(request, z.strictObject({ id: z.literal(id), ...definition }));
      // Without a schedule, one that is there stays.
      return {
        status: 200,
        body: changed(installed, id, { ...sent, ...(state === "ENABLED" ? { state } : {}) }),
      };
    }
    case "PUT unschedule":
      changed(installed, id, { state: "DISABLED" });
      return { status: 204, body: "" };
    case "DELETE ":
      installed.delete(id);
      return { status: 204, body: "" };
    default:
      throw new Refusal(405, "HTTP 405 Method Not Allowed");
  }
}

function stateOf(scheduled: "true" | "false"): string {
  return scheduled === "true" ? "ENABLED" : "DISABLED";
}
