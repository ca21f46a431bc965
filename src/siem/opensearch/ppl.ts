import { z } from "zod";
import type { SearchSpan } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import type { IndexTelemetry } from "../search-api/settings.js";

/** Rows that are asked for; the SIEM gives fewer where `plugins.query.size_limit` says so. */
const MOST = 10_000;

/** `_index` and `_id`. */
const rowsSchema = z.object({ datarows: z.array(z.tuple([z.string(), z.string()])) });
const countSchema = z.object({ datarows: z.tuple([z.tuple([z.number()])]) });

/**
 * The documents that a PPL query finds on hosts in a span, by index and id. The query must end in rows that are documents. They
 * are counted too: nothing else tells that the rows were cut off.
 */
export async function findByPpl(
  http: SiemHttp,
  query: string,
  { hosts, from, to }: SearchSpan,
  { hostField, timeField }: IndexTelemetry,
  signal: AbortSignal,
): Promise<Found<{ readonly _index: string; readonly _id: string }>> {
  const names = hosts.map((host) => `${nameOf(hostField)} = ${textOf(host)}`).join(" OR ");
  const time = `${nameOf(timeField)} >= ${momentOf(from)} AND ${nameOf(timeField)} <= ${momentOf(to)}`;
  const bounded = `${query} | where (${names}) AND ${time}`;
  const ask = async <T>(text: string, schema: z.ZodType<T>): Promise<T> =>
    (
      await http.request({
        what: "a PPL query",
        method: "POST",
        path: "/_plugins/_ppl",
        body: { json: { query: text } },
        schema,
        signal,
      })
    ).value;
  const [rows, count] = await Promise.all([
    ask(`${bounded} | fields _index, _id | head ${MOST}`, rowsSchema),
    ask(`${bounded} | stats count()`, countSchema),
  ]);
  const places = rows.datarows.map(([_index, _id]) => ({ _index, _id }));
  const total = count.datarows[0][0];
  return found(
    places,
    total > places.length ? `the query finds ${total} documents, and gave ${places.length}` : null,
  );
}

function nameOf(field: string): string {
  return `\`${field.replaceAll("`", "``")}\``;
}

function textOf(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A moment as OpenSearch's SQL engine reads it: UTC, to the millisecond. */
function momentOf(ms: number): string {
  return `timestamp('${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}')`;
}
