import { z } from "zod";
import { acceptedMissSchema } from "./accepted-miss.js";
import {
  cleanupSchema,
  effectSchema,
  expectationSchema,
  fileSchema,
  proofSchema,
  requirementSchema,
  viaSchema,
} from "./playbook.js";
import { controlSchema, fidelitySchema, platformSchema } from "./target.js";

/** What a trial does: code for an interpreter, all templates filled in. */
export const actSchema = z.strictObject({
  program: z.string(),
  options: z.array(z.string()),
  via: viaSchema,
  /** Of the script file; absent where the program's own is taken. */
  extension: z.string().optional(),
  code: z.string(),
  files: z.array(fileSchema),
  timeoutMs: z.number(),
});
export type Act = z.infer<typeof actSchema>;

/** Milliseconds by which the clock of whoever recorded an execution may differ from its host's; logs tell whole seconds. */
export const RECORDED_CLOCK_MS = 10_000;

/** An execution that somebody else made: no sentinel brackets it, and what is known of it is what was written down. */
export const recordedActSchema = z.strictObject({
  /** The person or program that wrote it down, in words. */
  recorder: z.string(),
  /** Exactly; null where it was not written down. */
  command: z.string().nullable(),
  /** The number of its first process; null where it was not written down. */
  pid: z.int().nullable(),
  /** ISO 8601, the recorder's clock. */
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** No other execution that is judged with it could be taken for it. */
  alone: z.boolean(),
});
export type RecordedAct = z.infer<typeof recordedActSchema>;

/** One procedure (or its twin), one target, one set of arguments, in one run. */
export const trialSchema = z.strictObject({
  /** `<run>-<ordinal>`; unique for ever. */
  id: z.string(),
  run: z.string(),
  ordinal: z.int(),
  playbook: z.string(),
  procedure: z.string(),
  guid: z.string(),
  technique: z.string(),
  name: z.string(),
  twin: z.boolean(),
  target: z.string(),
  platform: platformSchema,
  fidelity: fidelitySchema,
  /** Milliseconds that its target is left alone before it begins; absent for none. */
  pauseMs: z.int().min(0).optional(),
  /** The arguments and, as `program`, the interpreter. */
  variant: z.record(z.string(), z.union([z.string(), z.number()])),
  /** The trial's own folder on the target. Its name tells nothing: it may stand in a command line that a rule reads. */
  work: z.string(),
  requires: z.array(requirementSchema),
  act: actSchema,
  effects: z.array(effectSchema),
  /** The target's declared controls: an audited refusal by one of them makes the trial `prevented`. */
  controls: z.array(controlSchema),
  /** Only of an execution that was not Tyrian's: it is judged, and never run. */
  recorded: recordedActSchema.optional(),
  /** The name by which the telemetry knows the target. */
  telemetryHost: z.string(),
  proof: proofSchema,
  cleanup: cleanupSchema,
  /** `analytic` is the id of an entry of the plan's analytics. A twin expects `quiet`. */
  expectations: z.array(expectationSchema),
});
export type Trial = z.infer<typeof trialSchema>;

/** An analytic of a plan, with its text, so that a verdict can be recomputed from the journal alone. */
export const planAnalyticSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  language: z.enum(["sigma", "spl"]),
  file: z.string(),
  text: z.string(),
  /** Id or name of the rule, where the playbook chose it from several of the file. */
  rule: z.string().optional(),
  /** The files beside it that are compiled with it: its filters, the rules that its correlation reads, a query's lookup tables. */
  with: z.array(z.strictObject({ file: z.string(), text: z.string() })).optional(),
  /** sha256 of the text, hex; of all that it is compiled from where that is more. */
  hash: z.string(),
});
export type PlanAnalytic = z.infer<typeof planAnalyticSchema>;

/** A processing pipeline of a plan: as `PipelineText` of the detection languages. */
const planPipelineSchema = z.strictObject({
  file: z.string(),
  text: z.string(),
  format: z.string().nullable(),
});

export const planSchema = z.strictObject({
  run: z.string(),
  lab: z.string(),
  /** Tells the lab from others of the same name: a run's cleanups are owed to its own. */
  labIdentity: z.string().optional(),
  siem: z.string(),
  analytics: z.array(planAnalyticSchema),
  /** The pipelines that the Sigma rules were compiled with; absent: none. */
  pipelines: z.array(planPipelineSchema).optional(),
  /** Known gaps that are no failure, those for this SIEM only; absent: none. */
  acceptedMisses: z.array(acceptedMissSchema).optional(),
  trials: z.array(trialSchema),
});
export type Plan = z.infer<typeof planSchema>;
