import { z } from "zod";
import { installedDetectors, installedRules, securityAnalytics } from "./installed/opensearch.js";
import { type Indexed, SearchApiStandIn } from "./search-api.js";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "./stand-in.js";
import type { WorldRule } from "./world.js";

const page = {
  detector_id: z.string(),
  startTime: z.coerce.number(),
  endTime: z.coerce.number(),
  sortOrder: z.enum(["asc", "desc"]),
  sortString: z.string(),
  size: z.coerce.number().int().max(10_000),
  startIndex: z.coerce.number().int(),
};

/** OpenSearch 2 with Security Analytics; every rule has a detector of its own. */
export class OpenSearchStandIn extends SearchApiStandIn {
  /** Ids of findings that a trigger made an alert of. */
  readonly triggered = new Set<string>();

  protected authorize({ headers }: SeenRequest): void {
    const expected = `Basic ${Buffer.from(`tyrian:${this.token}`).toString("base64")}`;
    if (headers.authorization !== expected) throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const installed = securityAnalytics(request, this.installed);
    if (installed !== null) return installed;
    const route = `${method} ${path}`;
    if (route === "GET /_nodes/_local/stats/process") return this.nodeStats();
    if (route === "POST /_mget") return this.getMany(request);
    if (method === "PUT" && path.includes("/_create/")) return this.create(request);
    if (route === "POST /_plugins/_security_analytics/detectors/_search") return this.#detectors(request);
    if (route === "POST /_plugins/_security_analytics/rules/_search") return this.#rules(request);
    if (route === "GET /_plugins/_security_analytics/findings/_search") return this.#findings(request);
    if (route === "GET /_plugins/_security_analytics/alerts") return this.#alerts(request);
    if (route === "POST /_plugins/_ppl") return this.#ppl(request);
    if (method === "POST" && path.endsWith("/_search")) return this.search(request);
    throw new Refusal(405, `Incorrect HTTP method for uri [${path}] and method [${method}]`);
  }

  protected index(name: string): readonly Indexed[] | null {
    return name === "audit-*" ? this.world.documents.map((document) => this.indexed(document)) : null;
  }

