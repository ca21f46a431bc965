import { createHash } from "node:crypto";
import { z } from "zod";
import { azureRules } from "./installed/azure.js";
import {
  formBody,
  jsonBody,
  queryOf,
  Refusal,
  type Reply,
  type SeenRequest,
  SiemStandIn,
} from "./stand-in.js";
import type { World, WorldAlert, WorldDocument } from "./world.js";

export const WORKSPACE = {
  id: "11111111-0000-4000-8000-000000000001",
  subscription: "11111111-0000-4000-8000-000000000002",
  resourceGroup: "rg-soc",
  name: "ws-soc",
};
const CLIENT = "11111111-0000-4000-8000-000000000003";
export const auth = (secret: string) => ({
  type: "client-credentials",
  tenant: "tenant.example",
  client: CLIENT,
  secret,
});

const TABLE = "LinuxAudit_CL";
const DATE = String.raw`datetime\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z)\)`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const DOCUMENTS = new RegExp(
  String.raw`^([\s\S]*?)\n\| where TimeGenerated between \(${DATE} \.\. ${DATE}\)\n\| where Computer in~ \((${QUOTED}(?:, ${QUOTED})*)\)(?:\n\| where RawData contains (${QUOTED}) and \((.*)\))?\n\| project Time = TimeGenerated, Host = tostring\(Computer\), Text = tostring\(RawData\), Ingested = ingestion_time\(\), Id = hash_sha256\(strcat\(tostring\(Computer\), "\\n", tostring\(RawData\)\)\)\n\| top 10000 by Time asc$`,
);
const SOURCES = new RegExp(
  String.raw`^([\s\S]*)\n\| project Host = tostring\(column_ifexists\("Computer", ""\)\), Text = tostring\(column_ifexists\("RawData", ""\)\)\n\| take 10001$`,
);
const RULE_QUERY = `${TABLE}\n| where RawData contains "echo"`;
const bodySchema = z.strictObject({
  query: z.string(),
  timespan: z.string().regex(/^\d{4}-[\d-]+T[\d:.]+Z\/\d{4}-[\d-]+T[\d:.]+Z$/),
});

type Row = Readonly<Record<string, unknown>>;
interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The query API of Log Analytics over one workspace with Sentinel. */
export class LogAnalyticsStandIn extends SiemStandIn {
  /** Said beside rows, of which the last is missing then. */
  partialError: string | null = null;
  grouping: "AlertPerResult" | "SingleAlert" = "AlertPerResult";
  /** Milliseconds by which `TimeGenerated` of records is later than their own time. */
  timeGeneratedLateMs = 0;
  /** Whether the table SentinelHealth is there, and what its two times of a run are. */
  health: "none" | "spans" | "run-times" = "spans";
  /** Alerts by their ids that were changed later, and those of an incident. */
  readonly changedAt = new Map<string, number>();
  readonly inIncident = new Set<string>();

