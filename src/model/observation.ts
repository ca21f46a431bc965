import { z } from "zod";
import { alertSchema } from "./alert.js";
import { hostEventSchema } from "./event.js";
import { backgroundSchema, evaluatorSchema } from "./verdict.js";

/** One completed evaluation of a scheduled rule. Times are milliseconds since 1970, the SIEM's clock. */
export const evaluationSchema = z.strictObject({
  /** Only what was in the SIEM by then was seen. */
  startedAt: z.number(),
  completedAt: z.number(),
  /** The window that it read, inclusive, by event time or by ingest time (see `windowOver`). */
  from: z.number(),
  to: z.number(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** What the SIEM says of a rule. */
export const ruleStatusSchema = z.strictObject({
  rule: z.string(),
  present: z.boolean(),
  enabled: z.boolean(),
  evaluatedBy: evaluatorSchema,
  /** `streaming`: each event once, as it arrives. `scheduled`: every interval, over a look-back. Milliseconds. */
  schedule: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("streaming") }),
    z.strictObject({
      type: z.literal("scheduled"),
      intervalMs: z.number(),
      lookBackMs: z.number(),
      windowOver: z.enum(["event-time", "ingest-time"]),
      /** Evaluations that were completed since the moment that was asked about; a skipped one is absent. */
      evaluations: z.array(evaluationSchema),
    }),
  ]),
  /** All spans in which the rule withheld alerts (throttle, suppression) and that reach into the time asked about. */
  throttles: z.array(
    z.strictObject({ from: z.number(), until: z.number(), openedBy: z.string().nullable() }),
  ),
  /** The rule remembers what it has seen (first seen, new terms): its silence may only mean that it knows the value. */
  stateful: z.boolean(),
});
export type RuleStatus = z.infer<typeof ruleStatusSchema>;

/** How telemetry reaches a SIEM: this decides what absence can prove. */
export const deliverySchema = z.discriminatedUnion("type", [
  /** The SIEM reads the sensor's own log: what a complete answer lacks is not under way. Rules see it at once. */
  z.strictObject({ type: z.literal("read") }),
  /** Records travel, and may come late or never. Milliseconds; declared, and lengthened when a sentinel took longer. */
  z.strictObject({
    type: z.literal("shipped"),
    /** From the host to the SIEM: what has not come by then is taken for lost. */
    longestLagMs: z.number(),
    /** From the end of an evaluation (streaming: from the ingest) until its alert can be found. */
    longestAlertLagMs: z.number(),
  }),
]);
export type Delivery = z.infer<typeof deliverySchema>;

/** How the SIEM answered. Anything but `complete` forbids a conclusion from absence. */
export const answerStateSchema = z.enum(["complete", "partial", "rate-limited", "unreachable"]);
export type AnswerState = z.infer<typeof answerStateSchema>;

/**
 * A numbered record of a sensor that tells of nothing that a verdict reads, such as a login: it has arrived, so that its number is not missing
 * among those of the events.
 */
export const otherRecordSchema = z.strictObject({
  host: z.string(),
  sensor: z.enum(["auditd", "laurel", "sysmon", "security"]),
  /** The audit serial; on Windows the record's number. */
  sequence: z.number(),
});
export type OtherRecord = z.infer<typeof otherRecordSchema>;

/** Everything that a trial's verdicts are computed from. A verdict is a pure function of this, the trial and the rules. */
export const observationSchema = z.strictObject({
  siem: z.string(),
  /** Milliseconds since 1970, our clock: when it was first asked, and the moment that its last answer speaks of: when that was asked for. */
  askedAt: z.number(),
  answeredAt: z.number(),
  /** Milliseconds since 1970, our clock: what has not arrived by then is taken for lost, and nothing before. */
  deadlineAt: z.number(),
  state: answerStateSchema,
  delivery: deliverySchema,
  /** The SIEM's clock minus ours when it was last asked, and how far that may be wrong. Milliseconds. */
  clock: z.strictObject({ offsetMs: z.number(), errorMs: z.number() }),
  /** Complete answers in a row, the last included, that held the same evidence: nothing is concluded from one empty answer. */
  agreeing: z.int(),
  /** Milliseconds since 1970, our clock: the last two of them were both asked for at this moment or after it. */
  agreedAt: z.number(),
  /** Why the state is not `complete`; empty otherwise. */
  stateDetail: z.string(),
  /**
   * Events of the target between and including the sentinels, as far as they arrived. More where they are needed: without
   * a sentinel, or when an alert names no source events and others may have caused it. In any order, perhaps repeated.
   */
  events: z.array(hostEventSchema),
  /** Of the same time, as far as the SIEM tells them, and needed only where numbers are missing among the events'. */
  otherRecords: z.array(otherRecordSchema).optional(),
  /** Whether `events` holds all that the SIEM has of the host from which an alert of these rules can have been made. */
  surroundings: z.boolean(),
  /** Alerts of any rule whose source events are among these, or that name the host in the window. */
  alerts: z.array(alertSchema),
  rules: z.array(ruleStatusSchema),
  /** By analytic id. */
  background: z.record(z.string(), backgroundSchema),
  /** What the sensor's own log on the target says of the trial's time; absent when it was not read. */
  hostLog: z
    .strictObject({ state: answerStateSchema, detail: z.string(), events: z.array(hostEventSchema) })
    .optional(),
  sensor: z.strictObject({
    /** Records that were lost on the host, as counted before the act and at the first asking after it; null when not known. */
    lostBefore: z.number().nullable(),
    lostAfter: z.number().nullable(),
    /** Whether the sensor was seen to be running on the host's side of the pipe; null when it cannot be asked. */
    running: z.boolean().nullable(),
    detail: z.string(),
  }),
});
export type Observation = z.infer<typeof observationSchema>;
