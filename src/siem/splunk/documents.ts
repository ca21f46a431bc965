import { createHash } from "node:crypto";
import { quoteText } from "../../detection/spl/syntax/words.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type { SiemDocument } from "../connector/connector.js";
import { textAt, wholeAt } from "../connector/values.js";
import type { TrialOnHost } from "../siem.js";
import type { Row } from "./search.js";
import type { SplunkSettings } from "./settings.js";

/** What a document needs of an event. */
const FIELDS = "| fields index, host, _time, _indextime, _raw, _bkt, _cd";

/** A search for the sensor's events of hosts, with more words if there are any. */
export function eventsOn(
  { index, sourcetype }: SplunkSettings["telemetry"],
  hosts: readonly string[],
  words = "",
): string {
  const parts = [
    `index=${index}`,
    ...(sourcetype === undefined ? [] : [`sourcetype=${sourcetype}`]),
    anyOf("host", hosts),
    ...(words === "" ? [] : [words]),
  ];
  return `search ${parts.join(" ")} ${FIELDS}`;
}

/** The words of trials' sentinels, which Splunk finds by their segments. */
export function sentinelWords(asked: readonly TrialOnHost[]): string {
  const trials = [...new Set(asked.map(({ trial }) => trial))];
  return `${quoteText(SENTINEL_WORD)} (${trials.map(quoteText).join(" OR ")})`;
}

/** `(host="a" OR host="b")` */
export function anyOf(field: string, values: readonly string[]): string {
  return `(${values.map((value) => `${field}=${quoteText(value)}`).join(" OR ")})`;
}

/** A query's results as the sensor's documents on hosts. */
export function narrowed(query: string, hosts: readonly string[]): string {
  return `${query} | search ${anyOf("host", hosts)} ${FIELDS}`;
}

/** An event of Splunk; null for a row that is none, such as that of a count. */
export function documentOf(row: Row): SiemDocument | null {
  const text = textAt(row, "_raw");
  const host = textAt(row, "host");
  if (text === undefined || host === undefined) return null;
  const bucket = textAt(row, "_bkt");
  const address = textAt(row, "_cd");
  const seconds = wholeAt(row, "_indextime");
  return {
    id:
      bucket === undefined || address === undefined
        ? createHash("sha256").update(`${host}\n${text}`).digest("hex")
        : `${bucket}/${address}`,
    host,
    // Whole seconds: the latest moment that it may have been.
    ingestedAt: seconds === undefined ? null : seconds * 1000 + 999,
    text,
    fields: row,
  };
}
