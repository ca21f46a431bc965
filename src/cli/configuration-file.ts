import { z } from "zod";
import { TyrianError } from "../errors.js";
import { explainIssues } from "../playbook/explain-issue.js";
import { readText } from "../playbook/read-text.js";
import { readYaml } from "../playbook/yaml-source.js";
import { type Configuration, invalidConfiguration } from "./configuration.js";
import { announceSettingsSchema } from "../siem/announce/settings.js";
import { siemSettingsSchema } from "../siem/connect.js";
import { MOST_CONCURRENT, MOST_TARGETS } from "./run-options.js";

const configurationSchema = z.strictObject({
  lab: z.string().min(1).optional(),
  siem: z.string().min(1).optional(),
  out: z.string().min(1).optional(),
  targets: z.int().min(1).max(MOST_TARGETS).optional(),
  concurrency: z.int().min(1).max(MOST_CONCURRENT).optional(),
  strict: z.boolean().optional(),
  bindings: z.string().min(1).optional(),
  announce: announceSettingsSchema.optional(),
  /** The SIEMs that `--siem` may name, beside the embedded one. */
  siems: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]*$/i, "expected a name of letters, digits and hyphens")
        .refine((name) => name !== "embedded", "`embedded` is the SIEM that Tyrian brings along"),
      siemSettingsSchema,
    )
    .optional(),
});

/** @throws TyrianError `config-invalid`, `file-unreadable`. */
export function readConfiguration(file: string): Promise<Configuration> {
  return readValidated(file, configurationSchema);
}

/**
 * A file of YAML, held to a schema.
 * @throws TyrianError `config-invalid` with every problem and its position, `file-unreadable`.
 */
export async function readValidated<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const read = await readText(file);
  if (read.diagnostic !== null) {
    const { code, message } = read.diagnostic;
    throw code === "file-unreadable"
      ? new TyrianError("file-unreadable", message, { diagnostics: [read.diagnostic] })
      : invalidConfiguration(file, [read.diagnostic]);
  }
  const yaml = readYaml(read.text, file);
  if (yaml.source === null) throw invalidConfiguration(file, yaml.diagnostics);
  const parsed = schema.safeParse(yaml.value);
  if (parsed.success) return parsed.data;
  throw invalidConfiguration(file, explainIssues(parsed.error.issues, schema, yaml.value, yaml.source));
}
