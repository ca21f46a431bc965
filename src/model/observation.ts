import { z } from "zod";
import { alertSchema } from "./alert.js";
import { hostEventSchema } from "./event.js";
import { backgroundSchema, evaluatorSchema } from "./verdict.js";

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
      /** End of the last completed evaluation, milliseconds since 1970; null when the SIEM does not say. */
      lastCompletedAt: z.number().nullable(),
    }),
  ]),
  /** Milliseconds since 1970; null when no throttle is open. */
  throttleOpenUntil: z.number().nullable(),
});
export type RuleStatus = z.infer<typeof ruleStatusSchema>;

/** How the SIEM answered. Anything but `complete` forbids a conclusion from absence. */
export const answerStateSchema = z.enum(["complete", "partial", "rate-limited", "unreachable"]);
export type AnswerState = z.infer<typeof answerStateSchema>;

/** Everything that a trial's verdicts are computed from. A verdict is a pure function of this, the trial and the rules. */
export const observationSchema = z.strictObject({
  siem: z.string(),
  /** Milliseconds since 1970, our clock: when it was first asked and when the answer below was complete. */
  askedAt: z.number(),
  answeredAt: z.number(),
  /** The deadline that held; the answer is final when the end sentinel was seen or this has passed. */
  deadlineAt: z.number(),
  state: answerStateSchema,
  /** Why the state is not `complete`; empty otherwise. */
  stateDetail: z.string(),
  /** All events of the target between and including the sentinels, and, without sentinels, none. In order of sequence. */
  events: z.array(hostEventSchema),
  /** Alerts of any rule whose source events are among these, or that name the host in the window. */
  alerts: z.array(alertSchema),
  rules: z.array(ruleStatusSchema),
  /** By analytic id. */
  background: z.record(z.string(), backgroundSchema),
  sensor: z.strictObject({
    /** Records that the kernel or a shipper says it lost, before the act and after it; null when not known. */
    lostBefore: z.number().nullable(),
    lostAfter: z.number().nullable(),
    /** Whether the sensor was seen to be running on the host's side of the pipe; null when it cannot be asked. */
    running: z.boolean().nullable(),
    detail: z.string(),
  }),
});
export type Observation = z.infer<typeof observationSchema>;
