import type { CompiledRule } from "../detection/rule.js";
import type { PlanAnalytic } from "../model/trial.js";
import type { OnDemandQuery } from "../siem/connector/on-demand.js";
import type { ChosenSiem } from "./siem-choice.js";

/**
 * The queries of analytics that no rule of the SIEM is bound to, where the configuration wants them run by Tyrian: rules of Sigma
 * over single events, converted after the pipelines that it names. One that cannot be converted is missing.
 * @throws TyrianError `file-unreadable`, `pipeline-invalid`
 */
export async function onDemandQueries(
  { settings }: ChosenSiem,
  analytics: readonly PlanAnalytic[],
  rules: ReadonlyMap<string, CompiledRule>,
): Promise<Map<string, OnDemandQuery>> {
  // The embedded SIEM has the rules of whoever serves it.
  if (settings === null || settings.kind === "tyrian" || settings.onDemand === undefined) return new Map();
  const { onDemand, rules: bound } = settings;
  const wanted = analytics.filter(
    ({ id, language: written }) =>
      written === "sigma" && !Object.hasOwn(bound, id) && rules.get(id)?.contributes === undefined,
  );
  if (wanted.length === 0) return new Map();
  const { rulesLanguage, rulesSource } = await import("../siem/connect.js");
  const { convertRules } = await import("./rule/convert-rules.js");
  const { RulePipelines } = await import("../detection/pipelines/index.js");
  const { readPipelineTexts } = await import("./pipeline-option.js");
  const pipelines = new RulePipelines(readPipelineTexts(onDemand.pipelines));
  const language = rulesLanguage[settings.kind];
  if (language === null) return new Map();
  const source = rulesSource(settings);
  // Each with its own files only, as it was compiled.
  const converted = wanted.flatMap(({ id, file, text, with: others = [] }): [string, OnDemandQuery][] => {
    const { queries } = convertRules(
      { texts: [{ file, text }, ...others], queries: [], diagnostics: [], others: [] },
      language,
      pipelines,
      source === undefined ? {} : { source },
    );
    const query = queries.find(({ rule }) => rule === id);
    const rule = rules.get(id);
    if (query === undefined || rule === undefined) return [];
    return [[id, { query: { language, text: query.query }, title: rule.title, tier: rule.tier }]];
  });
  return new Map(converted);
}
