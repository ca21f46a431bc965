import { z } from "zod";
import type { Plan } from "../../model/trial.js";

/** What a SOC is told of a run, before its first act and after its last (docs/announce.md). */
export const announcementSchema = z.strictObject({
  type: z.enum(["tyrian.run.begins", "tyrian.run.ended"]),
  /** When it was written, ISO 8601. */
  timestamp: z.string(),
  data: z.strictObject({
    run: z.string(),
    /** The command line's selection, for people. */
    title: z.string(),
    lab: z.string(),
    siem: z.string(),
    /** Whom to ask. */
    contact: z.string(),
    /** The names by which the telemetry knows the hosts. */
    hosts: z.array(z.string()),
    /** ATT&CK ids. */
    techniques: z.array(z.string()),
    trials: z.int(),
    /** The window, ISO 8601: acts lie in it. Of a run that begins, `to` is what its time limits allow; of one that ended, now. */
    from: z.string(),
    to: z.string(),
    /** Of a run that ended: how. */
    ended: z.enum(["completed", "interrupted", "killed", "failed"]).nullable(),
  }),
});
export type Announcement = z.infer<typeof announcementSchema>;
export type Ended = NonNullable<Announcement["data"]["ended"]>;

export interface AnnouncedRun {
  readonly plan: Plan;
  readonly title: string;
  readonly contact: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** @param now milliseconds since 1970 */
export function announcementOf(run: AnnouncedRun, ended: Ended | null, now: number): Announcement {
  const { plan, title, contact, startedAt } = run;
  const { run: id, lab, siem, trials } = plan;
  const to = ended === null ? startedAt + longestMs(plan) : now;
  return {
    type: ended === null ? "tyrian.run.begins" : "tyrian.run.ended",
    timestamp: iso(now),
    data: {
      ...{ run: id, title, lab, siem, contact, ended },
      hosts: sorted(trials.map(({ telemetryHost }) => telemetryHost)),
      techniques: sorted(trials.map(({ technique }) => technique)),
      trials: trials.length,
      from: iso(startedAt),
      to: iso(to),
    },
  };
}

/** Milliseconds that the acts of a plan may take: a target does one at a time, and all may have to take turns. */
function longestMs({ trials }: Plan): number {
  return trials.reduce((sum, { act, pauseMs = 0 }) => sum + act.timeoutMs + pauseMs, 0);
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
