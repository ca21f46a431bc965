import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import {
  type ApplyResult,
  applyPipelines,
  eventFormats,
  fitToFormat,
  type LoadedFormat,
  parsePipeline,
  type Pipeline,
  placeholdersOf,
  type RuleSource,
} from "../../detection/pipelines/index.js";
import {
  compileCollection,
  type PreparedRule,
  type SigmaCollection,
} from "../../detection/sigma/collection.js";
import { parseSigmaFile, type SigmaFile } from "../../detection/sigma/collection-file.js";
import type { Item, SigmaRule } from "../../detection/sigma/rule-tree.js";
import { type Diagnostic, messageOf, type Position, TyrianError } from "../../errors.js";
import { packageFolder } from "../places.js";

/** A pipeline that was named. Plain data: threads make it ready on their own. */
export interface PipelineText {
  readonly file: string;
  readonly text: string;
  /** Id of the format whose shipped pipeline it is; null for a file of the user's. */
  readonly format: string | null;
}

/** Adds the option that names pipelines, for the verbs that match Sigma rules. */
export function addPipelineOption(command: Command): Command {
  return command.option(
    "--pipeline <file|name...>",
    `processing pipelines for the Sigma rules: YAML as pySigma's, or one of ${eventFormats.map(({ id }) => id).join(", ")}`,
  );
}

/**
 * Reads the pipelines that names stand for: a shipped one's name, else a file.
 * @throws TyrianError `file-unreadable`; `usage` when two shipped pipelines are named.
 */
export function readPipelineTexts(names: readonly string[]): PipelineText[] {
  const texts = names.map((name): PipelineText => {
    const format = eventFormats.find(({ id }) => id === name);
    const file = format === undefined ? name : join(packageFolder(), "pipelines", format.file);
    try {
      return { file, text: readFileSync(file, "utf8"), format: format?.id ?? null };
    } catch (error) {
      const shipped = eventFormats.map(({ id }) => id).join(", ");
      const message = existsSync(file)
        ? `${file} cannot be read: ${messageOf(error)}`
        : `there is no pipeline ${name}, neither shipped nor as a file`;
      throw new TyrianError("file-unreadable", message, { hint: `Shipped are: ${shipped}.`, cause: error });
    }
  });
  const shipped = texts.flatMap(({ format }) => format ?? []);
  if (shipped.length > 1) {
    throw new TyrianError(
      "usage",
      `--pipeline names ${shipped.join(" and ")}: each fits rules to events of one format`,
      {
        hint: "Name one of them; search events of another format in a search of their own.",
      },
    );
  }
  return texts;
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
    return parseSigmaFile(text, file, { placeholders: placeholdersOf({ text, file }, this.#all) });
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
