import { parsePattern, type Pattern } from "../../sigma/pattern.js";
import type { ItemValue } from "../../sigma/rule-tree.js";
import type { Parameters } from "../parameters.js";
import { printedPattern } from "../pattern-text.js";
import type { ProcessingItem, Transformation } from "../pipeline.js";
import { PipelineProblem } from "../problem.js";
import { processed, type Run } from "../run.js";
import type { Leaf, Node } from "../work-rule.js";
import { textValue } from "./values.js";

const lengths: Readonly<Record<string, number>> = { MD5: 32, SHA1: 40, SHA256: 64, SHA512: 128, IMPHASH: 32 };
const byLength = new Map([
  [32, "MD5"],
  [40, "SHA1"],
  [64, "SHA256"],
  [128, "SHA512"],
]);

interface Settings {
  readonly algorithms: readonly string[];
  readonly prefix: string;
  readonly withoutAlgorithm: boolean;
}

interface Hash {
  readonly algorithm: string;
  readonly pattern: Pattern;
}

/** The algorithm and the hash of a value such as `*SHA1=5F1C…*`; without a name the length tells the algorithm. */
function hashOf(text: string): Hash {
  const parts = text.split(text.includes("|") ? "|" : "=");
  const named = parts.length === 2;
  const value = named ? (parts[1] ?? "") : text;
  const bare = value.replaceAll(/^[*?]+|[*?]+$/g, "");
  const algorithm = named
    ? (parts[0] ?? "").replace(/^\*+/, "").toUpperCase()
    : (byLength.get(bare.length) ?? "");
  // Of a whole hash the wildcards around it have done their work; a part of one still needs its own.
  const whole = bare.length === lengths[algorithm] || !/[*?]$/.test(value);
  return { algorithm, pattern: parsePattern(whole ? bare : `${bare}*`) };
}

function newLeaf(leaf: Leaf, field: string, values: readonly ItemValue[], item: ProcessingItem): Leaf {
  const changed = { ...leaf, item: { ...leaf.item, field, all: false, cased: false, values } };
  return processed(changed, item);
}

function splitHashes(leaf: Leaf, item: ProcessingItem, run: Run, settings: Settings): Node {
  const fields: { field: string; value: ItemValue }[] = [];
  for (const value of leaf.item.values) {
    const hashes = value.meanings.map((meaning) => {
      if (meaning.type === "text" && value.meanings.length === 1)
        return hashOf(printedPattern(meaning.pattern));
      throw new PipelineProblem(
        "pipeline-value",
        `hashes_fields cannot read a hash out of "${value.written}"`,
        "it reads texts such as SHA1=… and plain hashes",
        leaf.position,
      );
    });
    for (const { algorithm, pattern } of hashes) {
      if (settings.algorithms.includes(algorithm)) {
        const field = `${settings.prefix}${settings.withoutAlgorithm ? "" : algorithm}`;
        fields.push({ field, value: { ...value, meanings: [textValue(pattern)] } });
        continue;
      }
      const message = `the events have no hash for "${value.written}" (they have ${settings.algorithms.join(", ")})`;
      if (leaf.item.all || leaf.item.values.length === 1) {
        throw new PipelineProblem("pipeline-value", message, "give a hash that they have", leaf.position);
      }
      run.warn(
        leaf.position,
        "pipeline-value-dropped",
        message,
        "the value never matches there; the others do",
      );
    }
  }
  if (fields.length === 0) {
    throw new PipelineProblem(
      "pipeline-value",
      `none of the hashes is one that the events have (${settings.algorithms.join(", ")})`,
      "give a hash that they have",
      leaf.position,
    );
  }
  const { all, negated } = leaf.item;
  if (all || negated) {
    // Each value must hold, or none, or not all of them: each is a line of its own, negated or not.
    const parts = fields.map(({ field, value }) => newLeaf(leaf, field, [value], item));
    return { type: all && negated ? "any" : "all", parts };
  }
  const names = [...new Set(fields.map(({ field }) => field))];
  const parts = names.map((name) => {
    const values = fields.filter(({ field }) => field === name).map(({ value }) => value);
    return newLeaf(leaf, name, values, item);
  });
  return { type: "any", parts };
}

/** `hashes_fields`: `Hashes` with texts such as `MD5=…` becomes a line for the field of each algorithm. */
export function readHashesFields(from: Parameters): Transformation {
  const settings: Settings = {
    algorithms: from.texts("valid_hash_algos").map((name) => name.toUpperCase()),
    prefix: from.optionalText("field_prefix") ?? "",
    withoutAlgorithm: from.flag("drop_algo_prefix"),
  };
  const fields = from.optionalTexts("field_to_parse") ?? ["Hashes", "Hash"];
  if (settings.withoutAlgorithm && settings.prefix === "") {
    from.error("drop_algo_prefix", "missing-key", '"drop_algo_prefix" leaves no name without "field_prefix"');
  }
  return (run, item) => {
    run.rule.mapLeaves((leaf) => {
      const isHash = leaf.item.field !== null && fields.includes(leaf.item.field) && run.wants(item, leaf);
      return isHash ? splitHashes(leaf, item, run, settings) : leaf;
    });
  };
}