  constructor(readonly world: World) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `Bearer access-of-${this.token}-to-${this.url}/.default`)
      throw new Refusal(401, "The provided authentication is not valid for this resource");
  }

  protected answer(request: SeenRequest): Reply {
    if (request.method !== "POST" || request.path !== `/v1/workspaces/${WORKSPACE.id}/query`)
      throw new Refusal(404, "The requested path does not exist");
    if (!/^wait=\d+$/.test(String(request.headers.prefer))) throw new Refusal(400, "Invalid Prefer header");
    const { query, timespan } = jsonBody(request, bodySchema);
    const [from = 0, to = 0] = timespan.split("/").map((text) => Date.parse(text));
    const rows = this.#rows(query, { from, to });
    const kept = this.partialError === null ? rows : rows.slice(0, -1);
    const columns = Object.keys(rows[0] ?? { Empty: "" });
    const table = {
      name: "PrimaryResult",
      columns: columns.map((name) => ({ name, type: "string" })),
      rows: kept.map((row) => columns.map((name) => row[name] ?? null)),
    };
    const error =
      this.partialError === null
        ? {}
        : {
            error: {
              code: "PartialError",
              message: "There were some errors when processing your query.",
              details: [{ code: "EngineError", message: this.partialError }],
            },
          };
    return { status: 200, body: { tables: [table], ...error } };
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { error: { code: "BadArgumentError", message } } };
  }

  #rows(query: string, span: Span): readonly Row[] {
    if (query === "print Now = now()") return [{ Now: iso(Date.now() + this.world.clockOffsetMs) }];
    const documents = DOCUMENTS.exec(query);
    if (documents !== null) return this.#documents(documents.slice(1), span);
    const sources = SOURCES.exec(query);
    if (sources !== null) return this.#sources(sources[1] ?? "", span);
    if (query.startsWith("let touched = SecurityAlert\n")) return this.#alerts(query, span);
    if (query.includes("(SentinelHealth)\n")) return this.#runs(query, span);
    throw new Refusal(400, `SYN0002: Query could not be parsed: ${query}`);
  }

  #documents(
    [head = "", from = "", to = "", hosts = "", word, trials = ""]: readonly string[],
    span: Span,
  ): readonly Row[] {
    const names = texts(hosts).map((name) => name.toLowerCase());
    const anyTrial = texts(trials);
    const isWanted = conditionOf(head);
    return this.world.documents
      .filter((document) => {
        const time = this.#timeGenerated(document);
        return (
          names.includes(document.host.toLowerCase()) &&
          iso(time) >= from &&
          iso(time) <= to &&
          time >= span.from &&
          time < span.to &&
          isWanted(document) &&
          (word === undefined ||
            (document.text.includes(texts(word)[0] ?? "") &&
              anyTrial.some((trial) => document.text.includes(trial))))
        );
      })
      .toSorted((one, other) => one.time - other.time)
      .slice(0, 10_000)
      .map((document) => ({
        Time: iso(this.#timeGenerated(document)),
        Host: document.host,
        Text: document.text,
        Ingested: this.world.ingestTimes ? iso(document.ingestedAt) : null,
        Id: createHash("sha256").update(`${document.host}\n${document.text}`).digest("hex"),
      }));
  }

  #timeGenerated({ time }: WorldDocument): number {
    return time + this.timeGeneratedLateMs;
  }

  /** The events of an alert: those in its query, or those that the rule's query finds now. */
  #sources(query: string, { from, to }: Span): readonly Row[] {
    const embedded = /^let alertedEvent = datatable\(compressedRec: string\)\['([\w-]+)'\]/.exec(query)?.[1];
    const documents =
      embedded === undefined
        ? this.world.documents.filter(
            ({ argv, time }) => argv.join(" ").includes("echo") && time >= from && time < to,
          )
        : (this.world.alerts.find(({ id }) => id === embedded)?.documents ?? []);
    if (embedded === undefined && query !== RULE_QUERY) throw new Refusal(400, `SEM0100: ${query}`);
    return documents.map(({ host, text }) => ({ Host: host, Text: text }));
  }

  #alerts(query: string, span: Span): readonly Row[] {
    const parts =
      new RegExp(
        String.raw`^let touched = SecurityAlert\n\| where TimeGenerated between \(${DATE} \.\. ${DATE}\)\n\| where (.*)\n\| distinct SystemAlertId;\nlet inIncidents = SecurityIncident\n\| mv-expand AlertId = AlertIds\n\| project AlertId = tostring\(AlertId\)\n\| distinct AlertId;\nSecurityAlert\n\| where SystemAlertId in \(touched\)\n\| summarize Created = min\(TimeGenerated\), arg_max\(TimeGenerated, AlertName, AlertType, AlertSeverity, Entities, ExtendedProperties\) by SystemAlertId\n\| extend InIncident = SystemAlertId in \(inIncidents\)\n\| top 10000 by Created asc$`,
      ).exec(query) ?? [];
    const [, from = "", to = "", about = ""] = parts;
    if (about === "") throw new Refusal(400, `SYN0002: ${query}`);
    const terms = about.split(" or ").map((term) => /^(\w+) contains ("[^"]*")$/.exec(term) ?? []);
    return this.world.alerts
      .map((alert) => this.#alertRow(alert))
      .filter(({ Created, TimeGenerated, ...row }) => {
        const touched = [Created, TimeGenerated].some((time) => time >= from && time <= to);
        const named = terms.some(([, column = "", text = ""]) =>
          String((row as Row)[column]).includes(texts(text)[0] ?? "?"),
        );
        return touched && named && Date.parse(Created) >= span.from && Date.parse(TimeGenerated) < span.to;
      });
  }

  #alertRow(alert: WorldAlert) {
    const { id, rule, createdAt, documents } = alert;
    const hosts = [...new Set(documents.map(({ host }) => host))];
    const times = documents.map(({ time }) => time);
    const properties = {
      "Analytic Rule Ids": JSON.stringify([rule]),
      "Analytic Rule Name": "echo",
      "Event Grouping": this.grouping,
      "Search Query Results Overall Count": String(documents.length),
      "Query Start Time UTC": sentinelTime(Math.min(...times) - 10_000),
      "Query End Time UTC": sentinelTime(Math.max(...times) + 10_000),
      Query:
        this.grouping === "SingleAlert"
          ? RULE_QUERY
          : `let alertedEvent = datatable(compressedRec: string)['${id}'] | extend raw = todynamic(zlib_decompress_from_base64_string(compressedRec)) | evaluate bag_unpack(raw) | project-away compressedRec;\nalertedEvent`,
    };
    return {
      SystemAlertId: id,
      Created: iso(createdAt),
      TimeGenerated: iso(this.changedAt.get(id) ?? createdAt),
      AlertName: this.world.rules.find(({ name }) => name === rule)?.title ?? rule,
      AlertSeverity: "Medium",
      AlertType: `${WORKSPACE.id}_${rule}`,
      Entities: JSON.stringify(
        hosts.map((HostName, index) => ({ $id: String(index), HostName, Type: "host" })),
      ),
      ExtendedProperties: JSON.stringify(properties),
      InIncident: this.inIncident.has(id),
    };
  }

  #runs(query: string, span: Span): readonly Row[] {
    const parts = new RegExp(
      String.raw`\n\| where TimeGenerated >= ${DATE}\n[^\n]*Status == "Success"\n[^\n]*\n\| where tostring\(Properties\.RuleId\) =~ "([\w-]+)"\n`,
    ).exec(query);
    if (parts === null) throw new Refusal(400, `SYN0002: ${query}`);
    const [, since = "", name] = parts;
    const rule = this.world.rules.find((one) => one.name === name);
    if (rule === undefined || this.health === "none") return [];
    return rule.evaluations
      .filter(({ completedAt }) => iso(completedAt) >= since && completedAt < span.to)
      .map(({ startedAt, completedAt }) => {
        const end = startedAt - 300_000;
        const [start, stop] =
          this.health === "spans" ? [end - rule.lookBackMs, end] : [startedAt, completedAt];
        return { Completed: iso(completedAt), Start: iso(start), End: iso(stop) };
      });
  }
}

