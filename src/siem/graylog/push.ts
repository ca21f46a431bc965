import { z } from "zod";
import type { SiemHttp } from "../http/client.js";
import { allPages } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import { type ChangeRequest, descriptionOf, holds, isMarked, type RuleToPush } from "../push/rule-to-push.js";
import { requestedBy } from "./messages.js";
import type { GraylogSettings } from "./settings.js";

const DEFINITIONS = "/api/events/definitions";
const PAGE = 100;
/** The most that a server takes unless it is set up otherwise. */
const MOST_EVENTS = 1_000;
const priorities = { informational: 1, low: 1, medium: 2, high: 3, critical: 3 } as const;

const storedSchema = z.looseObject({
  id: z.string(),
  description: z.string().nullish(),
  state: z.enum(["ENABLED", "DISABLED"]).default("DISABLED"),
});
const pageSchema = z.object({ total: z.int(), event_definitions: z.array(storedSchema) });

/**
 * Event definitions of the type Filter (Graylog's source: EventDefinitionsResource, EventDefinitionDto and AggregationEventProcessorConfig
 * with what they validate). Their tags are new: the mark stands in the description, which all versions have.
 */
export class GraylogRules implements RuleStore {
  readonly language = "lucene";

  constructor(
    private readonly http: SiemHttp,
    private readonly telemetry: GraylogSettings["telemetry"],
  ) {}

  async find(analytic: string, known: string | null, signal: AbortSignal): Promise<StoredRule[]> {
    const { rows, lacks } = await allPages(1, async (page) => {
      const { value } = await this.http.request({
        what: "the event definitions",
        method: "GET",
        path: DEFINITIONS,
        query: { page, per_page: PAGE },
        schema: pageSchema,
        signal,
      });
      return { rows: value.event_definitions, next: page * PAGE >= value.total ? null : page + 1 };
    });
    if (lacks !== null) throw this.http.error("siem-answer-invalid", `the event definitions: ${lacks}`);
    return rows
      .map((stored) => ({
        id: stored.id,
        marked: isMarked(stored.description, analytic),
        is: (rule: RuleToPush) =>
          holds(stored, this.#body(rule)) && (stored.state === "ENABLED") === rule.enabled,
      }))
      .filter(({ id, marked }) => marked || id === known);
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#creation(rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    const request = { ...this.#creation(rule), once: true, schema: storedSchema, signal } as const;
    return (await this.http.request(request)).value.id;
  }

  async update({ id }: StoredRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    const path = `${DEFINITIONS}${pathOf(id)}`;
    await this.http.request({
      what: `the change of the event definition ${id}`,
      method: "PUT",
      path,
      query: { schedule: rule.enabled },
      headers: requestedBy,
      body: { json: { id, ...this.#body(rule) } },
      schema: storedSchema,
      signal,
    });
    if (!rule.enabled) await this.#bare("PUT", `${path}/unschedule`, `the pause of ${id}`, signal);
    return id;
  }

  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.#bare("DELETE", `${DEFINITIONS}${pathOf(id)}`, `the removal of ${id}`, signal);
  }

  /** Has no body, and neither has its answer. */
  async #bare(method: "PUT" | "DELETE", path: string, what: string, signal: AbortSignal): Promise<void> {
    await this.http.request({
      ...{ what, method, path, headers: requestedBy },
      format: "text",
      schema: z.string(),
      signal,
    });
  }

  #creation(rule: RuleToPush): ChangeRequest {
    return {
      what: `the event definition ${rule.title}`,
      method: "POST",
      path: DEFINITIONS,
      query: { schedule: rule.enabled },
      headers: requestedBy,
      body: { json: this.#body(rule) },
    };
  }

  #body(rule: RuleToPush): Readonly<Record<string, unknown>> {
    const { query, streams } = this.telemetry;
    return {
      title: rule.title,
      description: descriptionOf(rule),
      priority: priorities[rule.level],
      alert: true,
      config: {
        type: "aggregation-v1",
        query: query === undefined ? rule.query : `(${rule.query}) AND (${query})`,
        streams,
        group_by: [],
        series: [],
        conditions: { expression: null },
        // A minute further back than it is executed, so that silence can be proved (docs/connectors.md).
        search_within_ms: 120_000,
        execute_every_ms: 60_000,
        event_limit: MOST_EVENTS,
      },
      field_spec: {},
      key_spec: [],
      notification_settings: { grace_period_ms: 0, backlog_size: 0 },
      notifications: [],
    };
  }
}
