import { parseAllDocuments } from "yaml";
import { RulePipelines } from "../../detection/pipelines/index.js";
import { type Diagnostic, TyrianError } from "../../errors.js";
import type { ConnectorKindSettings } from "../../siem/connect.js";
import { rulesSource } from "../../siem/connect.js";
import type { PushLanguage, RuleToPush } from "../../siem/push/rule-to-push.js";
import { readRuleTexts, type RuleTexts } from "../detect/rule-files.js";
import { readPipelineTexts } from "../pipeline-option.js";
import { type ConvertedRules, convertRules } from "./convert-rules.js";

/** A rule ready to be pushed, with what must be true in the SIEM. */
export interface PushableRule {
  readonly rule: RuleToPush;
  /** The Sigma rule's id as it is written: that of the analytic in bindings. */
  readonly id: string;
  readonly assumptions: readonly string[];
}

export interface PushableRules {
  readonly rules: readonly PushableRule[];
  /** With an error nothing is pushed. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface PushOptions {
  readonly enabled: boolean;
  /** Absent: those that the SIEM's `onDemand` names. */
  readonly pipelines?: readonly string[] | undefined;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/**
 * The rules of files in the language in which a SIEM takes them.
 * @throws TyrianError `push-unsupported` for a rule that cannot be pushed whatever its language
 */
export function pushableRules(
  paths: readonly string[],
  language: PushLanguage,
  settings: ConnectorKindSettings,
  { enabled, pipelines }: PushOptions,
): PushableRules {
  const texts = readRuleTexts(paths);
  const converted = language === "sigma" ? unconverted(texts, pipelines) : inLanguage(texts, language);
  return {
    diagnostics: converted.diagnostics,
    rules: converted.queries.map(({ rule: id, title, file, query, assumptions }) => {
      const rule = converted.compiled.get(id);
      if (rule === undefined) throw new Error(`${file} has no rule ${id}`);
      if (!UUID.test(id))
        throw refusal(
          `${file}: the rule "${title}" has no id`,
          "Give it an `id:`, a UUID: by that it is known again.",
        );
      if (rule.contributes !== undefined)
        throw refusal(
          `${file}: the rule "${title}" counts events, and how far its schedule must look back is not worked out`,
          "Only rules over single events are pushed; install the query of `tyrian rule convert` by hand.",
        );
      const tags = rule.techniques.map((technique) => `attack.${technique.toLowerCase()}`);
      const { level } = rule;
      return { id, assumptions, rule: { analytic: id.toLowerCase(), title, level, tags, query, enabled } };
    }),
  };

  function inLanguage(given: RuleTexts, to: Exclude<PushLanguage, "sigma">): ConvertedRules {
    const named = pipelines ?? settings.onDemand?.pipelines ?? [];
    const source = rulesSource(settings);
    const options = source === undefined ? {} : { source };
    return convertRules(given, to, new RulePipelines(readPipelineTexts(named)), options);
  }
}

/** Sigma rules as they are written, each in a file of its own: what a pipeline or a filter changes has no text. */
function unconverted(texts: RuleTexts, pipelines: readonly string[] | undefined): ConvertedRules {
  if (pipelines !== undefined)
    throw refusal(
      "the SIEM takes Sigma rules as they are written, and maps the names of fields itself",
      "Leave --pipeline out, and map the fields in the SIEM.",
    );
  // Any language that takes every rule would do: only what the files hold is wanted.
  const { compiled, diagnostics } = convertRules(texts, "lucene", new RulePipelines([]), {});
  const own = diagnostics.filter(({ code }) => code !== "convert-unsupported");
  const queries = texts.texts.flatMap(({ file, text }) => {
    const rules = [...compiled.values()].filter((rule) => rule.file === file);
    const [rule] = rules;
    // A file that was refused is told of already.
    if (rule === undefined && own.some((told) => told.file === file && told.severity === "error")) return [];
    if (rule === undefined || rules.length > 1 || parseAllDocuments(text).length > 1)
      throw refusal(
        `${file} is not one rule, and the SIEM takes one rule a text`,
        "Give each rule a file of its own; filters cannot be handed over.",
      );
    return [{ rule: rule.id, title: rule.title, file, query: text, assumptions: [] }];
  });
  return { queries, compiled, diagnostics: own };
}

function refusal(message: string, hint: string): TyrianError {
  return new TyrianError("push-unsupported", message, { hint });
}