/** The condition of a query over the sensor's table, as far as the tests write one. */
function conditionOf(head: string): (document: WorldDocument) => boolean {
  if (head === TABLE) return () => true;
  const [, operator, quoted = ""] =
    new RegExp(String.raw`^${TABLE}\n\| where \['process\.command_line'\] (==|contains) (${QUOTED})$`).exec(
      head,
    ) ?? [];
  const [text] = texts(quoted);
  if (text === undefined) throw new Refusal(400, `SEM0100: Failed to resolve table or column: ${head}`);
  return ({ argv }) => (operator === "==" ? argv.join(" ") === text : argv.join(" ").includes(text));
}

function texts(literals: string): string[] {
  return [...literals.matchAll(new RegExp(QUOTED, "g"))].map(([literal]) => JSON.parse(literal) as string);
}

/** With 100 ns, as Kusto writes them. */
function iso(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "0000Z");
}

function sentinelTime(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ");
}

/** Microsoft Entra and Azure Resource Manager, at one address. */
export class AzureStandIn extends SiemStandIn {
  /** Over the properties of every rule. */
  over: Readonly<Record<string, unknown>> = {};
  kind = "Scheduled";

  constructor(
    private readonly world: World,
    private readonly logs: LogAnalyticsStandIn,
  ) {
    super();
  }

  protected authorize({ path, headers }: SeenRequest): void {
    if (path.endsWith("/oauth2/v2.0/token")) return;
    if (headers.authorization !== `Bearer access-of-${this.logs.token}-to-${this.url}/.default`)
      throw new Refusal(401, "The access token is invalid.");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const { subscription, resourceGroup, name } = WORKSPACE;
    if (method === "POST" && path === "/tenant.example/oauth2/v2.0/token") return this.#token(request);
    const rules = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.OperationalInsights/workspaces/${name}/providers/Microsoft.SecurityInsights/alertRules`;
    const installed = azureRules(request, this.installed, rules);
    if (installed !== null) return installed;
    if (method === "GET" && path === rules) return this.#rules(request);
    throw new Refusal(404, `The Resource '${path}' was not found.`);
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { error: { code: "Refused", message } } };
  }

  #token(request: SeenRequest): Reply {
    const { client_secret: secret, scope } = formBody(
      request,
      z.strictObject({
        grant_type: z.literal("client_credentials"),
        client_id: z.literal(CLIENT),
        client_secret: z.string(),
        scope: z.string().regex(/^https?:\/\/[^/]+\/\.default$/),
      }),
    );
    if (secret !== this.logs.token)
      return {
        status: 401,
        body: {
          error: "invalid_client",
          error_description: "AADSTS7000215: Invalid client secret provided.",
        },
      };
    return {
      status: 200,
      body: { token_type: "Bearer", expires_in: 3599, access_token: `access-of-${secret}-to-${scope}` },
    };
  }

  /** One rule a page. */
  #rules(request: SeenRequest): Reply {
    const { $skipToken: skip = "0" } = queryOf(
      request,
      z.strictObject({ "api-version": z.literal("2024-09-01"), $skipToken: z.string().optional() }),
    );
    const at = Number(skip);
    const value = this.world.rules.slice(at, at + 1).map((rule) => ({
      name: rule.name,
      kind: this.kind,
      properties: {
        displayName: rule.title,
        enabled: rule.enabled,
        query: rule.query ?? RULE_QUERY,
        lastModifiedUtc: new Date().toISOString(),
        queryFrequency: `PT${rule.intervalMs / 60_000}M`,
        queryPeriod: `PT${rule.lookBackMs / 60_000}M`,
        suppressionEnabled: false,
        suppressionDuration: "PT5H",
        ...this.over,
      },
    }));
    const isLast = at + 1 >= this.world.rules.length;
    if (isLast) return { status: 200, body: { value: [...value, ...this.installed.values()] } };
    const nextLink = `${this.url}${request.path}?api-version=2024-09-01&$skipToken=${at + 1}`;
    return { status: 200, body: { value, nextLink } };
  }
}
