import { parse } from "yaml";
import { z } from "zod";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import type { Installed } from "./installed.js";

const BASE = "/_plugins/_security_analytics";
const name = z.string().regex(/^[\w -]{5,50}$/, "name should be 5 to 50 letters, digits, spaces, - or _");
const ids = z.array(z.strictObject({ id: z.string() }));
const detectorSchema = z.strictObject({
  type: z.literal("detector"),
  name,
  detector_type: z.enum(["linux", "windows", "network", "cloudtrail"]),
  enabled: z.boolean(),
  schedule: z.strictObject({
    period: z.strictObject({ interval: z.int().positive(), unit: z.enum(["MINUTES", "HOURS", "DAYS"]) }),
  }),
  inputs: z.tuple([
    z.strictObject({
      detector_input: z.strictObject({
        description: z.string(),
        indices: z.array(z.string()).min(1),
        custom_rules: ids,
        pre_packaged_rules: ids,
      }),
    }),
  ]),
  triggers: z.array(
    z.strictObject({
      id: z.string(),
      name,
      severity: z.enum(["1", "2", "3", "4", "5"]),
      ids: z.array(z.string()),
      types: z.array(z.string()),
      tags: z.array(z.string()),
      sev_levels: z.array(z.string()),
      actions: z.array(z.unknown()),
    }),
  ),
});
const sigmaSchema = z.looseObject({
  title: z.string(),
  logsource: z.object({}).loose(),
  detection: z.object({ condition: z.string() }).loose(),
  tags: z.array(z.string().regex(/\./, "a tag has a namespace")).default([]),
});
const category = z.enum(["linux", "windows", "network", "cloudtrail"]);

/** Custom rules and detectors that were made by the API of Security Analytics; null for other requests. Ids of rules begin with `r`. */
export function securityAnalytics(request: SeenRequest, installed: Installed): Reply | null {
  const { method, path } = request;
  const [, kind, id] = new RegExp(`^${BASE}/(rules|detectors)(?:/([^/_][^/]*))?$`).exec(path) ?? [];
  if (kind === undefined) return null;
  if (method === "POST" && id === undefined) {
    const made = `${kind[0] ?? ""}${installed.size + 1}-${Date.now()}`;
    return kind === "rules"
      ? storeRule(request, installed, made, 201)
      : storeDetector(request, installed, made, 201);
  }
  if (id === undefined || !installed.has(id))
    return { status: 404, body: { error: { reason: `${id ?? ""} not found` } } };
  if (method === "PUT")
    return kind === "rules"
      ? storeRule(request, installed, id, 200)
      : storeDetector(request, installed, id, 200);
  if (method !== "DELETE") throw new Refusal(405, "Incorrect HTTP method");
  if (kind === "rules" && isUsed(installed, id))
    throw new Refusal(
      500,
      `Rule with id ${id} is actively used by detectors. Deletion can be forced by setting forced flag to true`,
    );
  installed.delete(id);
  return { status: 200, body: { _id: id, _version: 1 } };
}

function storeRule(request: SeenRequest, installed: Installed, id: string, status: number): Reply {
  const { forced } = queryOf(request, z.strictObject({ category, forced: z.literal("true").optional() }));
  if (request.method === "PUT" && forced === undefined && isUsed(installed, id))
    throw new Refusal(500, `Rule with id ${id} is actively used by detectors.`);
  const rule = sigmaSchema.safeParse(parse(request.body));
  if (!rule.success) throw new Refusal(400, `Sigma rule: ${rule.error.message}`);
  const { title, tags } = rule.data;
  installed.set(id, { title, tags: tags.map((value) => ({ value })), rule: request.body });
  return { status, body: { _id: id, _version: 1, rule: installed.get(id) } };
}

function storeDetector(request: SeenRequest, installed: Installed, id: string, status: number): Reply {
  const detector = jsonBody(request, detectorSchema);
  const unknown = detector.inputs[0].detector_input.custom_rules.find((rule) => !installed.has(rule.id));
  if (unknown !== undefined) throw new Refusal(400, `Custom rule ${unknown.id} not found`);
  if (request.method === "POST" && [...installed.values()].some((other) => other["name"] === detector.name))
    throw new Refusal(400, `Detector with name ${detector.name} exists`);
  installed.set(id, detector);
  return { status, body: { _id: id, _version: 1, detector } };
}

function isUsed(installed: Installed, rule: string): boolean {
  return installedDetectors(installed).some(({ _source }) =>
    detectorSchema.parse(_source).inputs[0].detector_input.custom_rules.some(({ id }) => id === rule),
  );
}

export function installedDetectors(installed: Installed) {
  return [...installed].filter(([id]) => id.startsWith("d")).map(([_id, _source]) => ({ _id, _source }));
}

export function installedRules(installed: Installed) {
  return [...installed].filter(([id]) => id.startsWith("r")).map(([_id, _source]) => ({ _id, _source }));
}
