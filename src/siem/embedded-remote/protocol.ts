import { z } from "zod";
import { alertSchema } from "../../model/alert.js";
import { hostEventSchema } from "../../model/event.js";
import { answerStateSchema, otherRecordSchema, ruleStatusSchema } from "../../model/observation.js";
import { backgroundSchema } from "../../model/verdict.js";

/** Where the API of a served SIEM is: one path a question, asked with POST and a body of JSON. */
export const API = "/api/siem/v1";

/** Milliseconds that the server waits at most for something to arrive, before it says that nothing did. */
export const LONGEST_WAIT_MS = 5_000;

function answerOf<Value extends z.ZodType>(value: Value) {
  return z.strictObject({ state: answerStateSchema, detail: z.string(), value });
}

const span = z.strictObject({ host: z.string(), from: z.number(), to: z.number() });
const name = z.string().min(1).max(10_000);

/** What may be asked: the questions of the port `Siem`, with what they take and what they give. */
export const questions = {
  /** How records reach it: it reads the sensors' own logs, or they are shipped to it. */
  delivery: { asked: z.strictObject({}), answer: z.strictObject({ type: z.enum(["read", "shipped"]) }) },
  /** The texts of its rules, as `ruleFingerprint` tells them apart, by id. */
  rules: {
    asked: z.strictObject({}),
    answer: z.strictObject({ fingerprints: z.record(z.string(), z.string()) }),
  },
  clock: {
    asked: z.strictObject({}),
    answer: answerOf(z.strictObject({ now: z.number(), errorMs: z.number() })),
  },
  canaries: {
    asked: z.strictObject({ trials: z.array(z.strictObject({ host: name, trial: name })).max(10_000) }),
    answer: answerOf(
      z.array(z.strictObject({ begin: hostEventSchema.nullable(), end: hostEventSchema.nullable() })),
    ),
  },
  events: {
    asked: z.strictObject({ spans: z.array(span).max(10_000) }),
    answer: answerOf(z.array(hostEventSchema)),
  },
  "other-records": {
    asked: z.strictObject({ spans: z.array(span).max(10_000) }),
    answer: answerOf(z.array(otherRecordSchema)),
  },
  alerts: {
    asked: z.strictObject({
      rules: z.array(name).max(100_000),
      hosts: z.array(name).max(10_000),
      from: z.number(),
      to: z.number(),
    }),
    answer: answerOf(z.array(alertSchema)),
  },
  "rule-statuses": {
    asked: z.strictObject({ rules: z.array(name).max(100_000), since: z.number() }),
    answer: answerOf(z.array(ruleStatusSchema)),
  },
  background: {
    asked: z.strictObject({ rule: name, host: name }),
    answer: answerOf(backgroundSchema),
  },
  sensor: {
    asked: z.strictObject({ host: name, since: z.number() }),
    answer: answerOf(
      z.strictObject({
        lost: z.number().nullable(),
        missing: z.number(),
        running: z.boolean().nullable(),
        detail: z.string(),
      }),
    ),
  },
  changed: {
    asked: z.strictObject({ host: name, ms: z.number().min(0).max(LONGEST_WAIT_MS) }),
    /** Whether something arrived before the time was over. */
    answer: z.strictObject({ arrived: z.boolean() }),
  },
} as const;

export type Question = keyof typeof questions;
export type Asked<Q extends Question> = z.infer<(typeof questions)[Q]["asked"]>;
export type AnswerTo<Q extends Question> = z.infer<(typeof questions)[Q]["answer"]>;
