import { type Diagnostic, type Position, TyrianError } from "../../errors.js";
import { compileCollection, type PreparedRule, type SigmaCollection } from "../sigma/collection.js";
import { parseSigmaFile, type SigmaFile } from "../sigma/collection-file.js";
import type { Item, SigmaRule } from "../sigma/rule-tree.js";
import { applyPipelines, type ApplyResult } from "./apply.js";
import { eventFormats } from "./formats.js";
import { parsePipeline } from "./load.js";
import { fitToFormat, type LoadedFormat } from "./over-formats.js";
import type { Pipeline } from "./pipeline.js";
import { placeholdersOfFile } from "./placeholders.js";
import type { RuleSource } from "./problem.js";

/** A pipeline that was named. Plain data: threads and replays make it ready on their own. */
export interface PipelineText {
  readonly file: string;
  readonly text: string;
  /** Id of the format whose shipped pipeline it is; null for a file of the user's. */
  readonly format: string | null;
}

/** The pipelines of an invocation, made ready. With none, rules stay as they are. */
export class RulePipelines {
  readonly warnings: readonly Diagnostic[];
  readonly #own: readonly Pipeline[];
  readonly #format: LoadedFormat | null;

  /** @throws TyrianError `pipeline-invalid` with every problem and its position. */
  constructor(texts: readonly PipelineText[]) {
    const read = texts.map((each) => ({ ...each, ...parsePipeline(each.text, each.file) }));
    const diagnostics = read.flatMap((each) => each.diagnostics);
    if (read.some(({ pipeline }) => pipeline === null))
      throw new TyrianError("pipeline-invalid", "the pipeline has errors; no rule was read", { diagnostics });
    this.warnings = diagnostics;
    this.#own = read.flatMap(({ pipeline, format }) =>
      pipeline === null || format !== null ? [] : [pipeline],
    );
    const loaded = read.flatMap(({ pipeline, format: id }): LoadedFormat[] => {
      const format = eventFormats.find((each) => each.id === id);
      return pipeline === null || format === undefined ? [] : [{ format, pipeline }];
    });
    this.#format = loaded[0] ?? null;
  }

  get #all(): readonly Pipeline[] {
    return this.#format === null ? this.#own : [this.#format.pipeline, ...this.#own];
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Reads a file of rules; the pipelines answer for placeholders. */
  parse(text: string, file: string): SigmaFile {
    if (this.isEmpty) return parseSigmaFile(text, file);
    return parseSigmaFile(text, file, placeholdersOfFile({ text, file }, this.#all));
  }

  /**
   * Makes files of rules ready to be matched.
   * @param textOf the text of a file, for the places of what is refused; empty where they do not matter
   */
  compile(files: readonly SigmaFile[], textOf: (file: string) => string): SigmaCollection {
    if (this.isEmpty) return compileCollection(files);
    return compileCollection(files, {
      prepare: (rule, position) => this.#prepare(rule, position, textOf(position.file)),
    });
  }

  #prepare(rule: SigmaRule, { file, line }: Position, text: string): PreparedRule {
    const source = { file, text, at: offsetOfLine(text, line) };
    const { rule: prepared, diagnostics, mapField } = this.#applied(rule, source);
    return {
      rule: prepared,
      diagnostics,
      // A pipeline may refuse a field, and a format may lack it: that is told of lines, so a line is asked about.
      fieldsNamed: (name) => (this.#carries(askingFor(rule, name), source) ? mapField(name) : []),
    };
  }

  #carries(rule: SigmaRule, source: RuleSource): boolean {
    const { rule: applied, diagnostics } = this.#applied(rule, source);
    return applied !== null && !diagnostics.some(({ code }) => code === "field-not-in-format");
  }

  #applied(rule: SigmaRule, source: RuleSource): ApplyResult {
    return this.#format === null
      ? applyPipelines(rule, source, this.#own)
      : fitToFormat(rule, source, this.#format, this.#own);
  }
}

/** A rule of the same log source that asks for nothing but that a field is there. */
function askingFor(rule: SigmaRule, field: string): SigmaRule {
  const item: Item = {
    ...{ key: field, field, modifiers: [], all: false, negated: false, cased: false, at: 0 },
    values: [{ written: "true", meanings: [{ type: "presence", wanted: true }] }],
  };
  return {
    ...rule,
    searches: new Map([["asked", { type: "items", items: [item] }]]),
    condition: { type: "identifier", name: "asked", at: 0 },
  };
}

function offsetOfLine(text: string, line: number): number {
  let at = 0;
  for (let count = 1; count < line; count++) {
    const next = text.indexOf("\n", at);
    if (next === -1) return at;
    at = next + 1;
  }
  return at;
}
