import { z } from "zod";
import { quotedText } from "../../detection/convert/quoted-text.js";
import type { AlertsWanted, FoundAlert } from "../connector/connector.js";
import { severityOf } from "../connector/severity.js";
import { textAt, timeAt, wholeAt } from "../connector/values.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import { documentOf, type TableDocuments } from "./documents.js";
import { datetimeOfMs, PAGE, type Row, type Workspace } from "./query.js";
import { zoned } from "./runs.js";

/** Milliseconds before a span in which an alert that changed in it may have been made. */
const OLDEST_MS = 14 * 86_400_000;
/** Milliseconds past now in which alerts may be stamped, by another clock. */
const LATER_MS = 3_600_000;
/** Alerts of one question of which the events are asked for. */
const MOST_WITH_SOURCES = 100;

/** What a rule of Sentinel writes into `ExtendedProperties`, as far as it is read. */
const propertiesSchema = z.object({
  /** A list of ids as JSON. */
  "Analytic Rule Ids": z.string().optional(),
  Query: z.string().optional(),
  "Query Start Time UTC": z.string().optional(),
  "Query End Time UTC": z.string().optional(),
  "Search Query Results Overall Count": z.union([z.string(), z.number()]).optional(),
  "Event Grouping": z.string().optional(),
});
type Properties = z.infer<typeof propertiesSchema>;

const entitiesSchema = z.array(
  z.object({
    Type: z.string().optional(),
    HostName: z.string().optional(),
    DnsDomain: z.string().optional(),
    /** Of an account. */
    Name: z.string().optional(),
  }),
);

/** `High` is the highest. */
const severities = {
  informational: ["informational"],
  low: ["low"],
  medium: ["medium"],
  high: ["high", "critical"],
} as const;

type Sources = FoundAlert["sources"];

/** Alerts of the table SecurityAlert ("Microsoft Sentinel security alert schema reference"). */
export class SentinelAlerts {
  /** What an alert stands for does not change: it is found once. */
  readonly #sources = new Map<string, Promise<Sources>>();

  constructor(
    private readonly workspace: Workspace,
    private readonly documents: TableDocuments,
  ) {}

