import { isMap, isSeq, parseDocument } from "yaml";
import { z } from "zod";
import { TyrianError } from "../../errors.js";
import type { SiemHttp } from "../http/client.js";
import { allPages } from "../http/pages.js";
import { pathOf } from "../http/request.js";
import type { RuleStore, StoredRule } from "../push/rule-pusher.js";
import {
  type ChangeRequest,
  descriptionOf,
  holds,
  ID_TO_COME,
  isMarked,
  nameOf,
  type RuleToPush,
} from "../push/rule-to-push.js";
import type { OpenSearchSettings } from "./settings.js";
import { rulesSchema } from "./definition.js";
import { allDetectors, type Detector } from "./detectors.js";

const RULES = "/_plugins/_security_analytics/rules";
const DETECTORS = "/_plugins/_security_analytics/detectors";
const PAGE = 500;
/** Log types by Sigma's product (Detector APIs, `detector_type`). */
const logTypes: Readonly<Record<string, string>> = { linux: "linux", windows: "windows" };
const severities = { informational: "5", low: "4", medium: "3", high: "2", critical: "1" } as const;

const doneSchema = z.object({ _id: z.string() });

interface StoredSigmaRule extends StoredRule {
  /** Null where somebody has removed the rule and left its detector. */
  readonly rule: string | null;
  /** Null where the rule was installed and its detector was not any more. */
  readonly detector: Detector | null;
}

/**
 * A custom rule of Security Analytics with a detector of its own (OpenSearch documentation, "Rule APIs" and "Detector APIs"; the body of
 * "Update Detector API" is of an older form there: that it is the one of "Create Detector API" rests on memory, as does that a tag must have
 * a point). Security Analytics takes Sigma itself and maps the names of fields by its log type.
 */
export class OpenSearchRules implements RuleStore<StoredSigmaRule> {
  readonly language = "sigma";

  constructor(
    private readonly http: SiemHttp,
    private readonly telemetry: OpenSearchSettings["telemetry"],
  ) {}

  async find(analytic: string, id: string | null, signal: AbortSignal): Promise<StoredSigmaRule[]> {
    const [rules, detectors] = await Promise.all([this.#rules(signal), allDetectors(this.http, signal)]);
    if (detectors.lacks !== null) throw this.http.error("siem-answer-invalid", detectors.lacks);
    const [detector = null] = detectors.rows.filter(({ name }) => name === nameOf(analytic));
    const isOwn = detector === null || isMarked(descriptionIn(detector), analytic);
    const stored = rules
      .map(({ _id, _source }) => ({
        _id,
        text: _source.rule,
        marked: _source.tags.some(({ value }) => value === tagOf(analytic)),
      }))
      .filter(({ _id, marked }) => marked || _id === id)
      .map(({ _id, text, marked }) => ({
        id: _id,
        marked,
        rule: _id,
        detector: isOwn ? detector : null,
        is: (rule: RuleToPush) =>
          text.trim() === textOf(rule).trim() &&
          isOwn &&
          detector !== null &&
          holds(detector.written, this.#detector(rule, _id)),
      }));
    const left =
      detector === null || (isOwn && stored.length > 0)
        ? []
        : [{ id: detector.id, marked: isOwn, rule: null, detector, is: () => false }];
    return [...stored, ...left];
  }

  drafts(rule: RuleToPush): ChangeRequest[] {
    return [this.#ruleChange(rule, null), this.#detectorChange(rule, ID_TO_COME, null)];
  }

  async create(rule: RuleToPush, signal: AbortSignal): Promise<string> {
    const { value } = await this.http.request({
      ...this.#ruleChange(rule, null),
      once: true,
      schema: doneSchema,
      signal,
    });
    await this.#send(this.#detectorChange(rule, value._id, null), signal);
    return value._id;
  }

  async update(stored: StoredSigmaRule, rule: RuleToPush, signal: AbortSignal): Promise<string> {
    const id = await this.#send(this.#ruleChange(rule, stored.rule), signal);
    await this.#send(this.#detectorChange(rule, id, stored.detector), signal);
    return id;
  }

  async remove({ rule, detector }: StoredSigmaRule, signal: AbortSignal): Promise<void> {
    // A rule that a detector uses is not removed.
    if (detector !== null)
      await this.#send(
        {
          what: `the removal of detector ${detector.name}`,
          method: "DELETE",
          path: `${DETECTORS}${pathOf(detector.id)}`,
        },
        signal,
      );
    if (rule !== null)
      await this.#send(
        { what: `the removal of rule ${rule}`, method: "DELETE", path: `${RULES}${pathOf(rule)}` },
        signal,
      );
  }

  /** @returns the id of what was changed */
  async #send(request: ChangeRequest, signal: AbortSignal): Promise<string> {
    const once = request.method === "POST" ? ({ once: true } as const) : {};
    const { value } = await this.http.request({ ...request, ...once, schema: doneSchema, signal });
    return value._id;
  }

  /** All custom rules: which of them carry a tag is not asked for in the API's examples. */
  async #rules(signal: AbortSignal) {
    const { rows, lacks } = await allPages(0, async (from) => {
      const { value } = await this.http.request({
        what: "the custom rules",
        method: "POST",
        path: `${RULES}/_search`,
        query: { pre_packaged: "false" },
        body: { json: { from, size: PAGE, query: { match_all: {} } } },
        schema: rulesSchema,
        signal,
      });
      const { hits } = value.hits;
      const whole = !value.timed_out && value._shards.failed === 0;
      return {
        rows: hits,
        next: hits.length < PAGE ? null : from + PAGE,
        lacks: whole ? null : "not all custom rules could be read",
      };
    });
    if (lacks !== null) throw this.http.error("siem-answer-invalid", lacks);
    return rows;
  }

