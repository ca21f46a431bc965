import { z } from "zod";
import type { AlertsWanted, FoundAlert, SiemDocument } from "../connector/connector.js";
import { severityOf } from "../connector/severity.js";
import { textAt, wholeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found, found, foundTogether } from "../http/pages.js";
import { anyOf, documentOf } from "./documents.js";
import { flag } from "./saved-search.js";
import { exportSearch, GONE, resultsOf, type Row } from "./search.js";

const PAGE = 500;
/** Triggered alerts of one span whose jobs are looked into. */
const MOST_JOBS = 200;

const firedSchema = z.object({
  entry: z.array(
    z.object({
      name: z.string(),
      content: z.object({
        savedsearch_name: z.string(),
        sid: z.string(),
        /** Seconds since 1970. */
        trigger_time: z.number(),
        /** Whether one alert stands for all results, and not each for one. */
        digest_mode: flag.optional(),
        /** Of the alert: 1 debug, 2 info, 3 warn, 4 error, 5 severe, 6 fatal. */
        severity: z.union([z.int(), z.string()]).optional(),
      }),
    }),
  ),
});

/** What the numbers stand for; warn is the default, and has no nearer level for what is low. */
const severities = {
  1: ["informational"],
  2: ["informational"],
  3: ["low", "medium"],
  4: ["high"],
  5: ["critical"],
  6: ["critical"],
} as const;

type Sources = FoundAlert["sources"];

/** Alerts as Splunk has them, and the jobs that they came from. Jobs do not change any more: each is read once. */
export class SplunkAlerts {
  readonly #jobs = new Map<string, Promise<Found<Row>>>();

  constructor(private readonly http: SiemHttp) {}

  /** Triggered alerts of saved searches, as long as they have not expired (REST API: alerts/fired_alerts). */
  async triggered(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const fired = await allPages(0, async (offset) => {
      const { value } = await this.http.request({
        what: "the triggered alerts",
        method: "GET",
        path: "/servicesNS/-/-/alerts/fired_alerts/-",
        query: { output_mode: "json", count: PAGE, offset },
        schema: firedSchema,
        signal,
      });
      const { entry } = value;
      return { rows: entry, next: entry.length < PAGE ? null : offset + PAGE };
    });
    const inSpan = fired.rows.filter(({ content }) => {
      const at = content.trigger_time * 1000;
      return at + 999 >= wanted.from && at <= wanted.to;
    });
    const parts = await Promise.all(
      inSpan.slice(0, MOST_JOBS).map(async ({ name, content }) => {
        const sources = await this.#sourcesOf(content.sid, content.digest_mode !== false, signal);
        const at = content.trigger_time * 1000;
        const alert = alertOf({ id: name, rule: content.savedsearch_name, at, tier: "alert" }, sources);
        return content.severity === undefined
          ? alert
          : { ...alert, severity: severityOf(String(content.severity), severities) };
      }),
    );
    const lacks =
      inSpan.length > MOST_JOBS
        ? `${inSpan.length} alerts were triggered in the span, and ${MOST_JOBS} are looked into`
        : null;
    return foundTogether([found(parts.filter(isWanted(wanted)), fired.lacks), found<FoundAlert>([], lacks)]);
  }

  /** Notables and risk events of Enterprise Security, by when they were indexed. */
  async notables(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const { rules, hosts, from, to } = wanted;
    const about = [
      ...(rules.length === 0 ? [] : [anyOf("search_name", rules)]),
      ...(hosts.length === 0 ? [] : [anyOf("orig_host", hosts), anyOf("dest", hosts)]),
    ];
    if (about.length === 0) return found([]);
    const search = [
      "search (index=notable OR index=risk)",
      `_index_earliest=${Math.floor(from / 1000)} _index_latest=${Math.ceil(to / 1000) + 1}`,
      `(${about.join(" OR ")})`,
      "| fields index, _indextime, _bkt, _cd, search_name, orig_host, dest, orig_raw, orig_sid",
    ].join(" ");
    // By event time without bounds: what a notable says of its own time depends on its search.
    const everything = { from: 0, to: Date.now() + 86_400_000 };
    const { rows, lacks } = await exportSearch(
      this.http,
      "the notables and risk events",
      search,
      everything,
      signal,
    );
    const alerts = await Promise.all(rows.map((row) => this.#notableOf(row, signal)));
    const known = alerts.flatMap((alert) => alert ?? []);
    const unknown = alerts.length - known.length;
    return foundTogether([
      found(known, lacks),
      found<FoundAlert>([], unknown === 0 ? null : `${unknown} notables name no search or no time`),
    ]);
  }

  async #notableOf(row: Row, signal: AbortSignal): Promise<FoundAlert | null> {
    const rule = textAt(row, "search_name");
    const seconds = wholeAt(row, "_indextime");
    if (rule === undefined || seconds === undefined) return null;
    const host = textAt(row, "orig_host") ?? textAt(row, "dest") ?? null;
    const sid = textAt(row, "orig_sid");
    const raw = textAt(row, "orig_raw");
    const document = raw === undefined || host === null ? null : documentOf({ _raw: raw, host });
    let sources: Sources = document === null ? null : { documents: [document], missing: [] };
    if (sources === null && sid !== undefined) sources = await this.#sourcesOf(sid, false, signal);
    const id = `${textAt(row, "_bkt") ?? textAt(row, "index") ?? ""}/${textAt(row, "_cd") ?? `${rule}@${seconds}`}`;
    const tier = textAt(row, "index") === "risk" ? "signal" : "alert";
    const alert = alertOf({ id, rule, at: seconds * 1000, tier }, sources);
    return { ...alert, host: alert.host ?? host };
  }

  /**
   * The events of a job that an alert stands for; null when the job has expired, or found no events but figures made of them, or
   * when it is not told which of them are the alert's.
   * @param all whether the alert stands for all that the job found
   */
  async #sourcesOf(sid: string, all: boolean, signal: AbortSignal): Promise<Sources> {
    const job = this.#jobs.get(sid) ?? resultsOf(this.http, "an alert", sid, signal);
    this.#jobs.set(sid, job);
    job.then(
      ({ lacks }) => (lacks === null || lacks === GONE ? undefined : this.#jobs.delete(sid)),
      () => this.#jobs.delete(sid),
    );
    const { rows, lacks } = await job;
    if (lacks !== null || (!all && rows.length > 1)) return null;
    const events = rows.map(documentOf).filter((document): document is SiemDocument => document !== null);
    if (events.length === 0 || events.length < rows.length) return null;
    return { documents: events, missing: [] };
  }
}

function alertOf(
  { id, rule, at, tier }: Pick<FoundAlert, "id" | "rule" | "tier"> & { readonly at: number },
  sources: Sources,
): FoundAlert {
  const hosts = new Set(sources?.documents.map(({ host }) => host));
  return {
    id,
    rule,
    title: rule,
    tier,
    host: hosts.size === 1 ? ([...hosts][0] ?? null) : null,
    createdAt: at,
    updatedAt: at,
    evaluatedAt: null,
    sources,
    sourcesWhole: sources !== null,
    foldedInto: null,
  };
}

/** Of a rule that is asked about, or on a host that is. */
function isWanted({ rules, hosts }: AlertsWanted): (alert: FoundAlert) => boolean {
  return ({ rule, host, sources }) =>
    rules.includes(rule) ||
    (host !== null && hosts.includes(host)) ||
    sources?.documents.some((document) => hosts.includes(document.host)) === true;
}
