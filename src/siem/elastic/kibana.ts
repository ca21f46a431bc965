import type { z } from "zod";
import { z as schema } from "zod";
import type { SiemHttp } from "../http/client.js";
import type { HttpAnswer, HttpRequest } from "../http/request.js";

/** The version of Kibana's public APIs that is spoken. */
const HEADERS = { "kbn-xsrf": "tyrian", "elastic-api-version": "2023-10-31" };

/** Kibana, in one of its spaces. */
export class Kibana {
  readonly #prefix: string;

  constructor(
    readonly http: SiemHttp,
    space: string,
  ) {
    this.#prefix = space === "default" ? "" : `/s/${space}`;
  }

  request<T>(request: Omit<HttpRequest<T>, "headers">): Promise<HttpAnswer<T>> {
    return this.http.request({ ...request, path: `${this.#prefix}${request.path}`, headers: HEADERS });
  }
}

/** A rule of the detection engine, as far as it is read; the rest is kept for a preview. */
export const ruleSchema = schema.looseObject({
  id: schema.string(),
  rule_id: schema.string(),
  name: schema.string(),
  enabled: schema.boolean(),
  type: schema.string(),
  interval: schema.string(),
  from: schema.string(),
  to: schema.string().optional(),
  timestamp_override: schema.string().optional(),
  alert_suppression: schema.unknown().optional(),
});
export type DetectionRule = z.infer<typeof ruleSchema>;

const absentSchema = schema.object({ status_code: schema.literal(404), message: schema.string() });

/** The rule of a `rule_id`; null when there is none (Detections API, "Retrieve a detection rule"). */
export async function readRule(
  kibana: Kibana,
  ruleId: string,
  signal: AbortSignal,
): Promise<DetectionRule | null> {
  const { value } = await kibana.request({
    what: `the rule ${ruleId}`,
    method: "GET",
    path: "/api/detection_engine/rules",
    query: { rule_id: ruleId },
    accept: [404],
    schema: schema.union([ruleSchema, absentSchema]),
    signal,
  });
  return "status_code" in value ? null : (value as DetectionRule);
}
