import { z } from "zod";
import type { Evaluation } from "../../model/observation.js";
import type { SiemHttp } from "../http/client.js";
import type { RulerRule } from "../ruler/rules.js";
import { durationMs } from "../ruler/selector.js";

const updatesSchema = z.object({
  updates: z
    .array(
      z.object({
        /** When it began, and the moment for which it was made. */
        time: z.iso.datetime({ offset: true }),
        at: z.iso.datetime({ offset: true }),
        /** Nanoseconds. */
        duration: z.number(),
        error: z.unknown(),
      }),
    )
    .nullish(),
});
const goneSchema = z.object({ error: z.string() });

/** An evaluation with the moment for which it was made: milliseconds since 1970. */
export interface RuleUpdate extends Evaluation {
  readonly at: number;
}

/**
 * Milliseconds that an expression of vmalert's type `vlogs` looks back; null when that cannot be told. Without a filter of time vmalert
 * adds one of an interval (VictoriaLogs, "vmalert", "Time filter"). Texts in quotes are no part of it.
 */
export function lookBackOf({ query, intervalMs }: RulerRule): number | null {
  const bare = query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""');
  const [filter, ...others] = [...bare.matchAll(/\b_time\s*:\s*(\S*)(\s+offset\b)?/g)];
  if (/\boptions\s*\(/.test(bare) || others.length > 0) return null;
  if (filter === undefined) return intervalMs;
  const [, text = "", offset] = filter;
  return offset === undefined ? durationMs(text.replace(/\)+$/, "")) : null;
}

/** The last evaluations of a rule that succeeded, as many as vmalert keeps (`-rule.updateEntriesLimit`). */
export async function ruleUpdates(
  http: SiemHttp,
  rule: RulerRule,
  lookBackMs: number,
  signal: AbortSignal,
): Promise<RuleUpdate[]> {
  if (rule.ids === null) return [];
  const { value } = await http.request({
    what: `the evaluations of rule ${rule.name}`,
    method: "GET",
    path: "/api/v1/rule",
    query: { ...rule.ids },
    // The rules were read anew in between.
    accept: [404],
    schema: z.union([updatesSchema, goneSchema]),
    signal,
  });
  if (!("updates" in value)) return [];
  return (value.updates ?? []).flatMap((update): RuleUpdate[] => {
    const [startedAt, at] = [Date.parse(update.time), Date.parse(update.at)];
    // The places of evaluations that have not been are empty.
    if (at <= 0 || (update.error ?? null) !== null) return [];
    // VictoriaLogs is asked for whole seconds.
    const end = Math.floor(at / 1000) * 1000;
    return [
      {
        startedAt,
        completedAt: startedAt + update.duration / 1_000_000,
        from: end - lookBackMs,
        to: end - 1,
        at,
      },
    ];
  });
}
