import type {
  AlertsWanted,
  Connector,
  FoundAlert,
  FoundRule,
  NativeQuery,
  RuleDefinition,
  SearchSpan,
  SiemDocument,
} from "../connector/connector.js";
import { techniqueIds, textsOf } from "../connector/severity.js";
import { fieldAt, textAt, timeAt, wholeAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { anyOf, IndexedDocuments, luceneQuery } from "../search-api/documents.js";
import { type Hit, idOf, type Query, searchIndex } from "../search-api/search.js";
import type { HostSpan, TrialOnHost } from "../siem.js";
import type { AlertSeverity, Level } from "../../model/alert.js";
import { TyrianError } from "../../errors.js";
import { managerClock, wazuhDefinition, wazuhRule } from "./manager.js";
import type { WazuhSettings } from "./settings.js";

/** When the manager had it: the index knows no other time. */
const TIME = "@timestamp";
const STORED = "timestamp";
const TEXT = "full_log";
/** laurel's `ID`, as the manager's decoder of JSON leaves it: seconds, milliseconds and serial of the event itself. */
const STAMP = "data.ID";
/** Milliseconds by which a host's clock may differ from the manager's: a day, and a time zone. */
const HOST_CLOCK_MS = 26 * 3_600_000;

/** Wazuh 4: events and alerts from its indexer, rules from its manager. */
export class WazuhConnector implements Connector {
  readonly languages = ["lucene"] as const;
  readonly #documents: IndexedDocuments;

  /** @param others what else is to be closed */
  constructor(
    private readonly indexer: SiemHttp,
    private readonly manager: SiemHttp,
    private readonly settings: WazuhSettings,
    private readonly others: readonly SiemHttp[],
  ) {
    this.#documents = new IndexedDocuments(indexer, {
      ...settings.telemetry,
      timeField: TIME,
      ingestedField: STORED,
      textField: TEXT,
    });
  }

  clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }> {
    return managerClock(this.manager, signal);
  }

  async sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const { rows, lacks } = await this.#documents.sentinels(asked, signal);
    // Other events are found by this field, and those without it never.
    const plain = rows.filter(({ fields }) => textAt(fields, STAMP) === undefined).length;
    if (plain === 0) return found(rows, lacks);
    const told = `${plain} of its documents have no ${STAMP}: the manager did not decode them as JSON`;
    return found(rows, lacks === null ? told : `${lacks}; ${told}`);
  }

  documents({ host, from, to }: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#find("the events of a host", [], { hosts: [host], from, to }, signal);
  }

  async alerts({ rules, hosts, from, to }: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const { alertsIndex: index, telemetry } = this.settings;
    const { rows, lacks } = await searchIndex(this.indexer, {
      what: "the alerts",
      index,
      filter: [
        anyOf([
          { terms: { "rule.id": [...new Set(rules)] } },
          { terms: { [telemetry.hostField]: [...new Set(hosts)] } },
        ]),
      ],
      timeField: TIME,
      from,
      to,
      signal,
    });
    const alerts = rows.map((hit) => alertOf(hit, this.#documents.documentOf(hit)));
    const known = alerts.flatMap((alert) => alert ?? []);
    const others = `${alerts.length - known.length} alerts name no rule or no time`;
    if (known.length === alerts.length) return found(known, lacks);
    return found(known, lacks === null ? others : `${lacks}; ${others}`);
  }

  async rule(id: string, since: number, signal: AbortSignal): Promise<FoundRule> {
    const { found: rule, ignoreMs } = await wazuhRule(this.manager, id, signal);
    if (ignoreMs === null) return rule;
    const wanted = { rules: [id], hosts: [], from: since - ignoreMs, to: Date.now() + HOST_CLOCK_MS };
    const openers = await this.alerts(wanted, signal);
    const throttles = openers.rows.map(({ id: openedBy, createdAt }) => ({
      from: createdAt,
      until: createdAt + ignoreMs,
      openedBy,
    }));
    return { ...rule, throttles, lacks: rule.lacks ?? openers.lacks };
  }

  definition(id: string, signal: AbortSignal): Promise<RuleDefinition | null> {
    return wazuhDefinition(this.manager, id, signal);
  }

  search({ text }: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>> {
    return this.#find("a query", [luceneQuery(text)], span, signal);
  }

  pusher(): never {
    throw new TyrianError(
      "push-unsupported",
      `${this.manager.siem}: Wazuh's rules are files of XML on its manager, which Sigma rules are not converted to; they count after a restart of the manager`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.indexer, this.manager, ...this.others].map((http) => http.close()));
  }

  /** By the events' own time, which stands in no field of dates: in order, its texts are in order of time. */
  #find(
    what: string,
    filter: readonly Query[],
    { hosts, from, to }: SearchSpan,
    signal: AbortSignal,
  ): Promise<Found<SiemDocument>> {
    const own = {
      range: { [STAMP]: { gte: stampAt(Math.floor(from)), lte: `${stampAt(Math.floor(to))}:~` } },
    };
    const stored = { hosts, from: from - HOST_CLOCK_MS, to: Date.now() + HOST_CLOCK_MS };
    return this.#documents.find(what, [own, ...filter], stored, signal);
  }
}

/** `sec.msec`, with ten digits of seconds as there are from 2001 to 2286. */
function stampAt(ms: number): string {
  const digits = String(Math.max(0, ms)).padStart(13, "0");
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** An alert holds the event that it was raised for; null when it lacks what every alert has. */
function alertOf(hit: Hit, document: SiemDocument): FoundAlert | null {
  const { _source: fields } = hit;
  const rule = textAt(fields, "rule.id");
  const at = timeAt(fields, STORED);
  if (rule === undefined || at === undefined) return null;
  // Of a rule that counts, the events before are there as a text, without their hosts.
  const counts = ["rule.frequency", "previous_output"].some((path) => fieldAt(fields, path) !== undefined);
  return {
    id: idOf(hit),
    rule,
    title: textAt(fields, "rule.description") ?? rule,
    tier: "alert",
    host: document.host === "" ? null : document.host,
    createdAt: at,
    updatedAt: at,
    evaluatedAt: at,
    sources: { documents: [document], missing: [] },
    sourcesWhole: !counts,
    foldedInto: null,
    severity: severityOf(wholeAt(fields, "rule.level")),
    entities: { hosts: document.host === "" ? [] : [document.host] },
    techniques: techniqueIds(textsOf(fieldAt(fields, "rule.mitre.id"))),
  };
}

/** The bands that Wazuh's dashboard shows of the levels 0 to 15: low, medium from 7, high from 12, critical from 15. */
function severityOf(level: number | undefined): AlertSeverity | null {
  if (level === undefined) return null;
  const levels: Level[] =
    level < 7 ? ["informational", "low"] : level < 12 ? ["medium"] : level < 15 ? ["high"] : ["critical"];
  return { text: `level ${level}`, levels };
}
