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
import { flag, goneSchema } from "./saved-search.js";
import type { SplunkSettings } from "./settings.js";

/** Where pushed saved searches live: shared in the app Search. */
const OWN = "/servicesNS/nobody/search/saved/searches";
/** `alert.severity` (savedsearches.conf): 1 debug, 2 info, 3 warn, 4 error, 5 severe, 6 fatal. */
const severities = { informational: 2, low: 3, medium: 3, high: 4, critical: 5 } as const;
/** Parameters that Splunk gives back as booleans or numbers, whatever was sent. */
const FLAGS = ["disabled", "is_scheduled", "alert.track", "alert.digest_mode", "alert.suppress"] as const;

const foundSchema = z.object({ entry: z.array(z.object({ content: z.record(z.string(), z.unknown()) })) });
const doneSchema = z.looseObject({});

/**
 * Saved searches that alert (REST API reference, "saved/searches"; the names of parameters are those of savedsearches.conf). Those of
 * notables (`actions`, `action.notable`) rest on memory.
 */
export class SplunkRules implements RuleStore {
  readonly language = "spl";

  constructor(
    private readonly http: SiemHttp,
    private readonly alerts: SplunkSettings["alerts"],
  ) {}

  async find(analytic: string, _id: string | null, signal: AbortSignal): Promise<StoredRule[]> {
    const id = nameOf(analytic);
    const { value } = await this.http.request({
      what: `the saved search ${id}`,
      method: "GET",
      path: `${OWN}${pathOf(id)}`,
      query: { output_mode: "json" },
      accept: [404],
      schema: z.union([foundSchema, goneSchema]),
      signal,
    });
    if (!("entry" in value)) return [];
    return value.entry.map(({ content }) => ({
      id,
      marked: isMarked(content["description"], analytic),
      is: (rule) => holds(comparable(content), comparable(this.#form(rule))),
    }));
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#creation(rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({ ...this.#creation(rule), schema: doneSchema, signal });
    return nameOf(rule.analytic);
  }

  async update({ id }: StoredRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({
      what: `the change of the saved search ${id}`,
      method: "POST",
      path: `${OWN}${pathOf(id)}`,
      query: { output_mode: "json" },
      body: { form: this.#form(rule) },
      schema: doneSchema,
      signal,
    });
    return id;
  }

  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.http.request({
      what: `the removal of the saved search ${id}`,
      method: "DELETE",
      path: `${OWN}${pathOf(id)}`,
      query: { output_mode: "json" },
      schema: doneSchema,
      signal,
    });
  }

  #creation(rule: RuleToPush): ChangeRequest {
    return {
      what: `the saved search ${nameOf(rule.analytic)}`,
      method: "POST",
      path: OWN,
      query: { output_mode: "json" },
      body: { form: { name: nameOf(rule.analytic), ...this.#form(rule) } },
    };
  }

  /** Each run reads what the one before read too: what came late is not missed. */
  #form(rule: RuleToPush): Record<string, string> {
    return {
      search: rule.query,
      description: descriptionOf(rule),
      disabled: rule.enabled ? "0" : "1",
      is_scheduled: "1",
      cron_schedule: "*/5 * * * *",
      "dispatch.earliest_time": "-15m",
      "dispatch.latest_time": "now",
      alert_type: "number of events",
      alert_comparator: "greater than",
      alert_threshold: "0",
      "alert.track": "1",
      "alert.digest_mode": "1",
      "alert.suppress": "0",
      "alert.severity": String(severities[rule.level]),
      ...(this.alerts === "enterprise-security"
        ? { actions: "notable", "action.notable": "1", "action.notable.param.rule_title": rule.title }
        : {}),
    };
  }
}

function comparable(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const flags = FLAGS.flatMap((name) => {
    const read = flag.safeParse(content[name]);
    return read.success ? [[name, read.data] as const] : [];
  });
  const texts = Object.entries(content).map(([name, value]) => [
    name,
    typeof value === "number" || typeof value === "boolean" ? String(value) : value,
  ]);
  return { ...Object.fromEntries(texts), ...Object.fromEntries(flags) };
}
