import { z } from "zod";
import type { RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";

/** What a search of rules answers with. */
export const rulesSchema = z.object({
  timed_out: z.boolean(),
  _shards: z.object({ failed: z.int() }),
  hits: z.object({
    hits: z.array(
      z.object({
        _id: z.string(),
        _source: z.object({
          title: z.string(),
          rule: z.string(),
          tags: z.array(z.object({ value: z.string() })).default([]),
        }),
      }),
    ),
  }),
});

/** A rule of Security Analytics, custom or pre-packaged, by its id (Rule APIs, "Search custom rules"). */
export async function definitionOf(
  http: SiemHttp,
  id: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  for (const prePackaged of [false, true]) {
    const { value } = await http.request({
      what: `the rule ${id}`,
      method: "POST",
      path: "/_plugins/_security_analytics/rules/_search",
      query: { pre_packaged: String(prePackaged) },
      body: { json: { from: 0, size: 1, query: { ids: { values: [id] } } } },
      schema: rulesSchema,
      signal,
    });
    if (value.timed_out || value._shards.failed > 0)
      throw http.error("siem-answer-invalid", `not all rules could be read, to find ${id}`);
    const found = value.hits.hits.find(({ _id }) => _id === id);
    if (found === undefined) continue;
    const { title, rule } = found._source;
    // The title is a line of the rule's text too: a new one is a new name and no other rule.
    return { title, content: rule.replace(/^title:.*$/m, "") };
  }
  return null;
}
