import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { type Found, found, pagesByTime } from "../http/pages.js";
import { timeAt } from "../connector/values.js";

/** Documents of one page: some megabytes, and less than `index.max_result_window` lets through. */
const PAGE = 2_000;

export const hitSchema = z.object({
  _index: z.string(),
  _id: z.string(),
  _source: z.record(z.string(), z.unknown()),
  fields: z.record(z.string(), z.array(z.unknown())).optional(),
});
export type Hit = z.infer<typeof hitSchema>;

export const searchAnswerSchema = z.object({
  timed_out: z.boolean(),
  _shards: z.object({ total: z.int(), failed: z.int() }),
  hits: z.object({ hits: z.array(hitSchema) }),
});

/** A query in the domain's language. */
export type Query = Readonly<Record<string, unknown>>;

export interface IndexSearch {
  /** What is asked, for messages. */
  readonly what: string;
  readonly index: string;
  readonly filter: readonly Query[];
  readonly timeField: string;
  /** Inclusive, milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

/**
 * All documents of indexes that a query finds in a span of time, page by page. An index that is not there is an error, and not an
 * empty answer; shards that failed and a search that ran out of time are told.
 */
export async function searchIndex(http: SiemHttp, search: IndexSearch): Promise<Found<Hit>> {
  const { what, index, filter, timeField, signal } = search;
  const lacks = new Set<string>();
  const pages = await pagesByTime<Hit>({
    from: BigInt(Math.floor(search.from)),
    to: BigInt(Math.ceil(search.to)),
    size: PAGE,
    timeOf: (hit) => timeOf(hit, timeField),
    idOf: idOf,
    fetch: async (from, to) => {
      const range = { gte: String(from), lte: String(to), format: "epoch_millis" };
      const { value } = await http.request({
        what,
        method: "POST",
        path: `/${encodeURI(index)}/_search`,
        query: { ignore_unavailable: false, allow_no_indices: false },
        body: {
          json: {
            size: PAGE,
            track_total_hits: false,
            timeout: "30s",
            query: { bool: { filter: [...filter, { range: { [timeField]: range } }] } },
            sort: [{ [timeField]: { order: "asc", unmapped_type: "date" } }],
            docvalue_fields: [{ field: timeField, format: "epoch_millis" }],
          },
        },
        schema: searchAnswerSchema,
        signal,
      });
      if (value.timed_out) lacks.add("the search ran out of its time in the SIEM");
      const { failed, total } = value._shards;
      if (failed > 0) lacks.add(`${failed} of ${total} shards failed`);
      return value.hits.hits;
    },
  });
  const all = [...lacks, ...(pages.lacks === null ? [] : [pages.lacks])];
  return found(pages.rows, all.length === 0 ? null : all.join("; "));
}

/** An index and an id within it: what tells documents apart. */
export function idOf({ _index, _id }: Pick<Hit, "_index" | "_id">): string {
  return `${_index}/${_id}`;
}

/** Milliseconds; a finer time is cut, and the next page begins with the whole of that millisecond again. */
function timeOf(hit: Hit, field: string): bigint {
  const [value] = hit.fields?.[field] ?? [];
  const text = typeof value === "string" ? /^-?\d{1,15}/.exec(value)?.[0] : undefined;
  const time = text === undefined ? timeAt(hit._source, field) : Number(text);
  return BigInt(Math.floor(time ?? 0));
}

const gotSchema = z.object({
  docs: z.array(
    z.object({
      _index: z.string(),
      _id: z.string(),
      found: z.boolean().optional(),
      _source: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

/** Documents by their index and id; those that are not there are missing from the answer. */
export async function getDocuments(
  http: SiemHttp,
  wanted: readonly { readonly _index: string; readonly _id: string }[],
  signal: AbortSignal,
): Promise<Hit[]> {
  if (wanted.length === 0) return [];
  const { value } = await http.request({
    what: "the source documents of alerts",
    method: "POST",
    path: "/_mget",
    body: { json: { docs: wanted.map(({ _index, _id }) => ({ _index, _id })) } },
    schema: gotSchema,
    signal,
  });
  return value.docs.flatMap(({ _index, _id, found: isFound, _source }): Hit[] =>
    isFound === true && _source !== undefined ? [{ _index, _id, _source }] : [],
  );
}

const nodesSchema = z.object({ nodes: z.record(z.string(), z.object({ timestamp: z.number() })) });

/** The clock of the node that answers, in the middle of the round trip. */
export async function nodeClock(
  http: SiemHttp,
  signal: AbortSignal,
): Promise<{ now: number; errorMs: number }> {
  const { value, sentAt, receivedAt } = await http.request({
    what: "the clock",
    method: "GET",
    path: "/_nodes/_local/stats/process",
    schema: nodesSchema,
    signal,
  });
  const [node] = Object.values(value.nodes);
  const halfMs = (receivedAt - sentAt) / 2;
  // The node took its time somewhere within the round trip; what it says is brought to the moment of the answer.
  return { now: (node?.timestamp ?? receivedAt) + halfMs, errorMs: halfMs + 1 };
}
