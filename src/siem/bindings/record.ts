import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, TyrianError } from "../../errors.js";
import type { RuleDefinition } from "../connector/connector.js";

const acceptedRuleSchema = z.strictObject({
  title: z.string(),
  /** sha256 of its content, hex. */
  fingerprint: z.string(),
  acceptedAt: z.iso.datetime(),
});
/** What a rule of a SIEM was when somebody said that it is as it should be. */
export type AcceptedRule = z.infer<typeof acceptedRuleSchema>;

const recordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** By SIEM and rule. */
  siems: z.record(z.string(), z.record(z.string(), acceptedRuleSchema)),
});
/** The file beside the bindings that `bindings check --accept` writes. */
export type RuleRecord = z.infer<typeof recordSchema>;

/** `bindings.yaml` has `bindings.lock.json`. */
export function recordFileOf(bindingsFile: string): string {
  return bindingsFile.replace(/(?:\.ya?ml)?$/i, ".lock.json");
}

/** @throws TyrianError `bindings-invalid` */
export async function readRecord(file: string): Promise<RuleRecord> {
  if (!existsSync(file)) return { schemaVersion: 1, siems: {} };
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const hint =
      "Restore the file, or remove it and look at every rule again: `tyrian bindings check --accept`.";
    const detail = error instanceof z.ZodError ? "it is not of its form" : messageOf(error);
    throw new TyrianError("bindings-invalid", `${file} cannot be read: ${detail}`, { hint });
  }
}

/** Keys in order, so that a change of the file shows what was changed. */
export async function writeRecord(file: string, record: RuleRecord): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify(inOrder(record), null, 2)}\n`);
  await rename(draft, file);
}

/** Whatever order the SIEM gives its keys in. */
export function fingerprintOf({ content }: RuleDefinition): string {
  return createHash("sha256")
    .update(JSON.stringify(inOrder(content)))
    .digest("hex");
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, inOrder(each)]));
}
