import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { Query } from "../search-api/search.js";

/** What Elasticsearch lets one answer hold. */
const MOST = 10_000;

interface Place {
  readonly _index: string;
  readonly _id: string;
}

const placeSchema = z.object({ _index: z.string(), _id: z.string() });
const eqlSchema = z.object({
  id: z.string().optional(),
  is_partial: z.boolean(),
  is_running: z.boolean(),
  timed_out: z.boolean(),
  hits: z
    .object({
      events: z.array(placeSchema).optional(),
      sequences: z.array(z.object({ events: z.array(placeSchema) })).optional(),
    })
    .optional(),
});

/** The documents that an EQL query finds (EQL search API); it is waited for while it runs, and its search is ended afterwards. */
export async function findByEql(
  http: SiemHttp,
  index: string,
  query: string,
  filter: readonly Query[],
  timeField: string,
  signal: AbortSignal,
): Promise<Found<Place>> {
  const what = "an EQL query";
  let { value } = await http.request({
    what,
    method: "POST",
    path: `/${encodeURI(index)}/_eql/search`,
    query: { allow_no_indices: false, wait_for_completion_timeout: "10s" },
    body: { json: { query, filter: { bool: { filter } }, timestamp_field: timeField, size: MOST } },
    schema: eqlSchema,
    signal,
  });
  const { id } = value;
  try {
    while (value.is_running && id !== undefined) {
      ({ value } = await http.request({
        what,
        method: "GET",
        path: `/_eql/search${pathOf(id)}`,
        query: { wait_for_completion_timeout: "10s" },
        schema: eqlSchema,
        signal,
      }));
    }
  } finally {
    if (id !== undefined) await endEql(http, id, signal);
  }
  const { events = [], sequences = [] } = value.hits ?? {};
  const places = [...events, ...sequences.flatMap((sequence) => sequence.events)];
  if (value.is_partial || value.timed_out) return found(places, "the EQL query ended before it was done");
  const full = events.length + sequences.length >= MOST;
  return found(places, full ? `the query may find more than ${MOST}` : null);
}

/** Nobody waits for an answer that was given up; the server forgets it by itself where this fails. */
async function endEql(http: SiemHttp, id: string, signal: AbortSignal): Promise<void> {
  const ended = http.request({
    what: "the end of an EQL query",
    method: "DELETE",
    path: `/_eql/search${pathOf(id)}`,
    accept: [404],
    schema: z.unknown(),
    signal,
  });
  await ended.catch(() => undefined);
}

const esqlSchema = z.object({
  is_partial: z.boolean().optional(),
  /** `_index` and `_id`. */
  values: z.array(z.tuple([z.string(), z.string()])),
});

/** The documents that an ES|QL query finds (ES|QL query API). It must end in rows that are documents. */
export async function findByEsql(
  http: SiemHttp,
  query: string,
  filter: readonly Query[],
  signal: AbortSignal,
): Promise<Found<Place>> {
  const { value } = await http.request({
    what: "an ES|QL query",
    method: "POST",
    path: "/_query",
    body: {
      json: {
        query: `${withMetadata(query)} | KEEP _index, _id | LIMIT ${MOST}`,
        filter: { bool: { filter } },
      },
    },
    schema: esqlSchema,
    signal,
  });
  const places = value.values.map(([_index, _id]) => ({ _index, _id }));
  if (value.is_partial === true) return found(places, "the ES|QL query found only a part");
  return found(places, places.length >= MOST ? `the query may find more than ${MOST}` : null);
}

/** Documents are known by their metadata, which a query has only when it asks for it. */
function withMetadata(query: string): string {
  return /^\s*FROM\b[^|]*\bMETADATA\b/i.test(query)
    ? query
    : query.replace(/^(\s*FROM\s+[^|]*?)(\s*(?:\||$))/i, "$1 METADATA _index, _id$2");
}
