import { z } from "zod";
import { kibanaRules } from "./installed/kibana.js";
import { answers } from "./query-dsl.js";
import { type Indexed, SearchApiStandIn } from "./search-api.js";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldAlert } from "./world.js";

const eqlSchema = z.strictObject({
  query: z.string(),
  filter: z.unknown(),
  timestamp_field: z.string(),
  size: z.int().max(10_000),
});
const esqlSchema = z.strictObject({ query: z.string(), filter: z.unknown() });
const waits = z.strictObject({
  allow_no_indices: z.enum(["true", "false"]).optional(),
  wait_for_completion_timeout: z.string().regex(/^\d+(s|ms)$/),
});

/** Elasticsearch 8 with the indexes of Elastic Security. */
export class ElasticsearchStandIn extends SearchApiStandIn {
  /** How often an EQL search says that it still runs. */
  eqlRounds = 0;
  /** Over the fields of every alert. */
  alertFields: Readonly<Record<string, unknown>> = {};
  /** Alerts of previews by their ids. */
  readonly previews = new Map<string, WorldAlert[]>();
  readonly #running = new Map<string, { rounds: number; hits: readonly Indexed[] }>();

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `ApiKey ${this.token}`)
      throw new Refusal(401, "unable to authenticate with provided credentials");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const route = `${method} ${path}`;
    if (route === "GET /_nodes/_local/stats/process") return this.nodeStats();
    if (route === "POST /_mget") return this.getMany(request);
    if (method === "PUT" && path.includes("/_create/")) return this.create(request);
    if (route === "POST /_query") return this.#esql(request);
    if (method === "POST" && path.endsWith("/_eql/search")) return this.#startEql(request);
    if (path.startsWith("/_eql/search/")) return this.#followEql(request);
    if (method === "POST" && path.endsWith("/_search")) return this.search(request);
    throw new Refusal(405, `Incorrect HTTP method for uri [${path}] and method [${method}]`);
  }

  /** EQL searches that were neither ended nor forgotten. */
  get unended(): number {
    return this.#running.size;
  }

  protected index(name: string): readonly Indexed[] | null {
    const { documents, alerts } = this.world;
    if (name === "audit-*") return documents.map((document) => this.indexed(document));
    if (name === ".alerts-security.alerts-default") return alerts.map((alert) => this.#alert(alert));
    if (name === ".kibana-event-log-*") return this.#evaluations();
    if (name === ".preview.alerts-security.alerts-default")
      return [...this.previews].flatMap(([id, previewed]) =>
        previewed.map((alert) => this.#alert(alert, id)),
      );
    return null;
  }

  #alert({ id, rule, createdAt, documents }: WorldAlert, uuid = `uuid-${rule}`): Indexed {
    const title = this.world.rules.find(({ name }) => name === rule)?.title ?? rule;
    const hosts = new Set(documents.map(({ host }) => host));
    return {
      _index: ".internal.alerts-security.alerts-default-000001",
      _id: id,
      _source: {
        "@timestamp": new Date(createdAt).toISOString(),
        ...(hosts.size === 1 ? { host: { name: [...hosts][0] } } : {}),
        "kibana.alert.rule.rule_id": rule,
        "kibana.alert.rule.uuid": uuid,
        "kibana.alert.rule.name": title,
        "kibana.alert.severity": "medium",
        "kibana.alert.rule.threat": [
          { framework: "MITRE ATT&CK", technique: [{ id: "T1059", subtechnique: [{ id: "T1059.004" }] }] },
        ],
        "kibana.alert.ancestors": documents.map((document) => ({
          id: document.id,
          type: "event",
          index: "audit-000001",
          depth: 0,
        })),
        ...this.alertFields,
      },
    };
  }

  #evaluations(): Indexed[] {
    return this.world.rules.flatMap(({ name, evaluations }) =>
      evaluations.map(({ startedAt, completedAt }, index) => ({
        _index: ".ds-.kibana-event-log-ds-000001",
        _id: `${name}-${index}`,
        _source: {
          event: {
            provider: "alerting",
            action: "execute",
            outcome: "success",
            start: new Date(startedAt).toISOString(),
            end: new Date(completedAt).toISOString(),
          },
          rule: { id: `uuid-${name}` },
        },
      })),
    );
  }

  /** EQL as far as the tests use it: events of any category with one command line. */
  #startEql(request: SeenRequest): Reply {
    queryOf(request, waits);
    if (decodeURIComponent(request.path) !== "/audit-*/_eql/search") throw new Refusal(404, "no such index");
    const { query, filter } = jsonBody(request, eqlSchema);
    const wanted = /^any where process\.command_line == "([^"]*)"$/.exec(query)?.[1];
    if (wanted === undefined) throw new Refusal(400, `line 1:1: mismatched input '${query}'`);
    const hits = this.#documentsWith(wanted, filter);
    const id = `eql-${this.#running.size}`;
    if (this.eqlRounds === 0) return { status: 200, body: eqlBody(hits) };
    this.#running.set(id, { rounds: this.eqlRounds, hits });
    return { status: 200, body: { ...eqlBody([]), id, is_running: true, is_partial: true } };
  }

  #followEql(request: SeenRequest): Reply {
    const id = request.path.slice("/_eql/search/".length);
    const search = this.#running.get(id);
    if (search === undefined) throw new Refusal(404, id);
    if (request.method === "DELETE") {
      this.#running.delete(id);
      return { status: 200, body: { acknowledged: true } };
    }
    queryOf(request, waits);
    search.rounds -= 1;
    const body = search.rounds > 0 ? { ...eqlBody([]), is_running: true } : eqlBody(search.hits);
    return { status: 200, body: { ...body, id } };
  }

  /** ES|QL as far as the tests use it. */
  #esql(request: SeenRequest): Reply {
    const { query, filter } = jsonBody(request, esqlSchema);
    const wanted =
      /^FROM audit-\* METADATA _index, _id \| WHERE process\.command_line == "([^"]*)" \| KEEP _index, _id \| LIMIT 10000$/.exec(
        query,
      )?.[1];
    if (wanted === undefined) throw new Refusal(400, `line 1:1: ${query}`);
    const values = this.#documentsWith(wanted, filter).map(({ _index, _id }) => [_index, _id]);
    return {
      status: 200,
      body: { columns: [{ name: "_index" }, { name: "_id" }], values, is_partial: false },
    };
  }

  #documentsWith(commandLine: string, filter: unknown): Indexed[] {
    return this.world.documents
      .filter(({ argv }) => argv.join(" ") === commandLine)
      .map((document) => this.indexed(document))
      .filter(({ _source }) => answers(_source, filter));
  }
}

