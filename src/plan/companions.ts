import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RulePipelines } from "../detection/pipelines/index.js";
import type { SigmaDocument, SigmaFile } from "../detection/sigma/collection-file.js";
import { coversLogsource } from "../detection/sigma/filter-apply.js";

/** A file of Sigma documents. */
export interface RuleText {
  readonly file: string;
  readonly text: string;
}

/** Larger files are no rules; the parser refuses smaller ones than this by itself. */
const mostBytes = 2 * 1024 * 1024;
/** A key of this name, in YAML's form or JSON's; many rules have a selection that is called so. */
const filterKey = /(?:^|["'{,\s])filter["']?\s*:/;

/**
 * Finds what an analytic is compiled with besides its own file: files of Sigma in the same folder that hold rules which its
 * correlations name, or filters for its rules, and so on for those. A filter that cannot be read is among them, for it may
 * be one of the analytic's.
 */
export class Companions {
  readonly #pipelines: RulePipelines;
  readonly #texts = new Map<string, Promise<readonly RuleText[]>>();
  readonly #parsed = new Map<string, SigmaFile>();

  constructor(pipelines: RulePipelines) {
    this.#pipelines = pipelines;
  }

  /** In the order of their names. */
  async of(analytic: RuleText): Promise<readonly RuleText[]> {
    const folder = dirname(analytic.file);
    const listed = this.#texts.get(folder) ?? sigmaTextsOf(folder);
    this.#texts.set(folder, listed);
    const others = (await listed).filter(({ file }) => file !== analytic.file);
    const needed = new Map([[analytic.file, this.#parse(analytic)]]);
    for (;;) {
      const documents = [...needed.values()].flatMap((each) => each.documents);
      const further = others.filter((other) => !needed.has(other.file) && this.#isNeeded(other, documents));
      if (further.length === 0) break;
      for (const other of further) needed.set(other.file, this.#parse(other));
    }
    return others.filter(({ file }) => needed.has(file));
  }

  #isNeeded(other: RuleText, documents: readonly SigmaDocument[]): boolean {
    // Reading YAML is slow, and most files have nothing to do with an analytic.
    const named = referencesOf(documents).filter((name) => contains(other.text, name));
    if (named.length === 0 && !filterKey.test(other.text)) return false;
    return this.#parse(other).documents.some(
      (document) => named.some((name) => isNamed(document, name)) || isFilterFor(document, documents),
    );
  }

  #parse({ file, text }: RuleText): SigmaFile {
    const parsed = this.#parsed.get(file) ?? this.#pipelines.parse(text, file);
    this.#parsed.set(file, parsed);
    return parsed;
  }
}

async function sigmaTextsOf(folder: string): Promise<RuleText[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/i.test(name)).sort();
  const texts = await Promise.all(
    names.map(async (name): Promise<RuleText[]> => {
      const file = join(folder, name);
      const found = await stat(file);
      if (!found.isFile() || found.size > mostBytes) return [];
      return [{ file, text: await readFile(file, "utf8") }];
    }),
  );
  return texts.flat();
}

function referencesOf(documents: readonly SigmaDocument[]): string[] {
  return documents.flatMap((document) =>
    document.type === "correlation" ? document.correlation.rules.map(({ text }) => text) : [],
  );
}

function contains(text: string, name: string): boolean {
  return text.toLowerCase().includes(name.toLowerCase());
}

/** By its id in any case, or by its name, also a document that was refused. */
function isNamed(document: SigmaDocument, text: string): boolean {
  const { id, name } = headOf(document);
  return id?.toLowerCase() === text.toLowerCase() || name === text;
}

function headOf(document: SigmaDocument): { readonly id: string | null; readonly name: string | null } {
  switch (document.type) {
    case "rule":
      return { id: document.rule.id, name: document.rule.name ?? null };
    case "correlation":
      return document.correlation;
    case "filter":
      // Nothing refers to a filter.
      return { id: null, name: null };
    case "refused":
      return document;
  }
}

function isFilterFor(document: SigmaDocument, documents: readonly SigmaDocument[]): boolean {
  if (document.type === "refused") return document.kind === "filter" || document.kind === "unknown";
  if (document.type !== "filter") return false;
  const { filter } = document;
  return documents.some((each) => {
    if (each.type !== "rule" || !coversLogsource(filter.logsource, each.rule.logsource)) return false;
    return filter.rules === null || filter.rules.some(({ text }) => isNamed(each, text));
  });
}
