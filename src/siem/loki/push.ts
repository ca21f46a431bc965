import { parse, stringify } from "yaml";
import { z } from "zod";
import { TyrianError } from "../../errors.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import { type ChangeRequest, holds, markOf, nameOf, type RuleToPush } from "../push/rule-to-push.js";
import { groupOf, MARK_LABEL, type RuleGroup } from "../ruler/push.js";
import { lokiHeaders } from "./entries.js";
import type { LokiSettings } from "./settings.js";

/** The namespace of pushed groups. */
const OWN = "/loki/api/v1/rules/tyrian";

const groupSchema = z.object({
  rules: z.array(z.object({ labels: z.record(z.string(), z.string()).default({}) })),
});

/**
 * Rule groups of Loki's ruler, one for each rule (Loki HTTP API, "Rule endpoints": get, set and delete rule group). The ruler takes them where
 * its storage is not `local`.
 */
export class LokiRules implements RuleStore {
  readonly language = "logql";

  constructor(
    private readonly http: SiemHttp,
    private readonly settings: LokiSettings,
  ) {}

  async find(analytic: string, _id: string | null, signal: AbortSignal): Promise<StoredRule[]> {
    const id = nameOf(analytic);
    const { status, value: text } = await this.http.request({
      what: `the rule group ${id}`,
      method: "GET",
      path: `${OWN}${pathOf(id)}`,
      headers: lokiHeaders(this.settings),
      accept: [404],
      format: "text",
      schema: z.string(),
      signal,
    });
    if (status === 404) return [];
    const group = parsed(text);
    const rules = groupSchema.safeParse(group).data?.rules;
    if (rules === undefined)
      throw this.http.error("siem-answer-invalid", `the rule group ${id} is not of the form of a group`);
    const marked = rules.length > 0 && rules.every(({ labels }) => labels[MARK_LABEL] === markOf(analytic));
    return [{ id, marked, is: (rule) => holds(group, this.#group(rule)) }];
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#change(rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({ ...this.#change(rule), format: "text", schema: z.string(), signal });
    return nameOf(rule.analytic);
  }

  /** A group that is set replaces the one of its name. */
  update(_stored: StoredRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    return this.create(rule, signal);
  }

  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.http.request({
      what: `the removal of the rule group ${id}`,
      method: "DELETE",
      path: `${OWN}${pathOf(id)}`,
      headers: lokiHeaders(this.settings),
      format: "text",
      schema: z.string(),
      signal,
    });
  }

  #change(rule: RuleToPush): ChangeRequest {
    return {
      what: `the rule group ${nameOf(rule.analytic)}`,
      method: "POST",
      path: OWN,
      headers: lokiHeaders(this.settings),
      body: { text: stringify(this.#group(rule), { lineWidth: 0 }), type: "application/yaml" },
    };
  }

  /** The range is that of docs/connectors.md: with a shorter one silence is not proved for long. */
  #group(rule: RuleToPush): RuleGroup {
    if (!rule.enabled)
      throw new TyrianError(
        "push-unsupported",
        `${this.http.siem}: a rule of Loki's ruler has no switch to be off`,
      );
    const { alertLabels, telemetry } = this.settings;
    const by = [telemetry.hostLabel, ...(alertLabels.event === undefined ? [] : [alertLabels.event])];
    const expr = `sum by (${by.join(", ")}) (count_over_time(${rule.query} [10m])) > 0`;
    return groupOf(rule, expr, { label: alertLabels.host, by: telemetry.hostLabel });
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