  #detectors(request: SeenRequest): Reply {
    const { from, size } = jsonBody(
      request,
      z.strictObject({
        from: z.int(),
        size: z.int(),
        query: z.strictObject({ match_all: z.strictObject({}) }),
      }),
    );
    const ofWorld = this.world.rules.map((rule) => ({
      _index: ".opensearch-sap-detectors-config",
      _id: detectorOf(rule.name),
      _source: {
        type: "detector",
        name: `detector of ${rule.title}`,
        detector_type: "LINUX",
        enabled: rule.enabled,
        schedule: { period: { interval: rule.intervalMs / 60_000, unit: "MINUTES" } },
        inputs: [
          {
            detector_input: {
              description: "",
              indices: ["audit-*"],
              custom_rules: [{ id: rule.name }],
              pre_packaged_rules: [],
            },
          },
        ],
        triggers: [],
        monitor_id: [`monitor-${rule.name}`],
      },
    }));
    const hits = [...ofWorld, ...installedDetectors(this.installed)].slice(from, from + size);
    return { status: 200, body: { timed_out: false, _shards: { total: 1, failed: 0 }, hits: { hits } } };
  }

  /** All rules are custom ones. */
  #rules(request: SeenRequest): Reply {
    const { pre_packaged } = queryOf(request, z.strictObject({ pre_packaged: z.enum(["true", "false"]) }));
    const ids = z.strictObject({ ids: z.strictObject({ values: z.array(z.string()) }) });
    const all = z.strictObject({ match_all: z.strictObject({}) });
    const { from, size, query } = jsonBody(
      request,
      z.strictObject({ from: z.int(), size: z.int(), query: z.union([ids, all]) }),
    );
    const wanted = "ids" in query ? query.ids.values : null;
    const ofWorld = this.world.rules.map(({ name, title, query: pattern = "echo" }) => ({
      _index: ".opensearch-custom-rules-config",
      _id: name,
      _source: {
        category: "linux",
        title,
        last_update_time: new Date().toISOString(),
        queries: [{ value: `process.command_line: *${pattern}*` }],
        rule: `title: ${title}\ndetection:\n  selection:\n    CommandLine|contains: ${pattern}\n`,
      },
    }));
    const hits = [...ofWorld, ...installedRules(this.installed)]
      .filter(({ _id }) => pre_packaged === "false" && (wanted?.includes(_id) ?? true))
      .slice(from, from + size);
    return { status: 200, body: { timed_out: false, _shards: { total: 1, failed: 0 }, hits: { hits } } };
  }

  #findings(request: SeenRequest): Reply {
    const { detector_id, startTime, endTime, size, startIndex } = queryOf(request, z.strictObject(page));
    const findings = this.world.alerts
      .filter(
        ({ rule, createdAt }) =>
          detectorOf(rule) === detector_id && createdAt >= startTime && createdAt <= endTime,
      )
      .map(({ id, rule, createdAt, documents }) => ({
        detectorId: detector_id,
        id,
        index: "audit-000001",
        related_doc_ids: documents.map((document) => document.id),
        queries: [
          {
            id: rule,
            name: this.#rule(rule)?.title,
            tags: ["medium", "linux", "attack.execution", "attack.t1059.004"],
            query: "",
          },
        ],
        timestamp: createdAt,
        document_list: [],
      }));
    return {
      status: 200,
      body: { total_findings: findings.length, findings: findings.slice(startIndex, startIndex + size) },
    };
  }

  #alerts(request: SeenRequest): Reply {
    const { detector_id, startIndex, size } = queryOf(request, z.strictObject(page));
    const alerts = this.world.alerts
      .filter(({ id, rule }) => this.triggered.has(id) && detectorOf(rule) === detector_id)
      .map(({ id, createdAt }) => ({
        detector_id,
        id: `raised-${id}`,
        trigger_id: "t",
        trigger_name: "page the analyst",
        finding_ids: [id],
        related_doc_ids: [],
        state: "ACTIVE",
        severity: "1",
        start_time: new Date(createdAt + 1_000).toISOString(),
        last_notification_time: null,
        end_time: null,
      }));
    return {
      status: 200,
      body: { alerts: alerts.slice(startIndex, startIndex + size), total_alerts: alerts.length },
    };
  }

  /** PPL as far as the tests use it: one test of a command line, the bounds that the connector adds, rows or a count. */
  #ppl(request: SeenRequest): Reply {
    const { query } = jsonBody(request, z.strictObject({ query: z.string() }));
    const parsed =
      /^source=audit-\* \| where `?process\.command_line`? = '([^']*)' \| where \((.*)\) AND `@timestamp` >= timestamp\('([^']*)'\) AND `@timestamp` <= timestamp\('([^']*)'\) \| (fields _index, _id \| head \d+|stats count\(\))$/.exec(
        query,
      );
    if (parsed === null) throw new Refusal(400, `Invalid Query: ${query}`);
    const [, wanted, hosts = "", from = "", to = "", end = ""] = parsed;
    const found = this.world.documents.filter(
      ({ argv, host, time }) =>
        argv.join(" ") === wanted &&
        hosts.split(" OR ").includes(`\`host.name\` = '${host}'`) &&
        time >= Date.parse(`${from}Z`) &&
        time <= Date.parse(`${to}Z`),
    );
    const limited = found.slice(0, this.pplLimit).map((document) => this.indexed(document));
    const datarows = end.startsWith("stats")
      ? [[found.length]]
      : limited.map(({ _index, _id }) => [_index, _id]);
    return {
      status: 200,
      body: { schema: [], datarows, total: datarows.length, size: datarows.length },
    };
  }

  /** `plugins.query.size_limit`. */
  pplLimit = 200;

  #rule(name: string): WorldRule | undefined {
    return this.world.rules.find((rule) => rule.name === name);
  }
}

function detectorOf(rule: string): string {
  return `detector-${rule}`;
}
