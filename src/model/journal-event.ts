import { z } from "zod";
import { cleanupResultSchema, executionSchema } from "./execution.js";
import { observationSchema } from "./observation.js";
import { planSchema } from "./trial.js";
import { verdictSchema } from "./verdict.js";

const envelope = { seq: z.int(), at: z.string(), run: z.string() };
const ofTrial = { ...envelope, trial: z.string() };

/** The states of a trial, in order. `armed` is written before anything happens on the target. */
export const trialStateSchema = z.enum(["prepared", "armed", "executed", "checked", "cleaned", "verified"]);
export type TrialState = z.infer<typeof trialStateSchema>;

/** Whether one place took an announcement, and why not. */
export const toldSchema = z.strictObject({ place: z.string(), told: z.boolean(), detail: z.string() });
export type Told = z.infer<typeof toldSchema>;

/** The append-only record of a run. Status, reports and recovery are folds over it. */
export const journalEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...envelope,
    type: z.literal("run-started"),
    version: z.string(),
    /** The command line's selection, for people. */
    title: z.string(),
    pid: z.int(),
    plan: planSchema,
  }),
  z.strictObject({ ...ofTrial, type: z.literal("trial-prepared") }),
  /** On disk before anything happens on the target. What will run and how it is cleaned is in the plan. */
  z.strictObject({ ...ofTrial, type: z.literal("trial-armed") }),
  z.strictObject({ ...ofTrial, type: z.literal("trial-executed"), execution: executionSchema }),
  z.strictObject({ ...ofTrial, type: z.literal("trial-checked"), execution: executionSchema }),
  z.strictObject({ ...ofTrial, type: z.literal("trial-cleaned"), cleanup: cleanupResultSchema }),
  /** Before the verdict: what the SIEM answered. */
  z.strictObject({ ...ofTrial, type: z.literal("trial-observed"), observation: observationSchema }),
  z.strictObject({ ...ofTrial, type: z.literal("trial-verified"), verdicts: z.array(verdictSchema) }),
  /** The SOC was told of the run, or was to be. */
  z.strictObject({
    ...envelope,
    type: z.literal("run-announced"),
    edge: z.enum(["begins", "ended"]),
    places: z.array(toldSchema),
  }),
  z.strictObject({
    ...envelope,
    type: z.literal("run-ended"),
    reason: z.enum(["completed", "interrupted", "killed", "failed", "recovered"]),
  }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;

/** A journal event before the journal has numbered and dated it. */
export type JournalEntry = JournalEvent extends infer Event
  ? Event extends JournalEvent
    ? Omit<Event, "seq" | "at" | "run">
    : never
  : never;
