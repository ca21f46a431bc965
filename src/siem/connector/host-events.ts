import type { HostEvent } from "../../model/event.js";
import { AuditdParser } from "../../telemetry/auditd.js";
import { parseAuditRecord } from "../../telemetry/auditd-record.js";
import { LaurelParser } from "../../telemetry/laurel.js";
import { ProcessTable } from "../../telemetry/process-table.js";
import { type Found, found } from "../http/pages.js";
import type { SiemDocument } from "./connector.js";
import { ecsStamp, readEcs } from "./ecs.js";
import type { TelemetryFormat } from "./settings.js";

/** A document of which the stamp of its audit event is known. */
interface Stamped {
  readonly document: SiemDocument;
  readonly text: string;
  readonly stamp: string;
  readonly serial: number;
  readonly ingestedAt: number;
}

/**
 * Makes events of a SIEM's documents. What cannot be made an event, although it may be a program start, is told: without a
 * serial, an ingest time or its arguments nothing can be concluded from it, nor from its absence.
 */
export function hostEventsOf(
  documents: readonly SiemDocument[],
  format: TelemetryFormat,
  lacks: string | null,
): Found<HostEvent> {
  const problems = new Map<string, number>();
  const tell = (problem: string, times = 1): void =>
    void problems.set(problem, (problems.get(problem) ?? 0) + times);
  const stamped = documents
    .flatMap((document): Stamped[] => {
      const text = document.text ?? "";
      const stamp = stampOf(document, format);
      if (stamp === null && format === "ecs") return ecsWithoutStamp(document, tell);
      if (stamp === null) return tell(`no ${format} record`) ?? [];
      if (document.ingestedAt === null) return tell("no ingest time") ?? [];
      return [{ document, text, stamp, serial: serialOf(stamp), ingestedAt: document.ingestedAt }];
    })
    // The parsers know a parent only when it was there first.
    .sort((one, other) => one.serial - other.serial);
  const events = readers[format](stamped, tell);
  const told = [...problems].map(([problem, times]) => `${times} of its documents: ${problem}`);
  const all = [...(lacks === null ? [] : [lacks]), ...told];
  return found(events, all.length === 0 ? null : all.join("; "));
}

/** The id that the event of a document has; null when it is no audit record. */
export function eventIdOf(document: SiemDocument, format: TelemetryFormat): string | null {
  const stamp = stampOf(document, format);
  if (stamp === null) return null;
  return `${document.host}/${format === "laurel" ? "laurel" : "auditd"}/${stamp}`;
}

type Tell = (problem: string, times?: number) => void;

const readers: Readonly<Record<TelemetryFormat, (stamped: readonly Stamped[], tell: Tell) => HostEvent[]>> = {
  laurel: readLaurel,
  auditd: readAuditd,
  ecs: readAllEcs,
};

function stampOf(document: SiemDocument, format: TelemetryFormat): string | null {
  if (format === "ecs") return ecsStamp(document);
  const text = document.text ?? "";
  if (format === "auditd") return parseAuditRecord(text)?.stamp ?? null;
  return /"ID"\s*:\s*"(\d{1,11}\.\d{3}:\d{1,15})"/.exec(text)?.[1] ?? null;
}

function serialOf(stamp: string): number {
  return Number(stamp.slice(stamp.indexOf(":") + 1));
}

function ecsWithoutStamp(document: SiemDocument, tell: Tell): Stamped[] {
  const reading = readEcs(document, new ProcessTable());
  if (reading !== "other" && "lacks" in reading) tell(`no ${reading.lacks}`);
  return [];
}

function readLaurel(stamped: readonly Stamped[], tell: Tell): HostEvent[] {
  const parsers = new Map<string, LaurelParser>();
  const events = stamped.flatMap(({ document: { host }, text, ingestedAt }) => {
    const parser = parsers.get(host) ?? new LaurelParser({ host });
    parsers.set(host, parser);
    return parser.push(text, 0, ingestedAt);
  });
  for (const parser of parsers.values()) {
    const { malformed, incomplete } = parser.counts();
    if (malformed > 0) tell("no laurel record", malformed);
    if (incomplete > 0) tell("a program start without its arguments", incomplete);
  }
  return events;
}

/** An event is there when the last of its records is. A record that was delivered twice is one. */
function readAuditd(stamped: readonly Stamped[], tell: Tell): HostEvent[] {
  const parsers = new Map<string, AuditdParser>();
  const arrived = new Map<string, number>();
  const seen = new Set<string>();
  const events = stamped.flatMap(({ document: { host }, text, stamp, ingestedAt }) => {
    const parser = parsers.get(host) ?? new AuditdParser({}, host);
    parsers.set(host, parser);
    const id = `${host}/auditd/${stamp}`;
    arrived.set(id, Math.max(ingestedAt, arrived.get(id) ?? -Infinity));
    const record = `${host}\n${text}`;
    if (seen.has(record)) return [];
    seen.add(record);
    return parser.push(text, 0, 0);
  });
  for (const parser of parsers.values()) {
    events.push(...parser.flush(Infinity));
    const { incomplete } = parser.counts();
    if (incomplete > 0) tell("a program start with missing records", incomplete);
  }
  return events.map((event) => ({ ...event, ingestedAt: arrived.get(event.id) ?? event.ingestedAt }));
}

function readAllEcs(stamped: readonly Stamped[], tell: Tell): HostEvent[] {
  const processes = new ProcessTable();
  return stamped.flatMap(({ document }) => {
    const reading = readEcs(document, processes);
    if (reading === "other") return [];
    if (!("lacks" in reading)) return [reading];
    tell(`no ${reading.lacks}`);
    return [];
  });
}
