import { kqlName } from "../../detection/convert/kql/name.js";
import { quotedText } from "../../detection/convert/quoted-text.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type { SearchSpan, SiemDocument } from "../connector/connector.js";
import { timeProblem } from "../connector/record-time.js";
import { textAt, timeAt } from "../connector/values.js";
import { sentinelSpan } from "../connector/sentinel-span.js";
import { type Found, found, foundTogether } from "../http/pages.js";
import type { TrialOnHost } from "../siem.js";
import type { Row, Workspace } from "./query.js";
import type { SentinelSettings } from "./settings.js";

/** The sensor's records in their table. */
export class TableDocuments {
  constructor(
    private readonly workspace: Workspace,
    private readonly telemetry: SentinelSettings["telemetry"],
  ) {}

  /** All records of hosts in a span, or those that a query finds among them. */
  async find(
    what: string,
    span: SearchSpan,
    signal: AbortSignal,
    { query, only }: { readonly query?: string; readonly only?: string } = {},
  ): Promise<Found<SiemDocument>> {
    const { table, hostField } = this.telemetry;
    const hosts = [...new Set(span.hosts)].map(quotedText).join(", ");
    const { rows, lacks } = await this.workspace.pages(
      what,
      (from, to) =>
        [
          query ?? column(table),
          `where TimeGenerated between (${from} .. ${to})`,
          `where ${column(hostField)} in~ (${hosts})`,
          ...(only === undefined ? [] : [`where ${only}`]),
          this.#projection(),
        ].join("\n| "),
      span,
      signal,
    );
    const timed = rows.map((row) => ({ ...documentOf(row), time: timeAt(row, "Time") ?? Number.NaN }));
    const problem = timeProblem(timed, ({ time }) => time, "TimeGenerated");
    return foundTogether([found(timed, lacks), found<SiemDocument>([], problem)]);
  }

  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>> {
    const text = column(this.telemetry.textField);
    const trials = [...new Set(asked.map(({ trial }) => trial))];
    const anyTrial = trials.map((trial) => `${text} contains ${quotedText(trial)}`).join(" or ");
    return this.find(
      "the sentinels of trials",
      { hosts: asked.map(({ host }) => host), ...sentinelSpan() },
      signal,
      { only: `${text} contains ${quotedText(SENTINEL_WORD)} and (${anyTrial})` },
    );
  }

  /** Of the rows of any query, the host and the record, as far as they have them. */
  sourceProjection(): string {
    const { hostField, textField } = this.telemetry;
    const [host, text] = [hostField, textField].map(
      (name) => `tostring(column_ifexists(${quotedText(name)}, ""))`,
    );
    return `project Host = ${host ?? ""}, Text = ${text ?? ""}`;
  }

  /** The columns that a document is made of. Rows have no id of their own: two of one host and text are one. */
  #projection(): string {
    const { hostField, textField } = this.telemetry;
    const [host, text] = [`tostring(${column(hostField)})`, `tostring(${column(textField)})`];
    return `project Time = TimeGenerated, Host = ${host}, Text = ${text}, Ingested = ingestion_time(), Id = hash_sha256(strcat(${host}, "\\n", ${text}))`;
  }
}

export function documentOf(row: Row): SiemDocument {
  return {
    id: textAt(row, "Id") ?? "",
    host: textAt(row, "Host") ?? "",
    ingestedAt: timeAt(row, "Ingested") ?? null,
    text: textAt(row, "Text") ?? null,
    fields: row,
  };
}

/** A name that the settings have checked. */
function column(name: string): string {
  return kqlName(name) ?? "";
}
