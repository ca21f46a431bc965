import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { OtlpRecord } from "./otlp-record.js";

/** Values inside one another; deeper ones are refused. */
const DEEPEST = 32;

type Fields = Readonly<Record<number, (reader: BinaryReader) => void>>;

/**
 * Reads an ExportLogsServiceRequest (opentelemetry-proto 1.x, collector/logs/v1/logs_service.proto and logs/v1/logs.proto)
 * as far as logs need it. @throws Error for bytes that are no such message
 */
export function readOtlpProtobuf(body: Uint8Array): OtlpRecord[] {
  const records: OtlpRecord[] = [];
  read(body, {
    1: (request) =>
      nested(request, (resourceLogs) => {
        const resource: Record<string, unknown> = {};
        const scopes: Uint8Array[] = [];
        read(resourceLogs, {
          1: (inner) => nested(inner, (bytes) => read(bytes, { 1: (one) => pair(one, resource) })),
          2: (inner) => scopes.push(inner.bytes()),
        });
        for (const scope of scopes) {
          read(scope, {
            2: (inner) => nested(inner, (bytes) => records.push(logRecord(bytes, resource))),
          });
        }
      }),
  });
  return records;
}

function logRecord(bytes: Uint8Array, resource: Readonly<Record<string, unknown>>): OtlpRecord {
  const attributes: Record<string, unknown> = {};
  let [time, observed, severity, body]: [bigint, bigint, string, unknown] = [0n, 0n, "", null];
  read(bytes, {
    1: (reader) => (time = BigInt(reader.fixed64())),
    3: (reader) => (severity = reader.string()),
    5: (reader) => nested(reader, (inner) => (body = value(inner, 0))),
    6: (reader) => pair(reader, attributes),
    11: (reader) => (observed = BigInt(reader.fixed64())),
  });
  return { resource, attributes, body, severity, nanoseconds: time === 0n ? observed : time };
}

function pair(reader: BinaryReader, into: Record<string, unknown>, depth = 0): void {
  nested(reader, (bytes) => {
    let [key, held]: [string, unknown] = ["", null];
    read(bytes, {
      1: (inner) => (key = inner.string()),
      2: (inner) => nested(inner, (one) => (held = value(one, depth))),
    });
    into[key] = held;
  });
}

/** AnyValue (common/v1/common.proto). Bytes become base64, as in OTLP's JSON. */
function value(bytes: Uint8Array, depth: number): unknown {
  if (depth > DEEPEST) throw new Error("values are nested too deeply");
  let held: unknown = null;
  read(bytes, {
    1: (reader) => (held = reader.string()),
    2: (reader) => (held = reader.bool()),
    3: (reader) => (held = Number(reader.int64())),
    4: (reader) => (held = reader.double()),
    5: (reader) => {
      const list: unknown[] = [];
      nested(reader, (inner) =>
        read(inner, { 1: (one) => nested(one, (each) => list.push(value(each, depth + 1))) }),
      );
      held = list;
    },
    6: (reader) => {
      const object: Record<string, unknown> = {};
      nested(reader, (inner) => read(inner, { 1: (one) => pair(one, object, depth + 1) }));
      held = object;
    },
    7: (reader) => (held = Buffer.from(reader.bytes()).toString("base64")),
  });
  return held;
}

function nested(reader: BinaryReader, use: (bytes: Uint8Array) => void): void {
  use(reader.bytes());
}

/** Wire types of the fields that are read; a field that comes with another is of another message. */
function read(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.StartGroup || wireType === WireType.EndGroup)
      throw new Error("groups are not of proto3");
    const field = fields[number];
    if (field === undefined) reader.skip(wireType, number);
    else field(reader);
  }
}
