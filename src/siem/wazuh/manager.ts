import { z } from "zod";
import { TyrianError } from "../../errors.js";
import { resolveSecret } from "../../secrets.js";
import type { FoundRule, RuleDefinition } from "../connector/connector.js";
import { absentRule } from "../connector/connector.js";
import { type Credentials, RenewableCredentials } from "../http/credentials.js";
import type { SiemHttp } from "../http/client.js";
import type { Redactor } from "../http/redactor.js";
import type { WazuhSettings } from "./settings.js";

const loginSchema = z.object({ data: z.object({ token: z.string().min(1) }) });

/**
 * A token of the manager's API (Server API, "Login"), which is got again when it was refused: it lasts 15 minutes.
 * @param door the API, asked without a token
 */
export function managerToken(
  { managerAuth }: WazuhSettings,
  door: SiemHttp,
  redactor: Redactor,
): Credentials {
  return new RenewableCredentials(async (signal) => {
    const password = await resolveSecret(managerAuth.password, { signal });
    const encoded = Buffer.from(`${managerAuth.user}:${password}`).toString("base64");
    redactor.add(password, encoded);
    const { value } = await door.request({
      what: "the login",
      method: "POST",
      path: "/security/user/authenticate",
      headers: { authorization: `Basic ${encoded}` },
      schema: loginSchema,
      signal,
    });
    redactor.add(value.data.token);
    return { authorization: `Bearer ${value.data.token}` };
  });
}

/** Of version 5 nothing but the version is read. */
const infoSchema = z.union([
  z.object({ data: z.object({ api_version: z.string().regex(/^v?(?:[5-9]|\d{2,})\./) }) }),
  z.object({ data: z.object({ timestamp: z.iso.datetime({ offset: true }) }) }),
]);

/**
 * The manager's clock: the time of events and alerts is its own.
 * @throws TyrianError `siem-version-unsupported` for Wazuh 5 and later (5.0 documentation, "Wazuh indices")
 */
export async function managerClock(
  http: SiemHttp,
  signal: AbortSignal,
): Promise<{ now: number; errorMs: number }> {
  const { value, sentAt, receivedAt } = await http.request({
    what: "the clock",
    method: "GET",
    path: "/",
    schema: infoSchema,
    signal,
  });
  if ("api_version" in value.data)
    throw new TyrianError(
      "siem-version-unsupported",
      `${http.siem}: the manager is Wazuh ${value.data.api_version}, and only Wazuh 4 is supported yet: version 5 detects in its indexer, keeps its findings and events in wazuh-findings-v5-* and wazuh-events-v5-*, not in wazuh-alerts-* and wazuh-archives-*`,
    );
  const halfMs = (receivedAt - sentAt) / 2;
  // Whole seconds: the second may have been over already.
  return { now: Date.parse(value.data.timestamp) + 500 + halfMs, errorMs: 500 + halfMs };
}

/** The API's code for a rule that is not there. */
const NO_RULE = 1208;
const rulesSchema = z.object({
  data: z.object({
    affected_items: z.array(
      z.object({
        id: z.int(),
        status: z.enum(["enabled", "disabled"]),
        level: z.int().optional(),
        description: z.string().default(""),
        groups: z.array(z.string()).default([]),
        /** What its XML says, by the names there; a number may be a text. */
        details: z.record(z.string(), z.unknown()),
      }),
    ),
    failed_items: z.array(
      z.object({ error: z.object({ code: z.int(), message: z.string() }), id: z.array(z.unknown()) }),
    ),
  }),
});

/** A rule, and how long it is silent after an alert (`ignore`): milliseconds, null when it is not. */
export interface WazuhRule {
  readonly found: FoundRule;
  readonly ignoreMs: number | null;
}

/** A rule as the manager's files have it (Server API, "List rules"). It may stand in several, the last of which overwrites. */
async function rulesOf(http: SiemHttp, id: string, signal: AbortSignal) {
  const { value } = await http.request({
    what: `the rule ${id}`,
    method: "GET",
    path: "/rules",
    query: { rule_ids: id, limit: 500 },
    schema: rulesSchema,
    signal,
  });
  return value.data;
}

/** A rule as it is written, in each file that has it; null when none has, or when they may not be read. */
export async function wazuhDefinition(
  http: SiemHttp,
  id: string,
  signal: AbortSignal,
): Promise<RuleDefinition | null> {
  const { affected_items: rules } = await rulesOf(http, id, signal);
  const [first] = rules;
  if (first === undefined) return null;
  const content = rules.map(({ level = null, groups, details }) => ({ level, groups, details }));
  return { title: first.description, content };
}

/** What is said of a rule, but for its throttles. */
export async function wazuhRule(http: SiemHttp, id: string, signal: AbortSignal): Promise<WazuhRule> {
  const { affected_items: rules, failed_items: failed } = await rulesOf(http, id, signal);
  const failures = failed.filter(({ error }) => error.code !== NO_RULE).map(({ error }) => error.message);
  const lacks = failures.length === 0 ? null : `the rule ${id}: ${failures.join("; ")}`;
  if (rules.length === 0) return { found: { ...absentRule, lacks }, ignoreMs: null };
  const enabled = rules.filter(({ status }) => status === "enabled");
  const ignored = enabled.map(({ details }) => Number(details["ignore"] ?? 0));
  const [ignoreSeconds = 0] = ignored.toSorted((one, other) => other - one);
  return {
    found: {
      present: true,
      enabled: enabled.length > 0,
      // The manager looks at every event once, as it comes.
      schedule: { type: "streaming" },
      throttles: [],
      stateful: enabled.some(({ details }) => Object.hasOwn(details, "if_fts")),
      lacks: ignored.some(Number.isNaN)
        ? `how long the rule ${id} ignores after an alert cannot be read`
        : lacks,
    },
    ignoreMs: ignoreSeconds > 0 ? ignoreSeconds * 1000 : null,
  };
}
