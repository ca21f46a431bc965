export { applyPipelines, type ApplyOptions, type ApplyResult } from "./apply.js";
export { eventFormats, formatOf, type EventFormat } from "./formats.js";
export { parsePipeline, type PipelineResult } from "./load.js";
export {
  compileForFormat,
  compileOverFormats,
  type LoadedFormat,
  type RuleForFormat,
  type RuleOverFormats,
} from "./over-formats.js";
export {
  compileWithPipelines,
  parseWithPipelines,
  type PipedRule,
  type PipelineOptions,
} from "./piped-rule.js";
export type { Pipeline, StateValue } from "./pipeline.js";
export { placeholdersOf } from "./placeholders.js";
export type { RuleSource } from "./problem.js";
export { type PipelineText, RulePipelines } from "./rule-pipelines.js";
