import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { type Found, found } from "../http/pages.js";
import { type Hit, searchIndex } from "../search-api/search.js";
import type { DetectionRule, Kibana } from "./kibana.js";

const previewSchema = z.object({
  previewId: z.string().optional(),
  isAborted: z.boolean().optional(),
  logs: z.array(z.object({ errors: z.array(z.string()), warnings: z.array(z.string()).optional() })),
});

/** What the server adds to a rule, and does not take back. */
const SERVERS_OWN = [
  ...[
    "id",
    "rule_id",
    "immutable",
    "rule_source",
    "revision",
    "version",
    "enabled",
    "created_at",
    "created_by",
  ],
  ...["updated_at", "updated_by", "execution_summary", "related_integrations", "required_fields", "setup"],
];

/** Runs a rule over a span once, without alerts of its own (Detections API, "Preview rule alerts"). */
export async function preview(
  kibana: Kibana,
  http: SiemHttp,
  space: string,
  rule: DetectionRule,
  { from, to }: { readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<Found<Hit>> {
  const seconds = Math.max(1, Math.ceil((to - from) / 1000));
  const own = new Set(SERVERS_OWN);
  const kept = Object.fromEntries(Object.entries(rule).filter(([key]) => !own.has(key)));
  const { value } = await kibana.request({
    what: `a preview of the rule ${rule.rule_id}`,
    method: "POST",
    path: "/api/detection_engine/rules/preview",
    body: {
      json: {
        ...kept,
        interval: `${seconds}s`,
        from: `now-${seconds}s`,
        invocationCount: 1,
        timeframeEnd: new Date(to).toISOString(),
      },
    },
    schema: previewSchema,
    signal,
  });
  const errors = value.logs.flatMap((log) => log.errors);
  if (value.previewId === undefined || value.isAborted === true || errors.length > 0)
    return found<Hit>([], `the preview did not end well: ${errors[0] ?? "it was aborted"}`);
  return await searchIndex(http, {
    what: "the alerts of a preview",
    index: `.preview.alerts-security.alerts-${space}`,
    filter: [{ term: { "kibana.alert.rule.uuid": value.previewId } }],
    timeField: "@timestamp",
    from: 0,
    to: Date.now() + 86_400_000,
    signal,
  });
}