function eqlBody(hits: readonly Indexed[]): Record<string, unknown> {
  return { is_partial: false, is_running: false, timed_out: false, took: 1, hits: { events: hits } };
}

const previewSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  interval: z.string().regex(/^\d+s$/),
  from: z.string().regex(/^now-\d+s$/),
  invocationCount: z.int().positive(),
  timeframeEnd: z.iso.datetime(),
  // What identifies a rule that is saved is refused.
  id: z.never().optional(),
  rule_id: z.never().optional(),
  version: z.never().optional(),
  revision: z.never().optional(),
  immutable: z.never().optional(),
});

/** Kibana 8 in front of the same world. */
export class KibanaStandIn extends SiemStandIn {
  /** Over what every rule is. */
  over: Readonly<Record<string, unknown>> = {};

  constructor(
    private readonly world: World,
    private readonly elasticsearch: ElasticsearchStandIn,
  ) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `ApiKey ${this.elasticsearch.token}`)
      throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path, headers } = request;
    if (headers["elastic-api-version"] !== "2023-10-31")
      throw new Refusal(400, "Please specify a version via elastic-api-version header.");
    if (method !== "GET" && headers["kbn-xsrf"] === undefined)
      throw new Refusal(400, "Request must contain a kbn-xsrf header.");
    const installed = kibanaRules(request, this.installed);
    if (installed !== null) return installed;
    if (method === "GET" && path === "/api/detection_engine/rules") return this.#rule(request);
    if (method === "POST" && path === "/api/detection_engine/rules/preview") return this.#preview(request);
    throw new Refusal(404, "Not Found");
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { statusCode: status, error: "Refused", message } };
  }

  #rule(request: SeenRequest): Reply {
    const { rule_id } = queryOf(request, z.strictObject({ rule_id: z.string() }));
    const rule = this.world.rules.find(({ name }) => name === rule_id);
    if (rule === undefined)
      return { status: 404, body: { message: `rule_id: "${rule_id}" not found`, status_code: 404 } };
    const body = {
      id: `uuid-${rule.name}`,
      rule_id: rule.name,
      name: rule.title,
      enabled: rule.enabled,
      type: "query",
      interval: `${rule.intervalMs / 1000}s`,
      from: `now-${rule.lookBackMs / 1000}s`,
      to: "now",
      version: 1,
      revision: 0,
      immutable: false,
      query: rule.query ?? "process.command_line: *echo*",
      // Kibana's own, which change by themselves.
      updated_at: new Date().toISOString(),
      execution_summary: { last_execution: { date: new Date().toISOString() } },
      ...this.over,
    };
    return { status: 200, body };
  }

  /** The rule of the tests fires for what has `echo` in its command line. */
  #preview(request: SeenRequest): Reply {
    const { timeframeEnd, from } = jsonBody(request, previewSchema);
    const end = Date.parse(timeframeEnd);
    const start = end - Number(/\d+/.exec(from)?.[0]) * 1000;
    const previewId = `preview-${this.elasticsearch.previews.size}`;
    const matched = this.world.documents.filter(
      ({ argv, time }) => argv.join(" ").includes("echo") && time >= start && time <= end,
    );
    this.elasticsearch.previews.set(
      previewId,
      matched.map((document) => ({
        id: `${previewId}-${document.id}`,
        rule: previewId,
        createdAt: Date.now(),
        documents: [document],
      })),
    );
    return { status: 200, body: { previewId, logs: [{ errors: [], warnings: [] }], isAborted: false } };
  }
}
