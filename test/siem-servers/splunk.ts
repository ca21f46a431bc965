import { z } from "zod";
import { splunkRules } from "./installed/splunk.js";
import { entryOf, historyOf, scheduledTimes } from "./splunk-saved-search.js";
import { formBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldDocument } from "./world.js";

const seconds = z.string().regex(/^\d+\.\d{3}$/, "Invalid earliest_time or latest_time");
const searchShape = {
  search: z.string().regex(/^\s*(\||search\b)/, "Unknown search command"),
  earliest_time: seconds,
  latest_time: seconds,
  output_mode: z.literal("json"),
};
const listSchema = z.strictObject({
  output_mode: z.literal("json"),
  count: z.coerce.number().int().optional(),
  offset: z.coerce.number().int().optional(),
});
const FIELDS = String.raw`\| fields index, host, _time, _indextime, _raw, _bkt, _cd$`;

interface Job {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  rounds: number;
}

/** The management port of Splunk 9. Saved searches are in the app `search` of `nobody`. */
export class SplunkStandIn extends SiemStandIn {
  /** How often a job says that it still runs. */
  jobRounds = 1;
  /** The export breaks off before its last row. */
  breaksOff = false;
  /** Said beside results. */
  messages: { readonly type: string; readonly text: string }[] = [];
  /** Jobs whose results have expired. */
  readonly expired = new Set<string>();
  /** Milliseconds that `rule-echo` withholds alerts after one. */
  suppressMs: number | null = null;
  /** Whether one alert stands for all results of its search. */
  digests = true;
  /** With Enterprise Security: whether the text of the event stands in a notable. */
  keepsRaw = true;
  readonly #jobs = new Map<string, Job>();
  #session = 0;

  constructor(readonly world: World) {
    super();
  }

  /** Jobs that were made and not taken away. */
  get jobs(): number {
    return this.#jobs.size;
  }