  #ruleChange(rule: RuleToPush, id: string | null): ChangeRequest {
    const category = this.#logType(rule);
    return {
      what: `the rule ${nameOf(rule.analytic)}`,
      method: id === null ? "POST" : "PUT",
      path: id === null ? RULES : `${RULES}${pathOf(id)}`,
      query: id === null ? { category } : { category, forced: "true" },
      // It is YAML all the same.
      body: { text: textOf(rule), type: "application/json" },
    };
  }

  #detectorChange(rule: RuleToPush, id: string, detector: Detector | null): ChangeRequest {
    return {
      what: `the detector ${nameOf(rule.analytic)}`,
      method: detector === null ? "POST" : "PUT",
      path: detector === null ? DETECTORS : `${DETECTORS}${pathOf(detector.id)}`,
      body: { json: { ...this.#detector(rule, id), type: "detector", detector_type: this.#logType(rule) } },
    };
  }

  #detector(rule: RuleToPush, id: string): Readonly<Record<string, unknown>> {
    return {
      name: nameOf(rule.analytic),
      enabled: rule.enabled,
      schedule: { period: { interval: 1, unit: "MINUTES" } },
      inputs: [
        {
          detector_input: {
            description: descriptionOf(rule),
            indices: this.telemetry.index.split(","),
            custom_rules: [{ id }],
            pre_packaged_rules: [],
          },
        },
      ],
      triggers: [
        {
          id: nameOf(rule.analytic),
          name: nameOf(rule.analytic),
          severity: severities[rule.level],
          ids: [id],
          types: [],
          tags: [],
          sev_levels: [],
          actions: [],
        },
      ],
    };
  }

  #logType({ analytic, query }: RuleToPush): string {
    if (this.telemetry.filter !== undefined)
      throw this.#refusal(`a detector has no place for telemetry.filter, so that ${analytic} would see more`);
    const product = parseDocument(query).getIn(["logsource", "product"]);
    const logType = typeof product === "string" ? logTypes[product] : undefined;
    if (logType !== undefined) return logType;
    throw this.#refusal(
      `which log type of Security Analytics has ${analytic} (${String(product)}) is not known`,
    );
  }

  #refusal(what: string): TyrianError {
    return new TyrianError("push-unsupported", `${this.http.siem}: ${what}`);
  }
}

function tagOf(analytic: string): string {
  return `tyrian.${analytic}`;
}

function descriptionIn({ written }: Detector): unknown {
  const schema = z.object({
    inputs: z.tuple([z.object({ detector_input: z.object({ description: z.string() }) })]),
  });
  return schema.safeParse(written).data?.inputs[0].detector_input.description;
}

/** The Sigma rule as it is written, with the tag. */
function textOf({ analytic, query }: RuleToPush): string {
  const document = parseDocument(query);
  if (!isMap(document.contents)) return query;
  const tags = document.get("tags");
  if (isSeq(tags)) document.addIn(["tags"], tagOf(analytic));
  else document.set("tags", [tagOf(analytic)]);
  return document.toString({ lineWidth: 0 });
}
