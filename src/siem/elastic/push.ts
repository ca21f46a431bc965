import { z } from "zod";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import {
  type ChangeRequest,
  descriptionOf,
  holds,
  markOf,
  nameOf,
  type RuleToPush,
} from "../push/rule-to-push.js";
import type { IndexTelemetry } from "../search-api/settings.js";
import { type Kibana, readRule } from "./kibana.js";

const RULES = "/api/detection_engine/rules";
/** Severity and `risk_score`, as the detection engine pairs them by default (Detections API, "Create a detection rule"). */
const severities = {
  informational: { severity: "low", risk_score: 21 },
  low: { severity: "low", risk_score: 21 },
  medium: { severity: "medium", risk_score: 47 },
  high: { severity: "high", risk_score: 73 },
  critical: { severity: "critical", risk_score: 99 },
} as const;

const doneSchema = z.object({ rule_id: z.string() });

/** Custom query rules of the detection engine (Detections API: "Create", "Update" and "Delete a detection rule"). */
export class ElasticRules implements RuleStore {
  readonly language = "lucene";

  constructor(
    private readonly kibana: Kibana,
    private readonly telemetry: IndexTelemetry,
  ) {}

  async find(analytic: string, _id: string | null, signal: AbortSignal): Promise<StoredRule[]> {
    const id = nameOf(analytic);
    const stored = await readRule(this.kibana, id, signal);
    if (stored === null) return [];
    const tags = z.array(z.string()).catch([]).parse(stored["tags"]);
    return [{ id, marked: tags.includes(markOf(analytic)), is: (rule) => holds(stored, this.#body(rule)) }];
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#change("POST", rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.kibana.request({ ...this.#change("POST", rule), schema: doneSchema, signal });
    return nameOf(rule.analytic);
  }

  /** Replaced as a whole. */
  async update({ id }: StoredRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.kibana.request({ ...this.#change("PUT", rule), schema: doneSchema, signal });
    return id;
  }

  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.kibana.request({
      what: `the removal of the rule ${id}`,
      method: "DELETE",
      path: RULES,
      query: { rule_id: id },
      schema: doneSchema,
      signal,
    });
  }

  #change(method: "POST" | "PUT", rule: RuleToPush): Omit<ChangeRequest, "headers"> {
    return {
      what: `the rule ${nameOf(rule.analytic)}`,
      method,
      path: RULES,
      body: { json: this.#body(rule) },
    };
  }

  #body(rule: RuleToPush): Readonly<Record<string, unknown>> {
    const { index, filter, ingestedField } = this.telemetry;
    return {
      rule_id: nameOf(rule.analytic),
      name: rule.title,
      description: descriptionOf(rule),
      ...severities[rule.level],
      type: "query",
      language: "lucene",
      query: filter === undefined ? rule.query : `(${rule.query}) AND (${filter})`,
      index: index.split(","),
      // An event of which an alert was made before makes no second one.
      interval: "1m",
      from: "now-10m",
      to: "now",
      // What came late is seen by when it came. A rule that goes by another field than this is never proved silent (`rules.ts`).
      ...(ingestedField === "event.ingested" ? { timestamp_override: ingestedField } : {}),
      enabled: rule.enabled,
      author: ["Tyrian"],
      tags: [markOf(rule.analytic), ...rule.tags],
    };
  }
}
