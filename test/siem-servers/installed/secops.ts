import { z } from "zod";
import { jsonBody, queryOf, Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import { changed, type Installed } from "./installed.js";

const listed = z.strictObject({
  pageSize: z.literal("1000"),
  view: z.enum(["BASIC", "FULL"]),
  pageToken: z.string().optional(),
});
const textSchema = z.strictObject({ text: z.string() });
const deploymentSchema = z.strictObject({
  enabled: z.boolean(),
  alerting: z.boolean(),
  runFrequency: z.enum(["LIVE", "HOURLY", "DAILY"]),
});

/** Rules that were made by the Chronicle API; null for requests about others. @param rest of the path behind the instance */
export function secOpsRules(
  request: SeenRequest,
  installed: Installed,
  rest: string,
  instance: string,
): Reply | null {
  const { method, query } = request;
  if (rest === "/rules" && method === "POST") {
    const { text } = jsonBody(request, textSchema);
    compile(text);
    const id = `ru_${String(installed.size + 1).padStart(8, "0")}`;
    installed.set(id, { name: `${instance}/rules/${id}`, text, displayName: nameIn(text), deployment: {} });
    return { status: 200, body: withoutDeployment(installed.get(id)) };
  }
  if (rest === "/rules" && query.get("view") !== null) {
    queryOf(request, listed);
    return { status: 200, body: { rules: [...installed.values()].map(withoutDeployment) } };
  }
  const [, id = "", deployment] = /^\/rules\/([^/]+)(\/deployment)?$/.exec(rest) ?? [];
  const rule = installed.get(id);
  if (rule === undefined) return null;
  if (deployment !== undefined) {
    if (method === "PATCH") {
      queryOf(request, z.strictObject({ updateMask: z.literal("enabled,alerting,runFrequency") }));
      changed(installed, id, { deployment: jsonBody(request, deploymentSchema) });
    } else if (method !== "GET") throw new Refusal(404, "Requested entity was not found.");
    const told = Object.entries(installed.get(id)?.["deployment"] as object).filter(
      ([, value]) => value !== false,
    );
    return { status: 200, body: { name: `${String(rule["name"])}/deployment`, ...Object.fromEntries(told) } };
  }
  switch (method) {
    case "GET":
      return { status: 200, body: withoutDeployment(rule) };
    case "PATCH": {
      queryOf(request, z.strictObject({ updateMask: z.literal("text") }));
      const { text } = jsonBody(request, textSchema);
      compile(text);
      return {
        status: 200,
        body: withoutDeployment(changed(installed, id, { text, displayName: nameIn(text) })),
      };
    }
    case "DELETE":
      queryOf(request, z.strictObject({ force: z.enum(["true", "false"]) }));
      installed.delete(id);
      return { status: 200, body: {} };
    default:
      throw new Refusal(405, "Method Not Allowed");
  }
}

function nameIn(text: string): string {
  return /^\s*rule\s+(\w+)/.exec(text)?.[1] ?? "";
}

/** What the real server would say of a text that is no rule. */
function compile(text: string): void {
  if (
    !/^rule \w+ \{\n {2}meta:\n(?: {4}\w+ = "[^"\n]*"\n)+ {2}events:\n(?: {4}.+\n)+ {2}condition:\n {4}\$\w+\n\}$/.test(
      text,
    )
  )
    throw new Refusal(400, `compilation error: ${text}`);
}

function withoutDeployment(rule: Readonly<Record<string, unknown>> = {}): unknown {
  return { name: rule["name"], text: rule["text"], displayName: rule["displayName"] };
}
