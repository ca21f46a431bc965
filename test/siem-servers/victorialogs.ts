import { z } from "zod";
import { re2 } from "./re2.js";
import { formBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldDocument } from "./world.js";

const ns = z.string().regex(/^\d{1,19}$/, "cannot parse timestamp");
const querySchema = z.strictObject({
  query: z.string(),
  start: ns,
  end: ns,
  extra_filters: z.string().optional(),
  allow_partial_response: z.enum(["0", "1"]).optional(),
  limit: z.string().optional(),
});
const text = String.raw`"(?:[^"\\]|\\.)*"`;

/** VictoriaLogs 1, behind a proxy that wants a token. */
export class VictoriaLogsStandIn extends SiemStandIn {
  constructor(
    readonly world: World,
    /** The headers AccountID and ProjectID. */
    private readonly tenant: readonly [string, string],
  ) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `Bearer ${this.token}`) throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path, headers } = request;
    if (`${method} ${path}` !== "POST /select/logsql/query")
      throw new Refusal(400, `unsupported path requested: "${path}"`);
    const { query, start, end, extra_filters: filters = "*" } = formBody(request, querySchema);
    const matches = filterOf(query.replace(/\s*\| sort by \(_time\) limit \d+$/, ""));
    const narrows = filterOf(filters);
    const most = Number(/limit (\d+)$/.exec(query)?.[1] ?? Infinity);
    const [account, project] = this.tenant;
    const isOwn = headers["accountid"] === account && headers["projectid"] === project;
    const rows = (isOwn ? this.world.documents : [])
      .filter((document) => {
        const at = BigInt(document.time) * 1_000_000n;
        const row = this.#row(document);
        return at >= BigInt(start) && at < BigInt(end) && narrows(row) && matches(row);
      })
      .toSorted((one, other) => one.time - other.time)
      .slice(0, most);
    const date = new Date(Date.now() + this.world.clockOffsetMs).toUTCString();
    return {
      status: 200,
      body: rows.map((document) => `${JSON.stringify(this.#row(document))}\n`).join(""),
      headers: { "content-type": "application/stream+json", date },
    };
  }

  /** In plain text. */
  protected refusal(status: number, message: string): Reply {
    return { status, body: message, headers: { "content-type": "text/plain; charset=utf-8" } };
  }

  #row({ time, host, text: line, argv, ingestedAt }: WorldDocument): Record<string, string> {
    return {
      _time: new Date(time).toISOString(),
      _stream: `{host=${JSON.stringify(host)},job="audit"}`,
      _stream_id: "0000000000000000",
      _msg: line,
      job: "audit",
      host,
      "process.command_line": argv.join(" "),
      ...(this.world.ingestTimes ? { ingested_at: new Date(ingestedAt).toISOString() } : {}),
    };
  }
}

type Matches = (row: Readonly<Record<string, string>>) => boolean;

/** LogsQL as far as the tests use it: tests of fields that are joined by AND, one of which may be several joined by OR. */
function filterOf(query: string): Matches {
  const parts = query.split(" AND ").map((part): Matches => {
    const bare = part.replace(/^\((.*)\)$/s, "$1");
    const tests = bare.split(" OR ").map(testOf);
    return (row) => tests.some((test) => test(row));
  });
  return (row) => parts.every((part) => part(row));
}

/** @throws Refusal */
function testOf(test: string): Matches {
  if (test === "*") return () => true;
  if (test === '{job="audit"}') return ({ job }) => job === "audit";
  const [, name = "", operator = "", value = ""] =
    new RegExp(String.raw`^(${text}):(=|~|in\()?(.*?)\)?$`, "s").exec(test) ?? [];
  const literals = (value.match(new RegExp(text, "g")) ?? []).map((each) => JSON.parse(each) as string);
  const [wanted] = literals;
  if (name === "" || wanted === undefined) throw new Refusal(400, `cannot parse \`query\` arg [${test}]`);
  const field = JSON.parse(name) as string;
  return (row) => {
    const has = row[field] ?? "";
    if (operator === "in(") return literals.includes(has);
    if (operator === "=") return has === wanted;
    if (operator === "~") return re2(wanted).test(has);
    // A phrase: between what are no letters, digits and underscores.
    return new RegExp(String.raw`(?<!\w)${wanted.replaceAll(/[^\w]/g, String.raw`\$&`)}(?!\w)`).test(has);
  };
}

/** vmalert 1 with the rules of the world, which it evaluates for the moment half a minute before. */
export class VmalertStandIn extends SiemStandIn {
  /** Milliseconds (`-rule.evalDelay`). */
  static readonly evalDelayMs = 30_000;
  /** Evaluations that it remembers (`-rule.updateEntriesLimit`). */
  remembers = 20;
  /** Of the rules. */
  query = '{job="audit"} _time:10m "process.command_line":echo | stats by (host, ID) count() as total';
  forSeconds = 0;
  /** The evaluations, by their place from the last one, that failed. */
  failed: number[] = [];

  /** @param expected the header Authorization */
  constructor(
    readonly world: World,
    private readonly expected: () => string,
  ) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== this.expected()) throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    const route = `${request.method} ${request.path}`;
    const rules = this.world.rules
      .filter(({ enabled }) => enabled)
      .map(({ name, query }) => this.#rule(name, query));
    if (route === "GET /api/v1/rules") {
      queryOf(request, z.strictObject({}));
      const group = {
        name: "audit",
        type: "vlogs",
        interval: 60,
        id: "7",
        file: "rules.yml",
        concurrency: 1,
      };
      return { status: 200, body: { status: "success", data: { groups: [{ ...group, rules }] } } };
    }
    if (route !== "GET /api/v1/rule") throw new Refusal(400, "unsupported path requested");
    const { group_id, rule_id } = queryOf(
      request,
      z.strictObject({ group_id: z.string(), rule_id: z.string() }),
    );
    const rule = rules.find(({ id }) => id === rule_id && group_id === "7");
    if (rule === undefined) throw new Refusal(404, `can't find rule with id ${rule_id}`);
    return { status: 200, body: { ...rule, updates: this.#updates(rule.name) } };
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { error: message, errorType: status } };
  }

  #rule(name: string, query = this.query) {
    const [last] = this.#updates(name);
    return {
      state: "inactive",
      name,
      query,
      duration: this.forSeconds,
      keep_firing_for: 0,
      lastError: "",
      evaluationTime: 0.001,
      lastEvaluation: last?.time ?? "0001-01-01T00:00:00Z",
      health: "ok",
      type: "alerting",
      datasourceType: "vlogs",
      id: `id-of-${name}`,
      group_id: "7",
    };
  }

  /** The last first. */
  #updates(name: string) {
    const evaluations = this.world.rules.find((rule) => rule.name === name)?.evaluations ?? [];
    return evaluations
      .toReversed()
      .slice(0, this.remembers)
      .map(({ startedAt, completedAt }, index) => ({
        time: new Date(startedAt).toISOString(),
        at: new Date(startedAt - VmalertStandIn.evalDelayMs).toISOString(),
        duration: (completedAt - startedAt) * 1_000_000,
        error: this.failed.includes(index) ? {} : null,
        samples: 0,
        series_fetched: null,
        curl: "",
      }));
  }
}
