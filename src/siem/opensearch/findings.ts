import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found } from "../http/pages.js";
import type { Detector } from "./detectors.js";

const PAGE = 1_000;

const findingSchema = z.object({
  id: z.string(),
  index: z.string(),
  related_doc_ids: z.array(z.string()),
  queries: z.array(
    z.object({ id: z.string(), name: z.string().optional(), tags: z.array(z.string()).optional() }),
  ),
  /** Milliseconds since 1970, or a date. */
  timestamp: z.union([z.number(), z.iso.datetime({ offset: true })]),
});
export type Finding = z.infer<typeof findingSchema>;

const alertSchema = z.object({
  id: z.string(),
  trigger_name: z.string(),
  finding_ids: z.array(z.string()),
  state: z.string(),
  start_time: z.iso.datetime({ offset: true }),
  last_notification_time: z.iso.datetime({ offset: true }).nullish(),
});
export type DetectorAlert = z.infer<typeof alertSchema>;

const findingsSchema = z.object({ findings: z.array(findingSchema) });
const alertsSchema = z.object({ alerts: z.array(alertSchema) });

/** Milliseconds since 1970, the SIEM's clock. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a detector's rules matched in a span (Alerts and findings APIs, "Get findings"). */
export function findingsOf(
  http: SiemHttp,
  detector: Detector,
  span: Span,
  signal: AbortSignal,
): Promise<Found<Finding>> {
  return allPages(0, async (startIndex) => {
    const { value } = await http.request({
      what: `the findings of detector ${detector.name}`,
      method: "GET",
      path: "/_plugins/_security_analytics/findings/_search",
      query: { ...queryOf(detector, span, startIndex), sortString: "timestamp" },
      schema: findingsSchema,
      signal,
    });
    return { rows: value.findings, next: value.findings.length < PAGE ? null : startIndex + PAGE };
  });
}

/** What a detector's triggers made of its findings ("Get alerts"). */
export function alertsOf(
  http: SiemHttp,
  detector: Detector,
  span: Span,
  signal: AbortSignal,
): Promise<Found<DetectorAlert>> {
  return allPages(0, async (startIndex) => {
    const { value } = await http.request({
      what: `the alerts of detector ${detector.name}`,
      method: "GET",
      path: "/_plugins/_security_analytics/alerts",
      query: { ...queryOf(detector, span, startIndex), sortString: "start_time" },
      schema: alertsSchema,
      signal,
    });
    return { rows: value.alerts, next: value.alerts.length < PAGE ? null : startIndex + PAGE };
  });
}

function queryOf({ id }: Detector, { from, to }: Span, startIndex: number): Record<string, string | number> {
  return {
    detector_id: id,
    startTime: Math.floor(from),
    endTime: Math.ceil(to),
    sortOrder: "asc",
    size: PAGE,
    startIndex,
  };
}

/** Milliseconds since 1970 of a time as the plugin writes it. */
export function momentOf(time: number | string): number {
  return typeof time === "number" ? time : Date.parse(time);
}