  protected authorize({ headers, path }: SeenRequest): void {
    if (path === "/services/auth/login") return;
    const allowed = [`Bearer ${this.token}`, `Splunk session-${this.#session}-of-${this.token}`];
    if (!allowed.includes(headers.authorization ?? ""))
      throw new Refusal(401, "call not properly authenticated");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const installed = splunkRules(request, this.installed);
    if (installed !== null) return installed;
    const route = `${method} ${path}`;
    if (route === "POST /services/auth/login") return this.#login(request);
    if (route === "GET /services/server/info") return this.#info(request);
    if (route === "POST /services/receivers/simple") return this.#receive(request);
    if (route === "POST /services/search/v2/jobs/export") return this.#export(request);
    if (route === "POST /services/search/v2/jobs") return this.#create(request);
    if (route === "GET /servicesNS/-/-/alerts/fired_alerts/-") return this.#fired(request);
    const job = /^\/services\/search\/v2\/jobs\/([^/]+)(\/results)?$/.exec(path);
    if (job !== null) return this.#job(request, decodeURIComponent(job[1] ?? ""), job[2] !== undefined);
    const saved = /^\/servicesNS\/([^/]+)\/([^/]+)\/saved\/searches\/([^/]+)(?:\/(\w+))?$/.exec(path);
    if (saved !== null) return this.#saved(request, saved.slice(1));
    throw new Refusal(404, "Not Found");
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { messages: [{ type: "ERROR", text: message }] } };
  }

  #login(request: SeenRequest): Reply {
    const { username, password } = formBody(
      request,
      z.strictObject({ username: z.string(), password: z.string(), output_mode: z.literal("json") }),
    );
    if (username !== "tyrian" || password !== this.token) throw new Refusal(401, "Login failed");
    this.#session += 1;
    return { status: 200, body: { sessionKey: `session-${this.#session}-of-${this.token}` } };
  }

  /** Events that were given, by index. */
  readonly received = new Map<string, unknown[]>([["tyrian", []]]);

  #receive(request: SeenRequest): Reply {
    const { index } = queryOf(
      request,
      z.strictObject({
        output_mode: z.literal("json"),
        index: z.string(),
        sourcetype: z.string(),
        source: z.string(),
      }),
    );
    if (request.body === "") throw new Refusal(400, "no event data");
    const events = this.received.get(index);
    if (events === undefined) throw new Refusal(400, `supplied index '${index}' missing`);
    events.push(JSON.parse(request.body));
    return { status: 200, body: { index, bytes: request.body.length, host: "splunk", source: "tyrian" } };
  }

  /** Ends all sessions. */
  endSessions(): void {
    this.#session += 1;
  }

  #info(request: SeenRequest): Reply {
    queryOf(request, listSchema);
    const date = new Date(Date.now() + this.world.clockOffsetMs).toUTCString();
    return { status: 200, body: { entry: [{ name: "server-info" }] }, headers: { date } };
  }

  #export(request: SeenRequest): Reply {
    const { search, earliest_time, latest_time } = formBody(
      request,
      z.strictObject({ ...searchShape, preview: z.literal("false") }),
    );
    const rows = this.#search(search, Number(earliest_time) * 1000, Number(latest_time) * 1000);
    const lines = rows.map((result, offset) => ({
      preview: false,
      offset,
      ...(offset === rows.length - 1 && !this.breaksOff ? { lastrow: true } : {}),
      result,
    }));
    const end = rows.length === 0 && !this.breaksOff ? [{ preview: false, offset: 0, lastrow: true }] : [];
    const messages = this.messages.length === 0 ? [] : [{ messages: this.messages }];
    const body = [...lines, ...end, ...messages].map((line) => `${JSON.stringify(line)}\n`).join("");
    return { status: 200, body };
  }

  #create(request: SeenRequest): Reply {
    const { search, earliest_time, latest_time } = formBody(
      request,
      z.strictObject({ ...searchShape, exec_mode: z.literal("normal") }),
    );
    const sid = `1795492269.${this.#jobs.size}`;
    const rows = this.#search(search, Number(earliest_time) * 1000, Number(latest_time) * 1000);
    this.#jobs.set(sid, { rows, rounds: this.jobRounds });
    return { status: 201, body: { sid } };
  }

  #job(request: SeenRequest, sid: string, results: boolean): Reply {
    const { count = 100, offset = 0 } = queryOf(request, listSchema);
    const alert = this.world.alerts.find(({ id }) => sidOf(id) === sid);
    const job =
      this.#jobs.get(sid) ??
      (alert === undefined || this.expired.has(sid)
        ? undefined
        : { rows: alert.documents.map((document) => this.#row(document)), rounds: 0 });
    if (job === undefined) return this.refusal(404, `Unknown sid.`);
    if (request.method === "DELETE") {
      this.#jobs.delete(sid);
      return { status: 200, body: { messages: [] } };
    }
    if (request.method !== "GET") throw new Refusal(405, "Method Not Allowed");
    if (results) {
      // The real server has no content before the job is done.
      if (job.rounds > 0) throw new Refusal(400, "Job is not done");
      return { status: 200, body: { preview: false, results: job.rows.slice(offset, offset + count) } };
    }
    const isDone = job.rounds <= 0;
    job.rounds -= 1;
    const content = {
      dispatchState: isDone ? "DONE" : "RUNNING",
      isDone,
      isFailed: false,
      isFinalized: false,
      messages: this.messages,
    };
    return { status: 200, body: { entry: [{ name: sid, content }] } };
  }

  #fired(request: SeenRequest): Reply {
    const { count = 30, offset = 0 } = queryOf(request, listSchema);
    const entry = this.world.alerts.map(({ id, rule, createdAt }) => ({
      name: `scheduler__nobody__search__${id}`,
      content: {
        savedsearch_name: rule,
        sid: sidOf(id),
        trigger_time: Math.floor(createdAt / 1000),
        triggered_alerts: 1,
        severity: 3,
        digest_mode: this.digests,
      },
    }));
    return { status: 200, body: { entry: entry.slice(offset, offset + count) } };
  }

  #saved(request: SeenRequest, [owner = "", app = "", encoded = "", what]: readonly string[]): Reply {
    const name = decodeURIComponent(encoded);
    const rule = this.world.rules.find((one) => one.name === name);
    if (rule === undefined) return this.refusal(404, `Could not find object id=${name}`);
    if (what !== undefined && (owner !== "nobody" || app !== "search"))
      throw new Refusal(404, "the object is in nobody/search");
    switch (`${request.method} ${what ?? ""}`) {
      case "GET ":
        queryOf(request, listSchema);
        return {
          status: 200,
          body: { entry: [entryOf(rule, rule.name === "rule-echo" ? this.suppressMs : null)] },
        };
      case "GET history":
        queryOf(request, listSchema);
        return { status: 200, body: { entry: historyOf(rule) } };
      case "GET scheduled_times":
        return scheduledTimes(request, rule);
      case "POST dispatch":
        return this.#dispatch(request);
      default:
        throw new Refusal(405, "Method Not Allowed");
    }
  }

  /** The saved search of the tests finds what has `echo` in its command line. */
  #dispatch(request: SeenRequest): Reply {
    const form = formBody(
      request,
      z.strictObject({
        output_mode: z.literal("json"),
        trigger_actions: z.literal("0"),
        "dispatch.earliest_time": seconds,
        "dispatch.latest_time": seconds,
      }),
    );
    const from = Number(form["dispatch.earliest_time"]) * 1000;
    const to = Number(form["dispatch.latest_time"]) * 1000;
    const rows = this.world.documents
      .filter(({ argv, time }) => argv.join(" ").includes("echo") && time >= from && time < to)
      .map((document) => this.#row(document));
    const sid = `nobody__search__${this.#jobs.size}`;
    this.#jobs.set(sid, { rows, rounds: this.jobRounds });
    return { status: 201, body: { sid } };
  }

  /** SPL as far as the connector and the tests write it. Event time: from inclusive, to exclusive. */
  #search(search: string, from: number, to: number): Readonly<Record<string, unknown>>[] {
    const notables = new RegExp(
      String.raw`^search \(index=notable OR index=risk\) _index_earliest=(\d+) _index_latest=(\d+) \((.*)\) \| fields index, _indextime, .*$`,
    ).exec(search);
    if (notables !== null) return this.#notables(notables.slice(1));
    const events = new RegExp(
      String.raw`^search index=linux \((host="[^"]*"(?: OR host="[^"]*")*)\)(?: "([\w-]+)" \(("[\w-]+"(?: OR "[\w-]+")*)\))? ${FIELDS}`,
    ).exec(search);
    const query = new RegExp(
      String.raw`^search index="?linux"? process\.command_line="([^"]*)" \| search \((host="[^"]*"(?: OR host="[^"]*")*)\) ${FIELDS}`,
    ).exec(search);
    if (events === null && query === null) throw new Refusal(400, `Error in 'search' command: ${search}`);
    const hosts = quoted(events?.[1] ?? query?.[2] ?? "");
    const word = events?.[2];
    const trials = quoted(events?.[3] ?? "");
    const pattern = query?.[1] === undefined ? null : wildcard(query[1]);
    return this.world.documents
      .filter(
        ({ host, time, text, argv }) =>
          hosts.includes(host.toLowerCase()) &&
          time >= Math.round(from) &&
          time < Math.round(to) &&
          (word === undefined || (text.includes(word) && trials.some((trial) => text.includes(trial)))) &&
          (pattern === null || pattern.test(argv.join(" "))),
      )
      .map((document) => this.#row(document));
  }

  #notables([from, to, about = ""]: readonly string[]): Readonly<Record<string, unknown>>[] {
    const names = quoted(about);
    return this.world.alerts
      .filter(({ rule, createdAt, documents }) => {
        const at = Math.floor(createdAt / 1000);
        return (
          (names.includes(rule) || documents.some(({ host }) => names.includes(host))) &&
          at >= Number(from) &&
          at < Number(to)
        );
      })
      .map(({ id, rule, createdAt, documents: [document] }, index) => ({
        index: "notable",
        _indextime: String(Math.floor(createdAt / 1000)),
        _bkt: "notable~1",
        _cd: `1:${index}`,
        search_name: rule,
        orig_host: document?.host,
        ...(this.keepsRaw ? { orig_raw: document?.text } : {}),
        orig_sid: sidOf(id),
      }));
  }

  #row({ id, host, time, ingestedAt, text }: WorldDocument): Readonly<Record<string, unknown>> {
    return {
      index: "linux",
      host,
      _time: new Date(time).toISOString(),
      ...(this.world.ingestTimes ? { _indextime: String(Math.floor(ingestedAt / 1000)) } : {}),
      _raw: text,
      _bkt: "linux~1",
      _cd: `1:${id}`,
    };
  }
}

function sidOf(alert: string): string {
  return `scheduler__nobody__search__RMD5_at_${alert}`;
}

function quoted(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
}

function wildcard(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replaceAll(/[^\w\s]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "is");
}
