import { isUtf8 } from "node:buffer";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Json } from "../windows/json.js";
import { BodyError } from "./http-body.js";
import type { HttpApp, HttpContext, HttpIntake } from "./http.js";
import { jsonObjects, JsonObjectsError } from "./json-objects.js";
import type { ReceivedRecord } from "./receiver.js";
import { HecChannels } from "./splunk-hec-channels.js";

/**
 * Splunk's HTTP Event Collector: `/services/collector`, `/event`, `/raw`, `/ack` and `/health`, each also with `/1.0`.
 * Statuses, codes and texts are those of Splunk's table "Possible error codes" (Get Data In, "Troubleshoot HTTP Event
 * Collector"). A request's answer comes when its events are stored, so that an acknowledgement id is true when it is given.
 *
 * @param acknowledge the token's "indexer acknowledgment": every request then names its channel and gets an id
 */
export function splunkHec(intake: HttpIntake, acknowledge: boolean): HttpApp {
  const app = intake.app();
  const channels = new HecChannels();

  const collect = async (context: HttpContext, read: (body: Buffer) => Events): Promise<Response> => {
    const refusal = unauthorized(context, intake);
    if (refusal !== null) return refusal;
    const channel = context.req.header("x-splunk-request-channel") ?? context.req.query("channel");
    if (acknowledge && channel === undefined) return answer(context, 400, 10, "Data channel is missing");
    if (channel !== undefined && !isGuid(channel)) return answer(context, 400, 11, "Invalid data channel");
    if (intake.retryAfter > 0) return busy(context, intake);
    return await intake.bodies.with(context.env.incoming, async (body) => {
      if (body.length === 0) return answer(context, 400, 5, "No data");
      const { records, problem } = read(body);
      // What stands before a bad event is taken, as Splunk does: the sender is told how far it was good.
      await intake.store(records);
      if (problem !== null) return answer(context, 400, problem.code, problem.text, problem.more);
      if (records.length === 0) return answer(context, 400, 5, "No data");
      if (!acknowledge || channel === undefined) return answer(context, 200, 0, "Success");
      return answer(context, 200, 0, "Success", { ackId: channels.issue(channel) });
    });
  };

  for (const version of ["", "/1.0"]) {
    const events = (context: HttpContext): Promise<Response> =>
      collect(context, (body) => readEvents(body, intake.peer(context)));
    if (version === "") app.post("/services/collector", events);
    app.post(`/services/collector/event${version}`, events);
    app.post(`/services/collector/raw${version}`, (context) =>
      collect(context, (body) => readRaw(body, context, intake.peer(context))),
    );
    app.get(`/services/collector/health${version}`, (context) =>
      intake.retryAfter === 0
        ? answer(context, 200, 17, "HEC is healthy")
        : answer(context, 503, 18, "HEC is unhealthy, queues are full"),
    );
  }
  app.post("/services/collector/ack", async (context) => {
    const refusal = unauthorized(context, intake);
    if (refusal !== null) return refusal;
    if (!acknowledge) return answer(context, 400, 14, "ACK is disabled");
    const channel = context.req.header("x-splunk-request-channel") ?? context.req.query("channel");
    if (channel === undefined) return answer(context, 400, 10, "Data channel is missing");
    if (!isGuid(channel)) return answer(context, 400, 11, "Invalid data channel");
    return await intake.bodies.with(context.env.incoming, (body) => {
      const ids = acknowledgementsAsked(body);
      return Promise.resolve(
        ids === null
          ? answer(context, 400, 6, "Invalid data format")
          : context.json({ acks: channels.take(channel, ids) }),
      );
    });
  });
  app.notFound((context) =>
    context.json({ text: "The requested URL was not found on this server.", code: 404 }, 404),
  );
  app.onError((error, context) => {
    if (!(error instanceof BodyError)) return busy(context, intake);
    if (error.problem === "too-large") return answer(context, 413, 27, "Request entity too large");
    if (error.problem === "encoding") return answer(context, 415, 6, "Invalid data format");
    return error.problem === "no-room"
      ? busy(context, intake)
      : answer(context, 400, 6, "Invalid data format");
  });
  return app;
}

interface Events {
  readonly records: ReceivedRecord[];
  readonly problem: { readonly code: number; readonly text: string; readonly more: Json } | null;
}

