import { isMap, isScalar, isSeq, LineCounter, type YAMLMap } from "yaml";
import type { Diagnostic } from "../../errors.js";
import { offsetOf } from "../sigma/detection.js";
import { Findings } from "../sigma/findings.js";
import { readYamlMap } from "../sigma/yaml-file.js";
import { readItems } from "./load-item.js";
import { Parameters } from "./parameters.js";
import type { Pipeline } from "./pipeline.js";

/** A pipeline or the reasons why there is none. Warnings may stand beside a pipeline. */
export interface PipelineResult {
  readonly pipeline: Pipeline | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Values of placeholders: texts and numbers, one or a list of them for a name. */
function readVars(node: unknown, at: number, findings: Findings): ReadonlyMap<string, readonly string[]> {
  const vars = new Map<string, readonly string[]>();
  if (!isMap(node)) {
    findings.error(offsetOf(node, at), "wrong-type", '"vars" must be a map of names to values', "");
    return vars;
  }
  for (const { key, value } of node.items) {
    const nodes: readonly unknown[] = isSeq(value) ? value.items : [value];
    const texts = nodes.flatMap((each) =>
      isScalar(each) && (typeof each.value === "string" || typeof each.value === "number")
        ? [String(each.value)]
        : [],
    );
    if (texts.length === 0 || texts.length !== nodes.length) {
      const place = offsetOf(value, offsetOf(key, at));
      findings.error(place, "wrong-type", "a variable holds a text or a number, or a list of them", "");
    }
    if (isScalar(key)) vars.set(String(key.value), texts);
  }
  return vars;
}

function readPriority(from: Parameters): number {
  const node = from.node("priority");
  if (node === undefined) return 0;
  if (isScalar(node) && typeof node.value === "number") return node.value;
  from.error("priority", "wrong-type", '"priority" must be a number');
  return 0;
}

/** What belongs to query texts only. A list of nothing asks for nothing. */
function refuseQuerySteps(from: Parameters): void {
  for (const key of ["postprocessing", "finalizers"] as const) {
    const node = from.node(key);
    if (node === undefined || (isSeq(node) && node.items.length === 0)) continue;
    from.error(
      key,
      `${key}-unsupported`,
      `"${key}" changes the text of a query, and here a rule is matched or converted without it`,
      "move it into a pipeline of its own, for the tool that writes the query",
    );
  }
}

function readPipeline(root: YAMLMap, file: string, findings: Findings): Pipeline {
  const from = new Parameters(root, findings, "a pipeline");
  const name = from.optionalText("name");
  const priority = readPriority(from);
  const vars = from.has("vars") ? readVars(from.node("vars"), from.atOf("vars"), findings) : new Map();
  if (from.has("allowed_backends")) {
    findings.warn(
      from.atOf("allowed_backends"),
      "allowed-backends-ignored",
      '"allowed_backends" names query languages and does not limit matching',
      "",
    );
  }
  refuseQuerySteps(from);
  const items = from.has("transformations")
    ? readItems(from.node("transformations"), from.atOf("transformations"), findings, '"transformations"')
    : [];
  from.finish();
  return { name: name ?? file, file, priority, vars, items };
}

/** What the reader of rules says of a file that is none, in the words of pipelines. */
function ofPipeline(diagnostic: Diagnostic): Diagnostic {
  if (diagnostic.code === "rule-empty")
    return { ...diagnostic, code: "pipeline-empty", message: "the file holds no pipeline" };
  if (diagnostic.message.startsWith("a rule is a map"))
    return { ...diagnostic, message: "a pipeline is a map with a name, a priority and transformations" };
  if (diagnostic.code === "multi-document-unsupported")
    return { ...diagnostic, hint: "write one pipeline to a file" };
  return diagnostic;
}

/**
 * Reads a processing pipeline in pySigma's YAML. Never throws on a text, whatever it holds; what is not understood is
 * refused with its position: an unknown step that was skipped would change what rules match.
 */
export function parsePipeline(text: string, file: string): PipelineResult {
  const lines = new LineCounter();
  const findings = new Findings(file, lines);
  const root = readYamlMap(text, findings, lines);
  const pipeline = root === null ? null : readPipeline(root, file, findings);
  return { pipeline: findings.failed ? null : pipeline, diagnostics: findings.list().map(ofPipeline) };
}
