import { z } from "zod";
import type { Json } from "../windows/json.js";
import type { ReceivedRecord } from "./receiver.js";

/** A log record of OTLP with the attributes of its resource. */
export interface OtlpRecord {
  readonly resource: Json;
  readonly attributes: Json;
  readonly body: unknown;
  readonly severity: string;
  /** Since 1970; the time of observation where the record names none, 0 where it names neither. */
  readonly nanoseconds: bigint;
}

interface AnyValue {
  readonly stringValue?: string | undefined;
  readonly boolValue?: boolean | undefined;
  readonly intValue?: string | number | undefined;
  readonly doubleValue?: number | undefined;
  readonly bytesValue?: string | undefined;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] | undefined } | undefined;
  readonly kvlistValue?:
    | {
        readonly values?:
          readonly { readonly key: string; readonly value?: AnyValue | undefined }[] | undefined;
      }
    | undefined;
}

const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string().regex(/^-?\d{1,19}$/), z.int()]).optional(),
    doubleValue: z.number().optional(),
    bytesValue: z.string().optional(),
    arrayValue: z.object({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z.object({ values: z.array(keyValue).optional() }).optional(),
  }),
);
const keyValue = z.object({ key: z.string(), value: anyValue.optional() });
const attributes = z.array(keyValue).optional();
const nanoseconds = z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative()]).optional();

/** OTLP's JSON of an ExportLogsServiceRequest ("OTLP Specification, JSON Protobuf Encoding"); unknown keys are passed over. */
const requestSchema = z.object({
  resourceLogs: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeLogs: z
          .array(
            z.object({
              logRecords: z
                .array(
                  z.object({
                    timeUnixNano: nanoseconds,
                    observedTimeUnixNano: nanoseconds,
                    severityText: z.string().optional(),
                    body: anyValue.optional(),
                    attributes,
                  }),
                )
                .optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

/** @throws Error for what is no such request */
export function readOtlpJson(text: string): OtlpRecord[] {
  const { resourceLogs = [] } = requestSchema.parse(JSON.parse(text));
  return resourceLogs.flatMap(({ resource, scopeLogs = [] }) => {
    const ofResource = objectOf(resource?.attributes);
    return scopeLogs.flatMap(({ logRecords = [] }) =>
      logRecords.map((record): OtlpRecord => {
        const time = BigInt(record.timeUnixNano ?? 0);
        return {
          resource: ofResource,
          attributes: objectOf(record.attributes),
          body: record.body === undefined ? null : valueOf(record.body),
          severity: record.severityText ?? "",
          nanoseconds: time === 0n ? BigInt(record.observedTimeUnixNano ?? 0) : time,
        };
      }),
    );
  });
}

function objectOf(pairs: readonly z.infer<typeof keyValue>[] | undefined): Json {
  return Object.fromEntries(
    (pairs ?? []).map(({ key, value }) => [key, value === undefined ? null : valueOf(value)]),
  );
}

function valueOf(value: AnyValue): unknown {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  if (value.kvlistValue !== undefined) return objectOf(value.kvlistValue.values as never);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null;
}

/** By the names of OpenTelemetry's semantic conventions: `host.name`, `service.name`, `log.file.name`. */
export function recordOfOtlp(log: OtlpRecord, peer: string): ReceivedRecord {
  const { resource, attributes: own, body, severity } = log;
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const service = text(resource["service.name"]) ?? text(own["log.file.name"]) ?? "";
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  return {
    host: text(resource["host.name"]) ?? text(own["host.name"]) ?? peer,
    channel: `otlp/${service}`,
    time: log.nanoseconds === 0n ? null : Number(log.nanoseconds / 1000n) / 1000,
    content: isObject ? (body as Json) : typeof body === "string" ? body : JSON.stringify(body),
    about: { resource, attributes: own, ...(severity === "" ? {} : { severity }) },
  };
}
