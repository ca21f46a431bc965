import { z } from "zod";
import { absentRule, type FoundRule, type RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";

/** A rule's deployment, as far as it is read. */
export const deploymentSchema = z.object({
  name: z.string(),
  enabled: z.boolean().default(false),
  archived: z.boolean().default(false),
  runFrequency: z.string().default("RUN_FREQUENCY_UNSPECIFIED"),
  executionState: z.string().default("DEFAULT"),
});
const absentSchema = z.object({ error: z.object({ status: z.literal("NOT_FOUND") }) });

/** The deployment of a rule (Chronicle API, "RuleDeployment"). When a rule ran is told nowhere; a live one sees each event as it comes. */
export async function deploymentOf(
  http: SiemHttp,
  path: string,
  rule: string,
  signal: AbortSignal,
): Promise<FoundRule> {
  const { value } = await http.request({
    what: `the deployment of the rule ${rule}`,
    method: "GET",
    path: `${path}/rules${pathOf(rule)}/deployment`,
    accept: [404],
    schema: z.union([deploymentSchema, absentSchema]),
    signal,
  });
  if ("error" in value) return absentRule;
  const { enabled, archived, runFrequency, executionState } = value;
  return {
    present: true,
    enabled: enabled && !archived && executionState !== "PAUSED",
    schedule: { type: "streaming" },
    throttles: [],
    stateful: false,
    lacks: problemOf(rule, runFrequency, executionState),
  };
}

const ruleSchema = z.object({ name: z.string(), displayName: z.string().default(""), text: z.string() });

/** A rule as it is written (Chronicle API, "Rule"); null when there is none. */
export async function ruleDefinition(
  http: SiemHttp,
  path: string,
  rule: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  const { value } = await http.request({
    what: `the rule ${rule}`,
    method: "GET",
    path: `${path}/rules${pathOf(rule)}`,
    accept: [404],
    schema: z.union([ruleSchema, absentSchema]),
    signal,
  });
  if ("error" in value) return null;
  // The name stands in the text too: a new one is a new name and no other rule.
  return { title: value.displayName, content: value.text.replace(/^\s*rule\s+\w+/m, "rule") };
}

function problemOf(rule: string, runFrequency: string, executionState: string): string | null {
  if (executionState === "LIMITED") return `Google SecOps runs the rule ${rule} only now and then (LIMITED)`;
  if (runFrequency === "LIVE") return null;
  return `the rule ${rule} has the run frequency ${runFrequency}, and Google SecOps does not tell when it ran`;
}
