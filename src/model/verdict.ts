import { z } from "zod";
import { acceptanceSchema } from "./accepted-miss.js";

/** Execution of a trial (product: "Two axes, never mixed"). */
export const executionStatusSchema = z.enum(["ran", "prevented", "failed", "not-run", "indeterminate"]);
export type ExecutionStatus = z.infer<typeof executionStatusSchema>;

/** Detection of a trial, for one analytic. `quiet` and `false-alarm` are a twin's. */
export const detectionOutcomeSchema = z.enum([
  "detected",
  "suppressed",
  "other-alert",
  "logged",
  "blind",
  "pending",
  "undecided",
  "quiet",
  "false-alarm",
]);
export type DetectionOutcome = z.infer<typeof detectionOutcomeSchema>;

export const tierSchema = z.enum(["signal", "alert", "incident"]);
export type Tier = z.infer<typeof tierSchema>;

/** Who evaluated the analytic. Only `siem-rule` proves a deployed rule. */
export const evaluatorSchema = z.enum(["siem-rule", "on-demand", "embedded"]);
export type Evaluator = z.infer<typeof evaluatorSchema>;

/** How surely an alert belongs to the trial. `ambiguous` is never `detected`. */
export const attributionGradeSchema = z.enum(["exact", "exclusive", "ambiguous"]);
export type AttributionGrade = z.infer<typeof attributionGradeSchema>;

/** The links of the chain from the act to the alert, in order. The cause of a miss is the first that failed. */
export const causeLinkSchema = z.enum([
  "execution",
  "host-log",
  "ingest",
  "fields",
  "rule-present",
  "rule-enabled",
  "evaluated",
  "look-back",
  "exception",
  "clause",
  "suppression",
  "attribution",
  "siem",
]);
export type CauseLink = z.infer<typeof causeLinkSchema>;

/** One condition of a rule that was not met by an event: what was wanted and what was there. */
export const unmetClauseSchema = z.strictObject({
  /** The clause in the rule's own words, such as `selection: CommandLine|contains`. */
  clause: z.string(),
  field: z.string().nullable(),
  /** What the rule wants, as text. */
  wanted: z.string(),
  /** What the event has, as text; null when the field is absent. */
  found: z.string().nullable(),
  /** The smallest change that would have matched, in words; empty when none is known. */
  change: z.string(),
});
export type UnmetClause = z.infer<typeof unmetClauseSchema>;

/** One condition of a rule that an event met, and with what. */
export const matchedClauseSchema = z.strictObject({
  /** As in an unmet clause. */
  clause: z.string(),
  field: z.string().nullable(),
  /** The value of the rule that the event has, as text; of several the first, unless all are needed. */
  value: z.string(),
  /** What the event has, as text; null when the clause is about an absent field or about no field. */
  found: z.string().nullable(),
});
export type MatchedClause = z.infer<typeof matchedClauseSchema>;

/** The event of the trial that came nearest to matching. */
export const nearestEventSchema = z.strictObject({
  event: z.string(),
  summary: z.string(),
  /** Clauses met of clauses needed. */
  met: z.int(),
  needed: z.int(),
  unmet: z.array(unmetClauseSchema),
  /** What made the rule match; only of an event that it matches (a twin's false alarm). */
  matched: z.array(matchedClauseSchema).optional(),
});
export type NearestEvent = z.infer<typeof nearestEventSchema>;

export const causeSchema = z.strictObject({
  link: causeLinkSchema,
  detail: z.string(),
  nearest: nearestEventSchema.nullable(),
  /** Links that were tested and hold. */
  tested: z.array(causeLinkSchema),
  /** Links after the failed one that could not be tested, and why. */
  untested: z.array(z.strictObject({ link: causeLinkSchema, reason: z.string() })),
});
export type Cause = z.infer<typeof causeSchema>;

/** Milliseconds from link to link; null where it was not seen. */
export const latencySchema = z.strictObject({
  /** start of the act -> the event's own time */
  event: z.number().nullable(),
  /** the event's own time -> in the SIEM */
  ingest: z.number().nullable(),
  /** in the SIEM -> evaluated by the rule */
  rule: z.number().nullable(),
  /** evaluated -> alert visible */
  alert: z.number().nullable(),
});
export type Latency = z.infer<typeof latencySchema>;

/** How often the analytic fires on this target without us. */
export const backgroundSchema = z.strictObject({
  matches: z.int(),
  /** Hours of telemetry that were looked at. */
  observedHours: z.number(),
  /** matches, per host and day; null while less than a minute was observed */
  perDay: z.number().nullable(),
});
export type Background = z.infer<typeof backgroundSchema>;

/** One thing that an analyst needs in an alert, whether it is there, and whether it is right. */
export const qualityCheckSchema = z.strictObject({
  check: z.enum(["severity", "host", "user", "technique"]),
  /** As text; `any` where the rule asks for none. */
  wanted: z.string(),
  /** What the alert has, as text; null when it has none, or when the SIEM does not tell. */
  found: z.string().nullable(),
  /** Null when the SIEM does not tell, or tells it in words that are not known: that is no fault. */
  ok: z.boolean().nullable(),
});
export type QualityCheck = z.infer<typeof qualityCheckSchema>;

export const verdictSchema = z.strictObject({
  /** The analytic's id (for Sigma: the rule's id, else its file name). */
  analytic: z.string(),
  title: z.string(),
  expected: detectionOutcomeSchema,
  outcome: detectionOutcomeSchema,
  /** Both axes as expected. */
  met: z.boolean(),
  tier: tierSchema.nullable(),
  evaluatedBy: evaluatorSchema,
  attribution: attributionGradeSchema.nullable(),
  background: backgroundSchema.nullable(),
  latency: latencySchema,
  /** Ids of the events and alerts that the outcome rests on. */
  evidence: z.array(z.string()),
  /**
   * Why it is not `detected` (or, for a twin, not `quiet`); null when there is nothing to explain. Of a quiet twin: how near
   * it came to a rule over several events.
   */
  cause: causeSchema.nullable(),
  /** The execution was not Tyrian's: no sentinels bracket it, and that it ran is what its recorder says. */
  recordedBy: z.string().optional(),
  /** Of the alert that the outcome rests on, where the SIEM tells anything of it. Neither the outcome nor `met` follows from it. */
  quality: z.array(qualityCheckSchema).optional(),
  /** The miss is a known gap that somebody has taken on. Not journalled: it follows from the plan. */
  accepted: acceptanceSchema.optional(),
  /** Counts from 1; evidence that arrives later appends a revision. */
  revision: z.int().min(1),
});
export type Verdict = z.infer<typeof verdictSchema>;
