import { z } from "zod";
import type { RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";
import { goneSchema, SAVED } from "./saved-search.js";

/** What decides what a saved search finds and what comes of it; Splunk shows much else beside it, its own state among that. */
const CONTENT =
  /^(?:search|cron_schedule|realtime_schedule|schedule_window|allow_skew|actions|alert[._].+|dispatch\.(?:index_)?(?:earliest|latest)(?:_time)?|action\.(?:correlationsearch|notable|risk)(?:\..+)?)$/;

const definitionSchema = z.object({
  entry: z.array(z.object({ name: z.string(), content: z.record(z.string(), z.unknown()) })),
});

/** A saved search as it is written (REST API: saved/searches/{name}); all of them where several apps have one of the name. */
export async function definitionOf(
  http: SiemHttp,
  name: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  const { value } = await http.request({
    what: `the saved search ${name}`,
    method: "GET",
    path: `${SAVED}${pathOf(name)}`,
    query: { output_mode: "json" },
    accept: [404],
    schema: z.union([definitionSchema, goneSchema]),
    signal,
  });
  if (!("entry" in value) || value.entry.length === 0) return null;
  const content = value.entry.map((entry) =>
    Object.fromEntries(Object.entries(entry.content).filter(([key]) => CONTENT.test(key))),
  );
  // A saved search is bound by its name: another name is another saved search.
  return { title: name, content };
}
