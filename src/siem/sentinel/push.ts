import { createHash } from "node:crypto";
import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import {
  type ChangeRequest,
  descriptionOf,
  holds,
  isMarked,
  nameOf,
  type RuleToPush,
} from "../push/rule-to-push.js";
import { API_VERSION, rulesPath } from "./rules.js";
import type { SentinelSettings } from "./settings.js";

const severities = {
  informational: "Informational",
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "High",
} as const;

const storedSchema = z.object({
  etag: z.string().optional(),
  kind: z.string(),
  properties: z.record(z.string(), z.unknown()),
});
const absentSchema = z.object({ error: z.object({ code: z.string() }) });

interface StoredAnalyticsRule extends StoredRule {
  readonly etag: string | undefined;
}

/**
 * Scheduled analytics rules (Azure REST API, Microsoft Sentinel, "Alert Rules": Get, Create Or Update, Delete; version 2024-09-01). That a
 * stale `etag` is refused rests on memory.
 */
export class SentinelRules implements RuleStore<StoredAnalyticsRule> {
  readonly language = "kql";
  readonly #path: string;

  constructor(
    private readonly http: SiemHttp,
    { workspace, telemetry }: SentinelSettings,
  ) {
    this.#path = rulesPath(workspace);
    this.#hostField = telemetry.hostField;
  }

  readonly #hostField: string;

  async find(analytic: string, _id: string | null, signal: AbortSignal): Promise<StoredAnalyticsRule[]> {
    const id = guidOf(analytic);
    const { value } = await this.http.request({
      what: `the analytics rule ${id}`,
      method: "GET",
      path: `${this.#path}${pathOf(id)}`,
      query: { "api-version": API_VERSION },
      accept: [404],
      schema: z.union([storedSchema, absentSchema]),
      signal,
    });
    if ("error" in value) return [];
    const { etag, kind, properties } = value;
    const marked = isMarked(properties["description"], analytic);
    return [{ id, marked, etag, is: (rule) => holds({ kind, properties }, this.#body(rule)) }];
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#change(rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({ ...this.#change(rule), schema: storedSchema, signal });
    return guidOf(rule.analytic);
  }

  async update({ id, etag }: StoredAnalyticsRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({ ...this.#change(rule, etag), schema: storedSchema, signal });
    return id;
  }

  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.http.request({
      what: `the removal of the analytics rule ${id}`,
      method: "DELETE",
      path: `${this.#path}${pathOf(id)}`,
      query: { "api-version": API_VERSION },
      // It has no body.
      format: "text",
      schema: z.string(),
      signal,
    });
  }

  #change(rule: RuleToPush, etag?: string): ChangeRequest {
    const id = guidOf(rule.analytic);
    return {
      what: `the analytics rule ${id}`,
      method: "PUT",
      path: `${this.#path}${pathOf(id)}`,
      query: { "api-version": API_VERSION },
      body: { json: { ...(etag === undefined ? {} : { etag }), ...this.#body(rule) } },
    };
  }

  #body(rule: RuleToPush): { readonly kind: string; readonly properties: Readonly<Record<string, unknown>> } {
    return {
      kind: "Scheduled",
      properties: {
        displayName: rule.title,
        description: descriptionOf(rule),
        severity: severities[rule.level],
        enabled: rule.enabled,
        query: rule.query,
        // As often as Sentinel allows, with a window that reaches over records that come late.
        queryFrequency: "PT5M",
        queryPeriod: "PT15M",
        triggerOperator: "GreaterThan",
        triggerThreshold: 0,
        suppressionEnabled: false,
        suppressionDuration: "PT5H",
        entityMappings: [
          {
            entityType: "Host",
            fieldMappings: [{ identifier: "HostName", columnName: this.#hostField }],
          },
        ],
      },
    };
  }
}

/** A rule's id is a GUID: that of our name for it, so that no rule of another who uses the Sigma rule's own id is met. */
export function guidOf(analytic: string): string {
  const digits = createHash("sha256").update(nameOf(analytic)).digest("hex");
  // Version 8, of one's own making (RFC 9562, 5.8).
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
  ];
  return [...parts, digits.slice(20, 32)].join("-");
}
