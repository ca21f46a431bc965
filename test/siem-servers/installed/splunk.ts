import { z } from "zod";
import { formBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import { changed, type Installed } from "./installed.js";

const flag = z.enum(["0", "1"]);
const parameters = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  search: z.string().min(1, "Search string cannot be empty").optional(),
  description: z.string().optional(),
  disabled: flag.optional(),
  is_scheduled: flag.optional(),
  cron_schedule: z
    .string()
    .regex(/^\S+ \S+ \S+ \S+ \S+$/, "Invalid cron_schedule")
    .optional(),
  "dispatch.earliest_time": z.string().optional(),
  "dispatch.latest_time": z.string().optional(),
  alert_type: z
    .enum(["always", "custom", "number of events", "number of hosts", "number of sources"])
    .optional(),
  alert_comparator: z.enum(["greater than", "less than", "equal to"]).optional(),
  alert_threshold: z.string().regex(/^\d+$/).optional(),
  "alert.track": flag.optional(),
  "alert.digest_mode": flag.optional(),
  "alert.suppress": flag.optional(),
  "alert.severity": z.enum(["1", "2", "3", "4", "5", "6"]).optional(),
  actions: z.string().optional(),
  "action.notable": flag.optional(),
  "action.notable.param.rule_title": z.string().optional(),
});
const json = z.strictObject({ output_mode: z.literal("json") });
const FLAGS = new Set(["disabled", "is_scheduled", "alert.track", "alert.digest_mode", "alert.suppress"]);

/** Saved searches that were made over the REST API, in nobody/search; null for requests about others. */
export function splunkRules(request: SeenRequest, installed: Installed): Reply | null {
  const { method, path } = request;
  const [, owner = "", app = "", encoded] =
    /^\/servicesNS\/([^/]+)\/([^/]+)\/saved\/searches(?:\/([^/]+))?$/.exec(path) ?? [];
  const isAll = owner === "-" && app === "-";
  if (!isAll && (owner !== "nobody" || app !== "search")) return null;
  if (method === "POST" && encoded === undefined && !isAll) {
    queryOf(request, json);
    const { name, ...content } = formBody(request, parameters);
    if (name === undefined || content.search === undefined)
      throw new Refusal(400, "The following required arguments are missing: name, search.");
    if (installed.has(name))
      throw new Refusal(
        409,
        `Unable to create saved search with name '${name}'. A saved search with that name already exists.`,
      );
    return { status: 201, body: { entry: [entryOf(name, changed(installed, name, content))] } };
  }
  const name = decodeURIComponent(encoded ?? "");
  if (!installed.has(name)) return null;
  queryOf(request, json);
  switch (method) {
    case "GET":
      break;
    case "POST": {
      const { name: renamed, ...content } = formBody(request, parameters);
      if (renamed !== undefined) throw new Refusal(400, 'Argument "name" is not supported by this handler.');
      changed(installed, name, content);
      break;
    }
    case "DELETE":
      installed.delete(name);
      return { status: 200, body: { entry: [], messages: [] } };
    default:
      throw new Refusal(405, "Method Not Allowed");
  }
  return { status: 200, body: { entry: [entryOf(name, installed.get(name) ?? {})] } };
}

/** Splunk gives its own kinds of values back, and much that nobody set. */
function entryOf(name: string, content: Readonly<Record<string, unknown>>): unknown {
  const given = Object.entries(content).map(([key, value]) => [
    key,
    FLAGS.has(key) ? value === "1" : key === "alert.severity" ? Number(value) : value,
  ]);
  const acl = { app: "search", owner: "nobody", sharing: "app" };
  return { name, acl, content: { ...Object.fromEntries(given), qualifiedSearch: content["search"] } };
}
