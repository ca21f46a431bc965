import { z } from "zod";
import type { AlertsWanted, FoundAlert } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found, foundTogether } from "../http/pages.js";
import { answerWith, eventSchema, isoTime, type UdmEvents } from "./events.js";

/** Detections of one page; the API gives no more. */
const PAGE = 1_000;
/** Detections of all revisions of all rules. */
const ALL_RULES = "-";

const detectionSchema = z.object({
  id: z.string(),
  createdTime: z.iso.datetime({ offset: true }),
  lastUpdatedTime: z.iso.datetime({ offset: true }).optional(),
  caseName: z.string().optional(),
  detectionTimingDetails: z.array(z.string()).default([]),
  detection: z
    .array(
      z.object({
        ruleId: z.string(),
        ruleName: z.string().optional(),
        ruleType: z.string().optional(),
        alertState: z.string().optional(),
      }),
    )
    .min(1),
  collectionElements: z
    .array(z.object({ references: z.array(z.object({ event: eventSchema.optional() })).default([]) }))
    .default([]),
});
type Detection = z.infer<typeof detectionSchema>;

const answerSchema = answerWith(
  {
    detections: z.array(detectionSchema).default([]),
    nextPageToken: z.string().optional(),
    respTooLargeDetectionsTruncated: z.boolean().default(false),
  },
  "nestedDetectionSamples",
);

/** Detections by when they were made (Chronicle API, "Method: legacy.legacySearchDetections"), without those of curated rules. */
export async function detectionsOf(
  http: SiemHttp,
  path: string,
  events: UdmEvents,
  wanted: AlertsWanted,
  signal: AbortSignal,
): Promise<Found<FoundAlert>> {
  // Detections cannot be asked for by host.
  const asked = wanted.hosts.length > 0 ? [ALL_RULES] : wanted.rules.map((rule) => `${rule}@-`);
  const parts = await Promise.all(asked.map((rule) => pagesOf(http, path, rule, wanted, signal)));
  const { rows, lacks } = foundTogether(parts);
  const alerts = rows
    // A search through the past is no evaluation of the deployed rule.
    .filter(({ detectionTimingDetails }) => !detectionTimingDetails.some((one) => one.endsWith("RETROHUNT")))
    .map((detection) => alertOf(detection, events))
    .filter(
      ({ alert, hosts }) =>
        wanted.rules.includes(alert.rule) || hosts.some((host) => wanted.hosts.includes(host)),
    );
  return { rows: alerts.map(({ alert }) => alert), lacks };
}

function pagesOf(
  http: SiemHttp,
  path: string,
  ruleId: string,
  { from, to }: AlertsWanted,
  signal: AbortSignal,
): Promise<Found<Detection>> {
  return allPages("", async (pageToken) => {
    const { value } = await http.request({
      what: "the detections",
      method: "GET",
      path: `${path}/legacy:legacySearchDetections`,
      query: {
        ruleId,
        startTime: isoTime(from),
        endTime: isoTime(to + 1),
        listBasis: "CREATED_TIME",
        pageSize: PAGE,
        pageToken: pageToken === "" ? undefined : pageToken,
      },
      schema: answerSchema,
      signal,
    });
    const { detections, nextPageToken = "", respTooLargeDetectionsTruncated: truncated } = value;
    return {
      rows: detections,
      next: nextPageToken === "" ? null : nextPageToken,
      lacks: truncated ? "a page of detections was too large, and some were left out" : null,
    };
  });
}

/** Of a rule over several events a detection has samples; of one over a single event, that event. */
function alertOf(
  detection: Detection,
  udm: UdmEvents,
): { readonly alert: FoundAlert; readonly hosts: readonly string[] } {
  const { id, createdTime, lastUpdatedTime = createdTime, caseName, collectionElements } = detection;
  const [{ ruleId, ruleName, ruleType, alertState } = { ruleId: "" }] = detection.detection;
  const documents = collectionElements
    .flatMap(({ references }) => references)
    .flatMap(({ event }) => (event === undefined ? [] : [udm.documentOf(event)]));
  const hosts = [...new Set(documents.map(({ host }) => host))].filter((host) => host !== "");
  const isKnown = documents.length > 0 && documents.every(({ text }) => text !== null);
  const tier = caseName === undefined || caseName === "" ? "alert" : "incident";
  const alert: FoundAlert = {
    id,
    rule: ruleId,
    title: ruleName ?? ruleId,
    tier: alertState === "ALERTING" ? tier : "signal",
    host: hosts.length === 1 ? (hosts[0] ?? null) : null,
    createdAt: Date.parse(createdTime),
    updatedAt: Date.parse(lastUpdatedTime),
    evaluatedAt: null,
    sources: isKnown ? { documents, missing: [] } : null,
    sourcesWhole: isKnown && ruleType === "SINGLE_EVENT" && documents.length === 1,
    foldedInto: null,
  };
  return { alert, hosts };
}
