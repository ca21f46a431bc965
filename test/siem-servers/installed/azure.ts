import { z } from "zod";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import type { Installed } from "./installed.js";

const guid = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const duration = z.string().regex(/^PT\d+[MH]$/);
const ruleSchema = z.strictObject({
  etag: z.string().optional(),
  kind: z.literal("Scheduled"),
  properties: z.strictObject({
    displayName: z.string().min(1),
    description: z.string(),
    severity: z.enum(["Informational", "Low", "Medium", "High"]),
    enabled: z.boolean(),
    query: z.string().min(1),
    queryFrequency: duration,
    queryPeriod: duration,
    triggerOperator: z.enum(["GreaterThan", "LessThan", "Equal", "NotEqual"]),
    triggerThreshold: z.int().min(0),
    suppressionEnabled: z.boolean(),
    suppressionDuration: duration,
    entityMappings: z.array(
      z.strictObject({
        entityType: z.enum(["Host", "Account", "Process"]),
        fieldMappings: z.array(z.strictObject({ identifier: z.string(), columnName: z.string() })),
      }),
    ),
  }),
});

/** Analytics rules that were made by Azure Resource Manager; null for requests about others. @param base of all rules */
export function azureRules(request: SeenRequest, installed: Installed, base: string): Reply | null {
  const { method, path } = request;
  if (!path.startsWith(`${base}/`)) return null;
  queryOf(request, z.strictObject({ "api-version": z.literal("2024-09-01") }));
  const id = path.slice(base.length + 1);
  if (!guid.test(id)) throw new Refusal(400, `The rule id ${id} is invalid`);
  const before = installed.get(id);
  switch (method) {
    case "GET":
      return before === undefined
        ? { status: 404, body: { error: { code: "NotFound", message: `${id} was not found` } } }
        : { status: 200, body: before };
    case "PUT": {
      const { etag, ...rule } = jsonBody(request, ruleSchema);
      if (etag !== undefined && etag !== before?.["etag"])
        throw new Refusal(409, "The etag does not match the one of the stored rule");
      const properties = { ...rule.properties, lastModifiedUtc: new Date().toISOString(), tactics: [] };
      const stored = { name: id, kind: rule.kind, etag: `"${installed.size}-${Date.now()}"`, properties };
      installed.set(id, stored);
      return { status: before === undefined ? 201 : 200, body: stored };
    }
    case "DELETE":
      installed.delete(id);
      return { status: before === undefined ? 204 : 200, body: "" };
    default:
      throw new Refusal(405, "Method Not Allowed");
  }
}
