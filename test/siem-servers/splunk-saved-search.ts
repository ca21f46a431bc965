import { z } from "zod";
import { queryOf, type Reply, type SeenRequest } from "./stand-in.js";
import type { WorldRule } from "./world.js";

/** A saved search as Splunk describes it. @param suppressMs how long it withholds alerts after one; null when it does not */
export function entryOf(rule: WorldRule, suppressMs: number | null): unknown {
  const { name, enabled, lookBackMs, query = "index=linux process.command_line=*echo*" } = rule;
  return {
    name,
    acl: { app: "search", owner: "nobody", sharing: "app" },
    content: {
      search: query,
      disabled: !enabled,
      // Splunk's own, which change by themselves.
      next_scheduled_time: new Date().toISOString(),
      triggered_alert_count: rule.evaluations.length,
      is_scheduled: true,
      "dispatch.earliest_time": `-${lookBackMs / 1000}s`,
      "dispatch.latest_time": "now",
      "alert.suppress": suppressMs === null ? "0" : "1",
      "alert.suppress.period": suppressMs === null ? "" : `${suppressMs / 1000}s`,
    },
  };
}

/** The jobs that it has run. */
export function historyOf({ evaluations, lookBackMs }: WorldRule): unknown[] {
  return evaluations.map(({ startedAt, completedAt }) => ({
    published: new Date(startedAt).toISOString(),
    content: {
      dispatchState: "DONE",
      earliestTime: new Date(startedAt - lookBackMs).toISOString(),
      latestTime: new Date(startedAt).toISOString(),
      runDuration: (completedAt - startedAt) / 1000,
    },
  }));
}

/** When it will run, as Splunk reckons it. */
export function scheduledTimes(request: SeenRequest, { intervalMs }: WorldRule): Reply {
  queryOf(
    request,
    z.strictObject({
      output_mode: z.literal("json"),
      earliest_time: z.literal("now"),
      latest_time: z.literal("+48h"),
    }),
  );
  const now = Math.ceil(Date.now() / intervalMs) * intervalMs;
  const scheduled_times = Array.from({ length: 10 }, (_, index) => (now + index * intervalMs) / 1000);
  return { status: 200, body: { entry: [{ content: { scheduled_times } }] } };
}
