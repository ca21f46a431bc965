import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { BodyError } from "./http-body.js";
import type { HttpApp, HttpContext, HttpIntake } from "./http.js";
import { readOtlpProtobuf } from "./otlp-protobuf.js";
import { type OtlpRecord, readOtlpJson, recordOfOtlp } from "./otlp-record.js";

/** Codes of google.rpc.Code that OTLP over HTTP answers with. */
const code = { invalid: 3, exhausted: 8, unavailable: 14, unauthenticated: 16 } as const;

/**
 * Logs of OpenTelemetry over HTTP: `POST /v1/logs` in protobuf or JSON ("OTLP/HTTP"). An answer is in the form of its
 * request; 429 and 503 with `Retry-After` are what senders repeat, 400 is what they drop.
 */
export function otlp(intake: HttpIntake): HttpApp {
  const app = intake.app();
  app.post("/v1/logs", async (context) => {
    if (intake.credentials.ofHeader(context.req.header("authorization"), ["bearer", "basic"]) === null) {
      context.header("WWW-Authenticate", "Bearer");
      return failed(context, 401, code.unauthenticated, "no token, or a wrong one");
    }
    const type = mediaType(context);
    if (type !== PROTOBUF && type !== JSON_TYPE)
      return failed(
        context,
        415,
        code.invalid,
        `the media type ${type} is neither ${PROTOBUF} nor ${JSON_TYPE}`,
      );
    if (intake.retryAfter > 0) return busy(context, intake);
    return await intake.bodies.with(context.env.incoming, async (body) => {
      let logs: OtlpRecord[];
      try {
        logs = type === PROTOBUF ? readOtlpProtobuf(body) : readOtlpJson(body.toString("utf8"));
      } catch {
        return failed(context, 400, code.invalid, "the body is no ExportLogsServiceRequest");
      }
      const peer = intake.peer(context);
      await intake.store(logs.map((log) => recordOfOtlp(log, peer)));
      // An empty ExportLogsServiceResponse: all was taken.
      return type === PROTOBUF ? protobuf(context, new Uint8Array(), 200) : context.json({});
    });
  });
  app.notFound((context) => failed(context, 404, code.invalid, "only POST /v1/logs is served"));
  app.onError((error, context) => {
    if (!(error instanceof BodyError) || error.problem === "no-room") return busy(context, intake);
    if (error.problem === "too-large")
      return failed(context, 413, code.exhausted, "the request is too large");
    return failed(
      context,
      error.problem === "encoding" ? 415 : 400,
      code.invalid,
      "the body could not be unpacked",
    );
  });
  return app;
}

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

function mediaType(context: HttpContext): string {
  return ((context.req.header("content-type") ?? "").split(";")[0] ?? "").trim().toLowerCase();
}

function busy(context: HttpContext, intake: HttpIntake): Response {
  context.header("Retry-After", String(Math.max(1, intake.retryAfter)));
  return failed(context, 429, code.unavailable, "too much waits to be stored");
}

/** A google.rpc.Status. */
function failed(
  context: HttpContext,
  status: ContentfulStatusCode,
  number: number,
  message: string,
): Response {
  if (mediaType(context) !== PROTOBUF) return context.json({ code: number, message }, status);
  const bytes = new BinaryWriter().uint32(8).int32(number).uint32(18).string(message).finish();
  return protobuf(context, bytes, status);
}

function protobuf(context: HttpContext, bytes: Uint8Array, status: ContentfulStatusCode): Response {
  context.header("Content-Type", PROTOBUF);
  return context.body(Uint8Array.from(bytes).buffer, status);
}