function readEvents(body: Buffer, peer: string): Events {
  const records: ReceivedRecord[] = [];
  const failed = (code: number, text: string): Events => ({
    records,
    problem: { code, text, more: { "invalid-event-number": records.length } },
  });
  if (!isUtf8(body)) return failed(6, "Invalid data format");
  try {
    for (const object of jsonObjects(body.toString("utf8"))) {
      const event = object["event"];
      if (event === undefined || event === null) return failed(12, "Event field is required");
      if (event === "") return failed(13, "Event field cannot be blank");
      const fields = object["fields"];
      if (fields !== undefined && !isFlat(fields)) return failed(15, "Error in handling indexed fields");
      const time = timeOf(object["time"]);
      if (time === undefined) return failed(6, "Invalid data format");
      records.push(recordOf(object, event, time, peer));
    }
  } catch (thrown) {
    if (!(thrown instanceof JsonObjectsError)) throw thrown;
    return failed(6, "Invalid data format");
  }
  return { records, problem: null };
}

function recordOf(meta: Json, event: unknown, time: number | null, peer: string): ReceivedRecord {
  const text = (key: string): string | undefined =>
    typeof meta[key] === "string" && meta[key] !== "" ? meta[key] : undefined;
  const about = Object.fromEntries(
    ["source", "index", "fields"].flatMap((key) => (meta[key] === undefined ? [] : [[key, meta[key]]])),
  ) as Json;
  const isObject = typeof event === "object" && !Array.isArray(event);
  return {
    host: text("host") ?? peer,
    channel: `splunk-hec/${text("sourcetype") ?? text("source") ?? ""}`,
    time,
    content: isObject ? (event as Json) : typeof event === "string" ? event : JSON.stringify(event),
    about,
  };
}

/** Lines, as Splunk breaks raw data by default; what the query says holds for all of them. */
function readRaw(body: Buffer, context: HttpContext, peer: string): Events {
  const meta = context.req.query();
  const time = timeOf(meta["time"]) ?? null;
  const lines = body.toString("utf8").split(/\r?\n/);
  const records = lines.filter((line) => line !== "").map((line) => recordOf(meta, line, time, peer));
  return { records, problem: null };
}

/** Seconds since 1970 with a fraction, as a number or in words; null: none given. Undefined: it is no time. */
function timeOf(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== "number" && !(typeof value === "string" && /^\d{1,14}(\.\d{1,9})?$/.test(value)))
    return undefined;
  // Rounded to the microsecond: a product of decimals has digits that nobody gave.
  const time = Math.round(Number(value) * 1e6) / 1e3;
  return Number.isFinite(time) ? time : undefined;
}

/** Indexed fields have no objects inside. */
function isFlat(fields: unknown): boolean {
  return (
    typeof fields === "object" &&
    fields !== null &&
    !Array.isArray(fields) &&
    Object.values(fields).every(
      (value) => typeof value !== "object" || value === null || Array.isArray(value),
    )
  );
}

function acknowledgementsAsked(body: Buffer): number[] | null {
  try {
    const asked = JSON.parse(body.toString("utf8")) as { acks?: unknown };
    const ids: unknown = asked.acks;
    return Array.isArray(ids) && ids.every((id) => Number.isSafeInteger(id)) ? (ids as number[]) : null;
  } catch {
    return null;
  }
}

function unauthorized(context: HttpContext, intake: HttpIntake): Response | null {
  const header = context.req.header("authorization");
  if (header === undefined) {
    return context.req.query("token") === undefined
      ? answer(context, 401, 2, "Token is required")
      : answer(context, 400, 16, "Query string authorization is not enabled");
  }
  if (!/^(?:splunk|basic) +\S+ *$/i.test(header)) return answer(context, 401, 3, "Invalid authorization");
  const known = intake.credentials.ofHeader(header, ["splunk", "basic"]) !== null;
  return known ? null : answer(context, 403, 4, "Invalid token");
}

function busy(context: HttpContext, intake: HttpIntake): Response {
  context.header("Retry-After", String(Math.max(1, intake.retryAfter)));
  return answer(context, 503, 9, "Server is busy");
}

function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
}

function answer(
  context: HttpContext,
  status: ContentfulStatusCode,
  code: number,
  text: string,
  more: Json = {},
): Response {
  return context.json({ text, code, ...more }, status);
}
