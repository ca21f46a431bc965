import { z } from "zod";
import { lokiGroups } from "./installed/loki.js";
import { re2 } from "./re2.js";
import { formBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldDocument } from "./world.js";

const ns = z.string().regex(/^\d{1,19}$/, "cannot parse to a valid timestamp");
const rangeSchema = z.strictObject({
  query: z.string(),
  start: ns,
  end: ns,
  limit: z.coerce
    .number()
    .int()
    .max(5_000, "max entries limit per query exceeded, limit > max_entries_limit_per_query"),
  direction: z.enum(["forward", "backward"]),
});
const nothing = z.strictObject({});
const text = String.raw`"(?:[^"\\]|\\.)*"`;

/** Loki 3 with its ruler, behind a proxy that wants a token. */
export class LokiStandIn extends SiemStandIn {
  warnings: string[] = [];
  /** The collector stamps entries with the time at which it read them. */
  readTimes = false;
  /** Of the rule `rule-echo`. */
  query = String.raw`sum by (host, ID) (count_over_time({job="audit"} | json | process_command_line=~"(?s:.*)echo(?s:.*)" [10m])) > 0`;
  forSeconds = 0;
  lastError = "";

  constructor(
    readonly world: World,
    private readonly tenant: string | undefined,
  ) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `Bearer ${this.token}`) throw new Refusal(401, "Unauthorized");
    if (headers["x-scope-orgid"] !== this.tenant) throw new Refusal(401, "no org id");
  }

  protected answer(request: SeenRequest): Reply {
    const installed = lokiGroups(request, this.installed);
    if (installed !== null) return installed;
    const route = `${request.method} ${request.path}`;
    if (route === "GET /loki/api/v1/status/buildinfo") {
      queryOf(request, nothing);
      const date = new Date(Date.now() + this.world.clockOffsetMs).toUTCString();
      return { status: 200, body: { version: "3.5.0", revision: "" }, headers: { date } };
    }
    if (route === "POST /loki/api/v1/query_range") return this.#range(request);
    if (route === "GET /prometheus/api/v1/rules") return this.#rules(request);
    throw new Refusal(404, "404 page not found");
  }

  /** In plain text. */
  protected refusal(status: number, message: string): Reply {
    return { status, body: message, headers: { "content-type": "text/plain" } };
  }

  #range(request: SeenRequest): Reply {
    const { query, start, end, limit } = formBody(request, rangeSchema);
    if (BigInt(end) < BigInt(start)) throw new Refusal(400, "end timestamp must not be before start time");
    const matches = matcherOf(query);
    const found = this.world.documents
      .map((document) => ({ document, at: this.#momentOf(document) }))
      .filter(({ document, at }) => at >= BigInt(start) && at < BigInt(end) && matches(document))
      .toSorted((one, other) => Number(one.at - other.at))
      .slice(0, limit);
    const streams = new Map<string, { stream: Record<string, string>; values: [string, string][] }>();
    for (const { document, at } of found) {
      const stream = this.#labelsOf(document);
      const key = JSON.stringify(stream);
      const known = streams.get(key) ?? { stream, values: [] };
      streams.set(key, known);
      known.values.push([String(at), document.text]);
    }
    return {
      status: 200,
      body: {
        status: "success",
        ...(this.warnings.length === 0 ? {} : { warnings: this.warnings }),
        data: { resultType: "streams", result: [...streams.values()], stats: {} },
      },
    };
  }

  #momentOf({ time, ingestedAt }: WorldDocument): bigint {
    return BigInt(this.readTimes ? ingestedAt : time) * 1_000_000n;
  }

  #labelsOf({ host, ingestedAt }: WorldDocument): Record<string, string> {
    return {
      job: "audit",
      host,
      service_name: "audit",
      ...(this.world.ingestTimes ? { ingested_at: new Date(ingestedAt).toISOString() } : {}),
    };
  }

  #rules(request: SeenRequest): Reply {
    queryOf(request, nothing);
    const rules = this.world.rules
      .filter(({ enabled }) => enabled)
      .map(({ name, evaluations, query = this.query }) => {
        const last = evaluations.at(-1);
        return {
          state: "inactive",
          name,
          query,
          duration: this.forSeconds,
          labels: {},
          annotations: {},
          alerts: [],
          health: this.lastError === "" ? "ok" : "err",
          lastError: this.lastError,
          type: "alerting",
          lastEvaluation:
            last === undefined ? "0001-01-01T00:00:00Z" : new Date(last.startedAt).toISOString(),
          evaluationTime: last === undefined ? 0 : (last.completedAt - last.startedAt) / 1000,
        };
      });
    const recording = { ...rules[0], name: "rule-nowhere", type: "recording" };
    const group = { name: "tyrian", file: "rules", interval: 60, lastEvaluation: "", evaluationTime: 0 };
    return {
      status: 200,
      body: {
        status: "success",
        data: { groups: [{ ...group, rules: [...rules, recording] }, ...this.#installedGroups()] },
      },
    };
  }

  #installedGroups() {
    return [...this.installed.values()].map((group) => ({
      name: group["name"],
      file: "tyrian",
      interval: 60,
      rules: (group["rules"] as { alert: string; expr: string }[]).map(({ alert, expr, ...rest }) => ({
        ...{ name: alert, query: expr, type: "alerting", health: "ok", ...rest },
        ...{ lastEvaluation: "0001-01-01T00:00:00Z", evaluationTime: 0 },
      })),
    }));
  }
}

/** A record with the labels that it has so far. */
interface Line {
  readonly labels: Record<string, string>;
  readonly document: WorldDocument;
}

/** LogQL as far as the tests use it. @throws Refusal for everything else */
function matcherOf(query: string): (document: WorldDocument) => boolean {
  const stages: ((line: Line) => boolean)[] = [];
  let rest = query.trim();
  const take = (pattern: string): string | null => {
    const match = new RegExp(`^\\s*${pattern}`, "s").exec(rest);
    if (match !== null) rest = rest.slice(match[0].length);
    return match === null ? null : (match[1] ?? "");
  };
  if (take(String.raw`\{job="audit"\}`) === null) throw new Refusal(400, `parse error: ${query}`);
  while (rest.trim() !== "") {
    const stage = stageOf(take);
    if (stage === null) throw new Refusal(400, `parse error at ${rest}`);
    stages.push(stage);
  }
  return (document) => {
    const line = { labels: { host: document.host }, document };
    return stages.every((stage) => stage(line));
  };
}

function stageOf(take: (pattern: string) => string | null): ((line: Line) => boolean) | null {
  if (take(String.raw`\| json\b`) !== null)
    return ({ labels, document }) => {
      labels["process_command_line"] = document.argv.join(" ");
      return true;
    };
  const contains = take(String.raw`\|= (${text})`);
  if (contains !== null) return ({ document }) => document.text.includes(unquoted(contains));
  const matches = take(String.raw`\|~ (${text})`);
  if (matches !== null) return ({ document }) => new RegExp(unquoted(matches)).test(document.text);
  const tests = take(String.raw`\|\s*(\w+=~?${text}(?: or \w+=~?${text})*)`);
  if (tests === null) return null;
  return ({ labels }) => tests.split(" or ").some((test) => holds(test, labels));
}

function holds(test: string, labels: Readonly<Record<string, string>>): boolean {
  const [, label = "", operator, value = '""'] = /^(\w+)(=~?)(.*)$/s.exec(test) ?? [];
  const wanted = unquoted(value);
  const has = labels[label] ?? "";
  return operator === "=" ? has === wanted : re2(wanted).test(has);
}

function unquoted(literal: string): string {
  return JSON.parse(literal) as string;
}
