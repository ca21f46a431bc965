import { z } from "zod";
import type { RuleDefinition } from "../connector/connector.js";
import type { SiemHttp } from "../http/client.js";
import { allPages } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { SentinelSettings } from "./settings.js";

export const API_VERSION = "2024-09-01";

const ruleSchema = z.object({
  /** The rule's id. */
  name: z.string(),
  kind: z.string(),
  properties: z.looseObject({
    displayName: z.string().default(""),
    enabled: z.boolean().default(false),
    queryFrequency: z.string().optional(),
    queryPeriod: z.string().optional(),
    suppressionEnabled: z.boolean().default(false),
    suppressionDuration: z.string().optional(),
  }),
});
export type AnalyticsRule = z.infer<typeof ruleSchema>;

const pageSchema = z.object({ value: z.array(ruleSchema), nextLink: z.string().nullish() });

/** Where Azure Resource Manager has the analytics rules of a workspace. */
export function rulesPath({ subscription, resourceGroup, name }: SentinelSettings["workspace"]): string {
  return (
    pathOf("subscriptions", subscription, "resourceGroups", resourceGroup, "providers") +
    pathOf("Microsoft.OperationalInsights", "workspaces", name, "providers") +
    pathOf("Microsoft.SecurityInsights", "alertRules")
  );
}

/** The analytics rules of a workspace, by Azure Resource Manager. */
export class AnalyticsRules {
  /** Rules of one question are read once: it has one signal. */
  readonly #read = new WeakMap<AbortSignal, Promise<readonly AnalyticsRule[]>>();
  readonly #path: string;

  constructor(
    private readonly http: SiemHttp,
    workspace: SentinelSettings["workspace"],
  ) {
    this.#path = rulesPath(workspace);
  }

  /**
   * A rule by its id; undefined when there is none. It is looked for in the list: a rule that is missing is told so from a workspace
   * that is.
   */
  async find(id: string, signal: AbortSignal): Promise<AnalyticsRule | undefined> {
    const listing = this.#read.get(signal) ?? this.#list(signal);
    this.#read.set(signal, listing);
    return (await listing).find(({ name }) => name.toLowerCase() === id.toLowerCase());
  }

  async #list(signal: AbortSignal): Promise<readonly AnalyticsRule[]> {
    const what = "the analytics rules";
    const { rows, lacks } = await allPages("", async (skipToken) => {
      const { value } = await this.http.request({
        what,
        method: "GET",
        path: this.#path,
        query: { "api-version": API_VERSION, $skipToken: skipToken === "" ? undefined : skipToken },
        schema: pageSchema,
        signal,
      });
      const { nextLink } = value;
      if (nextLink === undefined || nextLink === null || nextLink === "")
        return { rows: value.value, next: null };
      // Only the token is taken from the link: it may lead to another host.
      const next = URL.canParse(nextLink) ? new URL(nextLink).searchParams.get("$skipToken") : null;
      if (next === null)
        throw this.http.error("siem-answer-invalid", `${what}: the next page has no $skipToken`);
      return { rows: value.value, next };
    });
    if (lacks !== null) throw this.http.error("siem-answer-invalid", `${what}: ${lacks}`);
    return rows;
  }
}

/** What Sentinel writes into a rule by itself, and what is told elsewhere. */
const NOT_CONTENT = new Set(["displayName", "enabled", "lastModifiedUtc"]);

/** The rule without what changes by itself. */
export function definitionOf({ kind, properties }: AnalyticsRule): RuleDefinition {
  const content = Object.entries(properties).filter(([key]) => !NOT_CONTENT.has(key));
  return { title: properties.displayName, content: { kind, ...Object.fromEntries(content) } };
}

/** Milliseconds of a duration of ISO 8601 such as `PT5M`, without months and years; null when it is none. */
export function durationMs(text: string | undefined): number | null {
  const [whole, days, hours, minutes, seconds] =
    /^P(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?$/.exec(text ?? "") ?? [];
  if (whole === undefined || /[PT]$/.test(whole)) return null;
  const of = (count: string | undefined, unitMs: number): number => Number(count ?? 0) * unitMs;
  return of(days, 86_400_000) + of(hours, 3_600_000) + of(minutes, 60_000) + of(seconds, 1_000);
}
