import { asObject, objectAt, textOf, type Json } from "../windows/json.js";
import { timeOfText } from "../windows/time.js";
import type { ReceivedRecord } from "./receiver.js";

/** A request that Elasticsearch refuses as a whole. */
export class BulkError extends Error {}

/** One operation of a bulk request and what is to be answered for it. */
export interface BulkItem {
  readonly record: ReceivedRecord | null;
  readonly answer: Json;
  readonly failed: boolean;
}

const actions = new Set(["index", "create", "update", "delete"]);
/** Elasticsearch's own limit, in bytes. */
const LONGEST_ID = 512;

/**
 * Reads the body of `_bulk`: lines of NDJSON, an action and, for `index` and `create`, a document. Documents are only ever
 * added here: an `update` or `delete` finds no document. @throws BulkError in the words of Elasticsearch
 * @param index that of the path; actions without one are of it
 */
export function readBulk(body: Buffer, index: string | undefined, peer: string): BulkItem[] {
  const text = body.toString("utf8");
  if (text.trim() === "") throw new BulkError("request body is required");
  if (!text.endsWith("\n")) throw new BulkError("The bulk request must be terminated by a newline [\\n]");
  const lines = text.split("\n");
  const items: BulkItem[] = [];
  // Most senders write the same action before each document.
  let last = { line: "", read: { action: "", meta: {} as Json } };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line.trim() === "") continue;
    if (last.line !== line) last = { line, read: actionOf(line, at + 1) };
    const { action, meta } = last.read;
    const target = textOf(meta["_index"]) ?? index;
    if (target === undefined || target === "") throw new BulkError(`Validation Failed: 1: index is missing;`);
    const id = textOf(meta["_id"]);
    if (action === "delete") {
      items.push(unknownDocument(action, target, id));
      continue;
    }
    at += 1;
    const source = lines[at] ?? "";
    if (source.trim() === "")
      throw new BulkError(`Malformed action/metadata line [${at}], expected a document behind it`);
    items.push(
      action === "update" ? unknownDocument(action, target, id) : added(action, target, id, source, peer),
    );
  }
  return items;
}

/** A single document, as in `POST /INDEX/_doc`. */
export function readDocument(source: string, index: string, id: string | null, peer: string): BulkItem {
  return added("index", index, id, source, peer);
}

function actionOf(line: string, number: number): { action: string; meta: Json } {
  let parsed: Json | null;
  try {
    parsed = asObject(JSON.parse(line));
  } catch {
    parsed = null;
  }
  const [action] = parsed === null ? [] : Object.keys(parsed);
  const meta = parsed === null || action === undefined ? null : objectAt(parsed, action);
  if (parsed === null || action === undefined || meta === null || Object.keys(parsed).length > 1) {
    throw new BulkError(`Malformed action/metadata line [${number}], expected START_OBJECT`);
  }
  if (!actions.has(action)) {
    throw new BulkError(
      `Malformed action/metadata line [${number}], expected field [create], [delete], [index] or [update] but found [${action}]`,
    );
  }
  return { action, meta };
}

function added(action: string, index: string, id: string | null, source: string, peer: string): BulkItem {
  const name = id ?? newId();
  const failed = (type: string, reason: string): BulkItem => ({
    record: null,
    failed: true,
    answer: { [action]: { _index: index, _id: name, status: 400, error: { type, reason } } },
  });
  if (Buffer.byteLength(name) > LONGEST_ID)
    return failed("illegal_argument_exception", `id [${name.slice(0, 40)}...] is too long`);
  const document = documentOf(source);
  if (document === null) return failed("document_parsing_exception", "[1:1] failed to parse");
  return {
    record: recordOf(document, source, index, id, peer),
    failed: false,
    answer: {
      [action]: {
        _index: index,
        _id: name,
        _version: 1,
        result: "created",
        _shards: SHARDS,
        _seq_no: 0,
        _primary_term: 1,
        status: 201,
      },
    },
  };
}

const SHARDS = { total: 1, successful: 1, failed: 0 };

let given = 0;

/** Unique among all that this process and those before it gave. */
function newId(): string {
  given += 1;
  return `${Date.now().toString(36)}-${process.pid.toString(36)}-${given.toString(36)}`;
}

function unknownDocument(action: string, index: string, id: string | null): BulkItem {
  const base = { _index: index, _id: id, status: 404 };
  if (action === "delete")
    return { record: null, failed: false, answer: { delete: { ...base, _version: 1, result: "not_found" } } };
  const error = { type: "document_missing_exception", reason: `[${id ?? ""}]: document missing`, index };
  return { record: null, failed: true, answer: { update: { ...base, error } } };
}

function documentOf(source: string): Json | null {
  try {
    return asObject(JSON.parse(source));
  } catch {
    return null;
  }
}

function recordOf(
  document: Json,
  source: string,
  index: string,
  id: string | null,
  peer: string,
): ReceivedRecord {
  return {
    host: hostOf(document) ?? peer,
    channel: `elasticsearch/${index}`,
    time: timeOfText(textOf(document["@timestamp"]) ?? ""),
    content: document,
    json: source,
    ...(id === null ? {} : { name: `${index}/${id}` }),
  };
}

/** By the names of Beats and ECS (`host.name`), Logstash and Vector (`host`, `hostname`), also written with dots. */
export function hostOf(document: Json): string | null {
  const host = asObject(document["host"]) ?? {};
  const beat = asObject(document["agent"]) ?? {};
  const names = [
    host["name"],
    document["host.name"],
    host["hostname"],
    document["host"],
    document["hostname"],
  ];
  const found = [...names, document["Computer"], beat["hostname"]].find(
    (name) => typeof name === "string" && name !== "",
  );
  return (found as string | undefined) ?? null;
}