  /** An alert has a row each time that it is changed. One of an incident is an `incident`. */
  async find(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>> {
    const about = [
      ...wanted.rules.map((rule) => `ExtendedProperties contains ${quotedText(rule)}`),
      ...wanted.hosts.map((host) => `Entities contains ${quotedText(firstLabel(host))}`),
    ];
    if (about.length === 0) return found([]);
    const oldest = wanted.from - OLDEST_MS;
    const query = [
      [
        "let touched = SecurityAlert",
        `where TimeGenerated between (${datetimeOfMs(wanted.from)} .. ${datetimeOfMs(wanted.to + 1)})`,
        `where ${about.join(" or ")}`,
        "distinct SystemAlertId;",
      ].join("\n| "),
      [
        "let inIncidents = SecurityIncident",
        "mv-expand AlertId = AlertIds",
        "project AlertId = tostring(AlertId)",
        "distinct AlertId;",
      ].join("\n| "),
      [
        "SecurityAlert",
        "where SystemAlertId in (touched)",
        "summarize Created = min(TimeGenerated), arg_max(TimeGenerated, AlertName, AlertType, AlertSeverity, Entities, ExtendedProperties) by SystemAlertId",
        "extend InIncident = SystemAlertId in (inIncidents)",
        `top ${PAGE} by Created asc`,
      ].join("\n| "),
    ].join("\n");
    const span = { from: oldest, to: Math.max(wanted.to, Date.now()) + LATER_MS };
    const { rows, lacks } = await this.workspace.run("the alerts", query, span, signal);
    const read = rows.map((row) => readAlert(row, wanted));
    const unread = read.includes(null) ? "some alerts have a form that is not known" : null;
    const cut = rows.length < PAGE ? null : `there are ${PAGE} alerts or more`;
    const alerts = read.flatMap((alert) => alert ?? []).filter((alert) => isWanted(alert, wanted));
    const parts = await Promise.all(
      alerts.slice(0, MOST_WITH_SOURCES).map(async (alert) => this.#withSources(alert, signal)),
    );
    const unasked = alerts.slice(MOST_WITH_SOURCES).map(({ alert }) => alert);
    const reasons = [lacks, unread, cut].map((reason) => found<FoundAlert>([], reason));
    return foundTogether([found([...parts, ...unasked]), ...reasons]);
  }

  async #withSources({ alert, properties }: ReadAlert, signal: AbortSignal): Promise<FoundAlert> {
    const known = this.#sources.get(alert.id) ?? this.#sourcesOf(alert.id, properties, signal);
    this.#sources.set(alert.id, known);
    known.catch(() => this.#sources.delete(alert.id));
    const sources = await known;
    return { ...alert, sources, sourcesWhole: sources !== null };
  }

  /**
   * What the alert's own query finds in the span that it names: the alert's events, as long as there are as many as the alert says.
   * Records that came late are more, and which of them are the alert's is not told then.
   */
  async #sourcesOf(alert: string, properties: Properties, signal: AbortSignal): Promise<Sources> {
    const { Query: query, "Event Grouping": grouping } = properties;
    const from = timeAt({ at: zoned(properties["Query Start Time UTC"]) }, "at");
    const to = timeAt({ at: zoned(properties["Query End Time UTC"]) }, "at");
    const count = wholeAt(properties, "Search Query Results Overall Count");
    // An alert that stands for one result of several has that result in its query.
    const expected = grouping === "AlertPerResult" ? 1 : count;
    if (query === undefined || from === undefined || to === undefined) return null;
    if (expected === undefined || expected > PAGE) return null;
    const whole = `${query}\n| ${this.documents.sourceProjection()}\n| take ${PAGE + 1}`;
    const { rows, lacks } = await this.workspace.run("the events of an alert", whole, { from, to }, signal);
    if (lacks !== null || rows.length !== expected) return null;
    const documents = rows.map((row, index) => ({ ...documentOf(row), id: `${alert}/${index}` }));
    // Rows without a record are figures made of records.
    if (documents.some(({ host, text }) => host === "" || (text ?? "") === "")) return null;
    return { documents, missing: [] };
  }
}

interface ReadAlert {
  readonly alert: FoundAlert;
  readonly properties: Properties;
  /** The hosts that it names, each by all names that it may have. */
  readonly hosts: readonly (readonly string[])[];
}

/** An alert by its row, and what it says of itself. Null when it cannot be read. */
function readAlert(row: Row, wanted: AlertsWanted): ReadAlert | null {
  const id = textAt(row, "SystemAlertId");
  const createdAt = timeAt(row, "Created");
  const updatedAt = timeAt(row, "TimeGenerated");
  const properties = propertiesSchema.safeParse(jsonOf(textAt(row, "ExtendedProperties"), {}));
  const entities = entitiesSchema.safeParse(jsonOf(textAt(row, "Entities"), []));
  if (id === undefined || createdAt === undefined || updatedAt === undefined) return null;
  if (!properties.success || !entities.success) return null;
  const hosts = entities.data
    .filter(({ Type, HostName }) => Type?.toLowerCase() === "host" && HostName !== undefined)
    .map(({ HostName = "", DnsDomain }) =>
      DnsDomain === undefined ? [HostName] : [HostName, `${HostName}.${DnsDomain}`],
    );
  const [first = [], ...others] = hosts;
  const title = textAt(row, "AlertName") ?? "";
  const alert: FoundAlert = {
    id,
    rule: ruleOf(properties.data, wanted.rules) ?? textAt(row, "AlertType") ?? title,
    title,
    tier: row.InIncident === true || row.InIncident === 1 ? "incident" : "alert",
    host:
      others.length > 0 ? null : (first.find((name) => wanted.hosts.includes(name)) ?? first.at(-1) ?? null),
    createdAt,
    updatedAt,
    evaluatedAt: null,
    sources: null,
    sourcesWhole: false,
    foldedInto: null,
    severity: severityOf(textAt(row, "AlertSeverity"), severities),
    entities: {
      hosts: hosts.flatMap((names) => names.at(-1) ?? []),
      users: entities.data
        .filter(({ Type }) => Type?.toLowerCase() === "account")
        .flatMap(({ Name = "" }) => (Name === "" ? [] : [Name])),
    },
  };
  return { alert, properties: properties.data, hosts };
}

/** The rule that raised an alert, as the bindings write its id. */
function ruleOf({ "Analytic Rule Ids": text }: Properties, bound: readonly string[]): string | undefined {
  const ids = z.array(z.string()).safeParse(jsonOf(text, []));
  if (!ids.success) return undefined;
  const same = (one: string) => (other: string) => one.toLowerCase() === other.toLowerCase();
  return bound.find((rule) => ids.data.some(same(rule))) ?? ids.data[0];
}

/** Of a rule that is asked about, or on a host that is, and made or changed in the span. */
function isWanted({ alert, hosts }: ReadAlert, wanted: AlertsWanted): boolean {
  if (alert.updatedAt < wanted.from || alert.createdAt > wanted.to) return false;
  return (
    wanted.rules.includes(alert.rule) ||
    hosts.some((names) => names.some((name) => wanted.hosts.includes(name)))
  );
}

function jsonOf(text: string | undefined, absent: unknown): unknown {
  if (text === undefined || text === "") return absent;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Entities have a host's name without its domain. */
function firstLabel(host: string): string {
  return host.split(".")[0] ?? host;
}
