import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found } from "../http/pages.js";

const PAGE = 500;

const ruleIds = z.array(z.object({ id: z.string() })).optional();

const detectorSchema = z.looseObject({
  name: z.string(),
  enabled: z.boolean(),
  schedule: z.object({
    period: z.object({ interval: z.number().positive(), unit: z.enum(["MINUTES", "HOURS", "DAYS"]) }),
  }),
  inputs: z.array(
    z.object({ detector_input: z.looseObject({ custom_rules: ruleIds, pre_packaged_rules: ruleIds }) }),
  ),
});

const answerSchema = z.object({
  timed_out: z.boolean(),
  _shards: z.object({ failed: z.int() }),
  hits: z.object({ hits: z.array(z.object({ _id: z.string(), _source: detectorSchema })) }),
});

const unitMs = { MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 } as const;

/** A detector of Security Analytics, as far as it is asked about. */
export interface Detector {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** Ids of its custom and pre-packaged rules. */
  readonly rules: ReadonlySet<string>;
  /** As it is written. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** All detectors (Detector APIs, "Search Detector API"). */
export function allDetectors(http: SiemHttp, signal: AbortSignal): Promise<Found<Detector>> {
  return allPages(0, async (from) => {
    const { value } = await http.request({
      what: "the detectors",
      method: "POST",
      path: "/_plugins/_security_analytics/detectors/_search",
      body: { json: { from, size: PAGE, query: { match_all: {} } } },
      schema: answerSchema,
      signal,
    });
    const { hits } = value.hits;
    const whole = !value.timed_out && value._shards.failed === 0;
    return {
      rows: hits.map(({ _id, _source }) => detectorOf(_id, _source)),
      next: hits.length < PAGE ? null : from + PAGE,
      lacks: whole ? null : "not all detectors could be read",
    };
  });
}

function detectorOf(id: string, written: z.infer<typeof detectorSchema>): Detector {
  const { name, enabled, schedule, inputs } = written;
  const { interval, unit } = schedule.period;
  const rules = inputs.flatMap(({ detector_input: { custom_rules, pre_packaged_rules } }) =>
    [...(custom_rules ?? []), ...(pre_packaged_rules ?? [])].map((rule) => rule.id),
  );
  return { id, name, enabled, intervalMs: interval * unitMs[unit], rules: new Set(rules), written };
}
