import { z } from "zod";
import { fieldAt } from "../../src/siem/connector/values.js";
import { answers } from "./query-dsl.js";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import { type World, type WorldDocument } from "./world.js";

const flag = z.enum(["true", "false"]);
const searchSchema = z.strictObject({
  size: z.int().min(0).max(10_000, "Result window is too large"),
  track_total_hits: z.boolean(),
  timeout: z.string().regex(/^\d+s$/),
  query: z.unknown(),
  sort: z.tuple([
    z.record(z.string(), z.strictObject({ order: z.literal("asc"), unmapped_type: z.literal("date") })),
  ]),
  docvalue_fields: z.array(z.strictObject({ field: z.string(), format: z.literal("epoch_millis") })),
});
const wantedSchema = z.strictObject({
  docs: z.array(z.strictObject({ _index: z.string(), _id: z.string() })).min(1),
});

/** A document in an index. */
export interface Indexed {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** The part that Elasticsearch and OpenSearch have in common. */
export abstract class SearchApiStandIn extends SiemStandIn {
  /** What the next search says of itself. */
  failedShards = 0;
  timedOut = false;

  constructor(readonly world: World) {
    super();
  }

  /** The documents of an index expression; null when there is no such index. */
  protected abstract index(name: string): readonly Indexed[] | null;

  /** What was written, by index and id. */
  readonly written = new Map<string, unknown>();

  /** A document that is made, and not changed (Index API, `_create`). */
  protected create({ path, ...request }: SeenRequest): Reply {
    const [, index = "", id = ""] = /^\/([a-z0-9][a-z0-9_-]*)\/_create\/([^/]+)$/.exec(path) ?? [];
    if (id === "") throw new Refusal(400, `no index or id in [${path}]`);
    const body = jsonBody({ path, ...request }, z.looseObject({ "@timestamp": z.iso.datetime() }));
    const key = `${index}/${decodeURIComponent(id)}`;
    if (this.written.has(key)) {
      const error = { type: "version_conflict_engine_exception", reason: "document already exists" };
      return { status: 409, body: { error, status: 409 } };
    }
    this.written.set(key, body);
    return { status: 201, body: { _index: index, _id: decodeURIComponent(id), result: "created" } };
  }

  protected search(request: SeenRequest): Reply {
    queryOf(request, z.strictObject({ ignore_unavailable: flag, allow_no_indices: flag }));
    const name = decodeURIComponent(request.path.slice(1, -"/_search".length));
    const documents = this.index(name);
    if (documents === null) throw new Refusal(404, `no such index [${name}]`);
    const { size, query, sort, docvalue_fields } = jsonBody(request, searchSchema);
    const [sortField = ""] = Object.keys(sort[0]);
    const hits = documents
      .filter(({ _source }) => answers(_source, query))
      .map((document) => ({ ...document, time: momentOf(document, sortField) }))
      .sort((a, b) => a.time - b.time)
      .slice(0, size);
    return {
      status: 200,
      body: {
        took: 3,
        timed_out: this.timedOut,
        _shards: { total: 5, successful: 5 - this.failedShards, skipped: 0, failed: this.failedShards },
        hits: {
          max_score: null,
          hits: hits.map(({ time: _, ...document }) => ({
            ...document,
            _score: null,
            fields: Object.fromEntries(
              docvalue_fields.map(({ field }) => [field, [String(momentOf(document, field))]]),
            ),
            sort: [momentOf(document, sortField)],
          })),
        },
      },
    };
  }

  protected getMany(request: SeenRequest): Reply {
    const { docs } = jsonBody(request, wantedSchema);
    const all = this.world.documents.map((document) => this.indexed(document));
    const body = {
      docs: docs.map(({ _index, _id }) => {
        const found = all.find((one) => one._index === _index && one._id === _id);
        return found === undefined ? { _index, _id, found: false } : { ...found, found: true };
      }),
    };
    return { status: 200, body };
  }

  protected nodeStats(): Reply {
    const timestamp = Date.now() + this.world.clockOffsetMs;
    return { status: 200, body: { nodes: { "node-1": { name: "n1", timestamp } } } };
  }

  /** Made once: a search looks at thousands of them. */
  protected indexed(document: WorldDocument): Indexed {
    const known = this.#indexed.get(document);
    if (known !== undefined && this.world.ingestTimes) return known;
    const made = this.#index(document);
    this.#indexed.set(document, made);
    return made;
  }

  readonly #indexed = new WeakMap<WorldDocument, Indexed>();

  #index(document: WorldDocument): Indexed {
    const { id, host, time, ingestedAt, text, argv, serial } = document;
    return {
      _index: "audit-000001",
      _id: id,
      _source: {
        "@timestamp": new Date(time).toISOString(),
        host: { name: host },
        message: text,
        process: { command_line: argv.join(" ") },
        auditd: { sequence: serial },
        ...(this.world.ingestTimes ? { event: { ingested: new Date(ingestedAt).toISOString() } } : {}),
      },
    };
  }

  protected refusal(status: number, message: string): Reply {
    const cause = { type: "exception", reason: message };
    return { status, body: { error: { root_cause: [cause], ...cause }, status } };
  }
}

function momentOf({ _source }: Pick<Indexed, "_source">, field: string): number {
  const value = fieldAt(_source, field);
  return typeof value === "number" ? value : Date.parse(String(value));
}
