import { z } from "zod";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import type { Installed } from "./installed.js";

const ruleSchema = z.strictObject({
  rule_id: z.string().min(1),
  name: z.string().min(1),
  description: z.string().min(1),
  risk_score: z.int().min(0).max(100),
  severity: z.enum(["low", "medium", "high", "critical"]),
  type: z.literal("query"),
  language: z.enum(["kuery", "lucene"]),
  query: z.string(),
  index: z.array(z.string().min(1)),
  interval: z.string().regex(/^\d+[smh]$/),
  from: z.string().regex(/^now-\d+[smhd]$/),
  to: z.literal("now"),
  timestamp_override: z.string().optional(),
  enabled: z.boolean(),
  author: z.array(z.string()),
  tags: z.array(z.string()),
});

/** Rules that were made by the Detections API; null for requests about others. */
export function kibanaRules(request: SeenRequest, installed: Installed): Reply | null {
  const { method, path } = request;
  if (path !== "/api/detection_engine/rules") return null;
  if (method === "POST" || method === "PUT") {
    const rule = jsonBody(request, ruleSchema);
    const before = installed.get(rule.rule_id);
    if (method === "POST" && before !== undefined)
      throw new Refusal(409, `rule_id: "${rule.rule_id}" already exists`);
    if (method === "PUT" && before === undefined)
      throw new Refusal(404, `rule_id: "${rule.rule_id}" not found`);
    const revision = Number(before?.["revision"] ?? -1) + 1;
    const now = new Date().toISOString();
    installed.set(rule.rule_id, { ...rule, id: `uuid-${rule.rule_id}`, revision, updated_at: now });
    return { status: 200, body: installed.get(rule.rule_id) };
  }
  const { rule_id } = queryOf(request, z.strictObject({ rule_id: z.string() }));
  const rule = installed.get(rule_id);
  if (rule === undefined) return null;
  if (method === "DELETE") installed.delete(rule_id);
  return { status: 200, body: rule };
}
