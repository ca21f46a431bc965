import { z } from "zod";
import { yaraText } from "../../detection/convert/yara-l/literal.js";
import type { SiemHttp } from "../http/client.js";
import { allPages } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import { type ChangeRequest, ID_TO_COME, markOf, type RuleToPush } from "../push/rule-to-push.js";
import { answerWith } from "./events.js";
import { deploymentSchema } from "./rules.js";

const PAGE = 1_000;
/** The fields of a deployment that are set, as `updateMask` names them. */
const DEPLOYED = "enabled,alerting,runFrequency";

const ruleSchema = z.object({ name: z.string(), text: z.string() });
const pageSchema = answerWith({
  rules: z.array(ruleSchema).default([]),
  nextPageToken: z.string().default(""),
});

interface StoredYaraRule extends StoredRule {
  readonly enabled: boolean;
}

/**
 * YARA-L rules with their deployment (Chronicle API v1alpha: rules.list, rules.create, rules.patch, rules.updateDeployment, rules.delete).
 * That `view=FULL` lists texts, and that `force` is needed once a rule has detections, rests on memory.
 */
export class SecOpsRules implements RuleStore<StoredYaraRule> {
  readonly language = "yara-l";

  /** @param path of the instance */
  constructor(
    private readonly http: SiemHttp,
    private readonly path: string,
  ) {}

  async find(analytic: string, id: string | null, signal: AbortSignal): Promise<StoredYaraRule[]> {
    const { rows, lacks } = await allPages("", async (pageToken) => {
      const { value } = await this.http.request({
        what: "the rules",
        method: "GET",
        path: `${this.path}/rules`,
        query: { pageSize: PAGE, view: "FULL", pageToken: pageToken === "" ? undefined : pageToken },
        schema: pageSchema,
        signal,
      });
      return { rows: value.rules, next: value.nextPageToken === "" ? null : value.nextPageToken };
    });
    if (lacks !== null) throw this.http.error("siem-answer-invalid", `the rules: ${lacks}`);
    const named = new RegExp(String.raw`^\s*rule\s+${ruleName(analytic)}\s*\{`, "m");
    const own = rows
      .map(({ name, text }) => ({ id: idOf(name), text, marked: text.includes(metaOf(analytic)) }))
      .filter((rule) => rule.marked || rule.id === id || named.test(rule.text));
    return await Promise.all(
      own.map(async ({ text, ...rule }) => {
        const { enabled, runFrequency } = await this.#deployment(rule.id, signal);
        return {
          ...rule,
          enabled,
          is: (wanted: RuleToPush) =>
            text.trim() === textOf(wanted) && enabled === wanted.enabled && runFrequency === "LIVE",
        };
      }),
    );
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#creation(rule), this.#deploying(ID_TO_COME, rule)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    const request = {
      ...this.#creation(rule),
      once: true,
      schema: ruleSchema.pick({ name: true }),
      signal,
    } as const;
    const id = idOf((await this.http.request(request)).value.name);
    await this.http.request({ ...this.#deploying(id, rule), schema: deploymentSchema, signal });
    return id;
  }

  async update({ id }: StoredRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    await this.http.request({
      what: `the change of the rule ${id}`,
      method: "PATCH",
      path: `${this.path}/rules${pathOf(id)}`,
      query: { updateMask: "text" },
      body: { json: { text: textOf(rule) } },
      schema: z.looseObject({}),
      signal,
    });
    await this.http.request({ ...this.#deploying(id, rule), schema: deploymentSchema, signal });
    return id;
  }

  /** Its detections go with it. */
  async remove({ id }: StoredRule, signal: AbortSignal): Promise<void> {
    await this.http.request({
      what: `the removal of the rule ${id}`,
      method: "DELETE",
      path: `${this.path}/rules${pathOf(id)}`,
      query: { force: true },
      schema: z.strictObject({}),
      signal,
    });
  }

  async #deployment(id: string, signal: AbortSignal): Promise<z.infer<typeof deploymentSchema>> {
    const { value } = await this.http.request({
      what: `the deployment of the rule ${id}`,
      method: "GET",
      path: `${this.path}/rules${pathOf(id)}/deployment`,
      schema: deploymentSchema,
      signal,
    });
    return value;
  }

  #creation(rule: RuleToPush): ChangeRequest {
    return {
      what: `the rule ${ruleName(rule.analytic)}`,
      method: "POST",
      path: `${this.path}/rules`,
      body: { json: { text: textOf(rule) } },
    };
  }

  #deploying(id: string, { enabled }: RuleToPush): ChangeRequest {
    return {
      what: `the deployment of the rule ${id}`,
      method: "PATCH",
      path: `${this.path}/rules${id === ID_TO_COME ? `/${id}` : pathOf(id)}/deployment`,
      query: { updateMask: DEPLOYED },
      body: { json: { enabled, alerting: true, runFrequency: "LIVE" } },
    };
  }
}

/** The last part of a resource's name. */
function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function ruleName(analytic: string): string {
  return `tyrian_${analytic.replaceAll("-", "_")}`;
}

function metaOf(analytic: string): string {
  return `tyrian = "${markOf(analytic)}"`;
}

/** The converted rule under our name, with the tag among its meta data. */
function textOf({ analytic, title, level, query }: RuleToPush): string {
  const meta = [
    "  meta:",
    `    author = "Tyrian"`,
    `    ${metaOf(analytic)}`,
    `    title = ${yaraText(title) ?? '"a Sigma rule"'}`,
    `    severity = "${level}"`,
  ];
  return query.replace(/^rule\s+\w+\s*\{/, () => [`rule ${ruleName(analytic)} {`, ...meta].join("\n")).trim();
}
