import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { textAt, timeAt } from "../connector/values.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import { type Found, found } from "../http/pages.js";
import type { SiemHttp } from "../http/client.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type { TrialOnHost } from "../siem.js";
import { getDocuments, type Hit, idOf, type Query, searchIndex } from "./search.js";
import type { IndexTelemetry } from "./settings.js";

/** The sensor's documents as an index holds them. */
export class IndexedDocuments {
  constructor(
    private readonly http: SiemHttp,
    private readonly telemetry: IndexTelemetry,
  ) {}

  documentOf(hit: Hit): SiemDocument {
    const { hostField, ingestedField, textField } = this.telemetry;
    const { _source: fields } = hit;
    return {
      id: idOf(hit),
      host: textAt(fields, hostField) ?? "",
      ingestedAt: timeAt(fields, ingestedField) ?? null,
      text: textAt(fields, textField) ?? null,
      fields,
    };
  }

  async find(
    what: string,
    filter: readonly Query[],
    { hosts, from, to }: SearchSpan,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const { index, timeField } = this.telemetry;
    const { rows, lacks } = await searchIndex(this.http, {
      what,
      index,
      filter: [...this.#onHosts(hosts), ...filter],
      timeField,
      from,
      to,
      signal,
    });
    return found(
      rows.map((hit) => this.documentOf(hit)),
      lacks,
    );
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const { format, textField } = this.telemetry;
    const trials = [...new Set(asked.map(({ trial }) => trial))];
    const words: Query[] =
      format === "ecs"
        ? [{ term: { "process.args": SENTINEL_WORD } }, { terms: { "process.args": trials } }]
        : [
            { match_phrase: { [textField]: SENTINEL_WORD } },
            anyOf(trials.map((trial) => ({ match_phrase: { [textField]: trial } }))),
          ];
    return this.find(
      "the sentinels of trials",
      words,
      { hosts: asked.map(({ host }) => host), ...sentinelSpan() },
      signal,
    );
  }

  /** The documents at places that a query of another language found. */
  async at(
    { rows, lacks }: Found<{ readonly _index: string; readonly _id: string }>,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const hits = await getDocuments(this.http, rows, signal);
    return found(
      hits.map((hit) => this.documentOf(hit)),
      lacks,
    );
  }

  /** The filter of a query that is run over hosts and a span of time, for APIs that take one beside the query. */
  filterOf({ hosts, from, to }: SearchSpan): Query[] {
    const range = { gte: String(Math.floor(from)), lte: String(Math.ceil(to)), format: "epoch_millis" };
    return [...this.#onHosts(hosts), { range: { [this.telemetry.timeField]: range } }];
  }

  #onHosts(hosts: readonly string[]): Query[] {
    const { hostField, filter } = this.telemetry;
    const narrowed = filter === undefined ? [] : [luceneQuery(filter)];
    return [{ terms: { [hostField]: [...new Set(hosts)] } }, ...narrowed];
  }
}

/** A query in Lucene's syntax. A word that is no query is an error there, and never taken for a text. */
export function luceneQuery(text: string): Query {
  return { query_string: { query: text, analyze_wildcard: true, allow_leading_wildcard: true } };
}

export function anyOf(queries: readonly Query[]): Query {
  return { bool: { should: queries, minimum_should_match: 1 } };
}
