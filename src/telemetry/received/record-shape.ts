import { createHash } from "node:crypto";
import { readShape, type ReadEvent } from "../files/event-shape.js";
import { EventDefect } from "../windows/event-defect.js";
import { asObject, objectAt, textOf, type Json } from "../windows/json.js";
import type { ReceivedRecord } from "../receivers/receiver.js";

/** What a record is. */
export type RecordShape =
  /** A line of auditd, laurel or eslogger, for the parser of its host. Lines with one identity are the same one. */
  | { readonly type: "auditd" | "laurel" | "eslogger"; readonly line: string; readonly identity: string }
  /** An event of a log source that rules can ask for, by itself. */
  | { readonly type: "event"; readonly read: ReadEvent }
  /** Known by its form, and damaged. */
  | { readonly type: "damaged" }
  | { readonly type: "unknown" };

const auditLine = /^(?:node=\S+ )?type=\S+ msg=audit\(/;
/** JSON, with the prefix that rsyslog and others know it by. */
const jsonLine = /^(?:@cee: ?)?\{/;
/** How laurel begins a line, and how its documents are numbered. */
const laurelLine = /^(?:@cee: ?)?\{"ID":"\d+\.\d{3}:\d+"/;
const laurelNumber = /^\d+\.\d{3}:\d+$/;
/** How messages of eslogger are numbered, over all kinds; begun anew with each of its runs. */
const esloggerNumber = /"global_seq_num":(\d+)/;
const esloggerTime = /"time":"([^"]+)"/;
const laurelId = /"ID":"([\d.:]+)"/;
/** Where shippers put the line that they read: Beats and Vector, Fluent Bit, journald, rsyslog, ECS, Splunk. */
const lineKeys = ["message", "log", "MESSAGE", "msg", "_raw", "line"] as const;

/** Tells what a record is by its content, whatever brought it: shippers wrap the same line in many ways. */
export function shapeOf({ content }: Pick<ReceivedRecord, "content">): RecordShape {
  if (typeof content === "string") return shapeOfText(content);
  for (const key of lineKeys) {
    const line = content[key];
    const shape = typeof line === "string" ? shapeOfLine(line) : null;
    if (shape !== null) return shape;
  }
  const original = textOf(objectAt(content, "event")?.["original"]);
  const shape = original === null ? null : shapeOfLine(original);
  if (shape !== null) return shape;
  // A document of laurel by itself.
  if (typeof content["ID"] === "string" && laurelNumber.test(content["ID"]))
    return { type: "laurel", line: JSON.stringify(content), identity: content["ID"] };
  // A message of eslogger by itself.
  if (typeof content["global_seq_num"] === "number")
    return esloggerShape(JSON.stringify(content)) ?? { type: "damaged" };
  return shapeOfDocument(content);
}

function shapeOfText(text: string): RecordShape {
  const shape = shapeOfLine(text);
  if (shape !== null) return shape;
  const json = jsonLine.test(text) ? documentOf(text) : null;
  // Splunk's name for the text of an event: XML, or as Windows renders it.
  return shapeOfDocument(json ?? { _raw: text });
}

function shapeOfLine(line: string): RecordShape | null {
  if (auditLine.test(line)) return { type: "auditd", line, identity: digestOf(line) };
  const eslogger = jsonLine.test(line) ? esloggerShape(line) : null;
  if (eslogger !== null) return eslogger;
  // Not parsed here: that is what the parser does, once.
  const isLaurel =
    laurelLine.test(line) || (jsonLine.test(line) && line.includes('"SYSCALL":') && line.includes('"ID":'));
  return isLaurel ? { type: "laurel", line, identity: laurelId.exec(line)?.[1] ?? digestOf(line) } : null;
}

function esloggerShape(line: string): RecordShape | null {
  const [, number] = esloggerNumber.exec(line) ?? [];
  const [, time] = esloggerTime.exec(line) ?? [];
  return number === undefined || time === undefined
    ? null
    : { type: "eslogger", line, identity: `${time}:${number}` };
}

function shapeOfDocument(document: Json): RecordShape {
  try {
    const read = readShape(document);
    return read.logsources.length === 0 ? { type: "unknown" } : { type: "event", read };
  } catch (thrown) {
    if (thrown instanceof EventDefect) return { type: "damaged" };
    throw thrown;
  }
}

function digestOf(line: string): string {
  return createHash("sha1").update(line).digest("base64");
}

function documentOf(text: string): Json | null {
  try {
    return asObject(JSON.parse(text.slice(text.indexOf("{"))));
  } catch {
    return null;
  }
}
