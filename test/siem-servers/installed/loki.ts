import { parse, stringify } from "yaml";
import { z } from "zod";
import { Refusal, type Reply, type SeenRequest } from "../stand-in.js";
import type { Installed } from "./installed.js";

const labels = z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string());
const groupSchema = z.strictObject({
  name: z.string().min(1),
  interval: z.string().regex(/^\d+[smh]$/),
  rules: z.array(
    z.strictObject({
      alert: z.string().min(1),
      expr: z
        .string()
        .regex(
          /^sum by \(\w+(?:, \w+)*\) \(count_over_time\(\{.*\} .*\[\d+m\]\)\) > 0$/s,
          "could not parse expression",
        ),
      labels,
      annotations: labels,
    }),
  ),
});

/** Groups of the namespace `tyrian`, as the ruler keeps them: what nobody set is written too. Null for other requests. */
export function lokiGroups(request: SeenRequest, installed: Installed): Reply | null {
  const { method, path, headers, body } = request;
  const [, name] = /^\/loki\/api\/v1\/rules\/tyrian(?:\/([^/]+))?$/.exec(path) ?? [];
  if (!path.startsWith("/loki/api/v1/rules/tyrian")) return null;
  if (method === "POST" && name === undefined) {
    if (headers["content-type"] !== "application/yaml") throw new Refusal(415, "expected YAML");
    const group = groupSchema.safeParse(parse(body));
    if (!group.success) throw new Refusal(400, group.error.message);
    installed.set(group.data.name, group.data);
    return { status: 202, body: { status: "success", data: null, errorType: "", error: "" } };
  }
  const group = installed.get(name ?? "");
  if (group === undefined || name === undefined)
    return { status: 404, body: "group does not exist\n", headers: { "content-type": "text/plain" } };
  if (method === "GET")
    return {
      status: 200,
      body: stringify({ limit: 0, ...group }),
      headers: { "content-type": "application/yaml" },
    };
  if (method !== "DELETE") throw new Refusal(405, "Method Not Allowed");
  installed.delete(name);
  return { status: 202, body: { status: "success", data: null, errorType: "", error: "" } };
}
