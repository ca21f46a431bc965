import type { Node } from "web-tree-sitter";
import { loadGrammars } from "./effects/grammar.js";
import type { Language } from "./language.js";
import { fillTemplate } from "./template.js";

/** What a placeholder's literal must be parsed as, and what it may not stand in (up to the next command of its own). */
const literals = {
  shell: {
    node: "raw_string",
    refused: ["string", "translated_string", "expansion", "heredoc_body", "arithmetic_expansion"],
    fresh: ["command_substitution", "process_substitution"],
  },
  python: { node: "string", refused: ["string"], fresh: [] },
  javascript: { node: "string", refused: [], fresh: [] },
  lua: { node: "string", refused: [], fresh: [] },
} as const satisfies Record<
  Exclude<Language, "unknown">,
  { node: string; refused: string[]; fresh: string[] }
>;

/** A placeholder that stands inside quotes, a here-document or a comment, where its own quotes would be text. */
export interface MisplacedPlaceholder {
  readonly name: string;
  /** In the template. */
  readonly offset: number;
}

/** Finds text placeholders that do not stand where an expression or a word of the language stands. */
export async function misplacedPlaceholders(
  template: string,
  language: Language,
  values: Readonly<Record<string, string | number>>,
): Promise<MisplacedPlaceholder[]> {
  if (language === "unknown" || !template.includes("{{")) return [];
  // A plain word as the value: how a literal is parsed does not depend on what is in it.
  const probes = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? value : "tyrian"]),
  );
  const filled = fillTemplate(template, probes, language);
  if (filled.problems.length > 0) return [];
  const grammars = await loadGrammars();
  const { node: type, refused, fresh } = literals[language];
  return grammars.parse(language, filled.text, (root) => {
    const nodes = new Map<string, Node>();
    for (const node of root.descendantsOfType(type)) nodes.set(`${node.startIndex}-${node.endIndex}`, node);
    const misplaced: MisplacedPlaceholder[] = [];
    for (const { start, end, offset, placeholder } of filled.segments) {
      if (placeholder === null || typeof probes[placeholder] === "number") continue;
      const node = nodes.get(`${start}-${end}`);
      if (node === undefined || standsIn(node, refused, fresh)) misplaced.push({ name: placeholder, offset });
    }
    return misplaced;
  });
}

function standsIn(node: Node, refused: readonly string[], fresh: readonly string[]): boolean {
  for (let around = node.parent; around !== null; around = around.parent) {
    if (fresh.includes(around.type)) return false;
    if (refused.includes(around.type)) return true;
  }
  return false;
}
