import type { Node } from "web-tree-sitter";
import { readBatch } from "./effects/batch-reader.js";
import { loadGrammars, type GrammarLanguage } from "./effects/grammar.js";
import { vbscriptTexts } from "./effects/vbscript.js";
import type { Quoting } from "./quote.js";
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
  powershell: { node: "verbatim_string_characters", refused: [], fresh: [] },
} as const satisfies Record<GrammarLanguage, { node: string; refused: string[]; fresh: string[] }>;

/** A placeholder that stands inside quotes, a here-document or a comment, where its own quotes would be text. */
export interface MisplacedPlaceholder {
  readonly name: string;
  /** In the template. */
  readonly offset: number;
}

/**
 * Finds text placeholders that do not stand where an expression or a word of the language stands.
 * @param delayed whether cmd.exe replaces `!name!` after it has read carets: then no value is safe.
 */
export async function misplacedPlaceholders(
  template: string,
  quoting: Exclude<Quoting, "raw" | "regular-expression">,
  values: Readonly<Record<string, string | number>>,
  delayed = false,
): Promise<MisplacedPlaceholder[]> {
  if (quoting === "unknown" || !template.includes("{{")) return [];
  // A plain word as the value: how a literal is parsed does not depend on what is in it.
  const probes = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? value : "tyrian"]),
  );
  const filled = fillTemplate(template, probes, quoting);
  if (filled.problems.length > 0) return [];
  const texts = filled.segments.flatMap(({ placeholder, ...segment }) =>
    placeholder === null || typeof probes[placeholder] === "number"
      ? []
      : [{ ...segment, name: placeholder }],
  );
  if (quoting === "batch" || quoting === "batch-line") {
    const batch = readBatch(filled.text);
    const unsafe = delayed || /enabledelayedexpansion/i.test(template);
    // The work folder's path is one word that means the same everywhere, within quotes too.
    return texts.filter(
      ({ name, start, end }) => name !== "work" && (unsafe || !batch.isPlainPlace(start, end)),
    );
  }
  // A device reads a value as it is, wherever it stands.
  if (quoting === "device") return [];
  if (quoting === "vbscript") {
    const whole = vbscriptTexts(filled.text);
    return texts.filter(({ start, end }) => !whole.has(`${start}-${end}`));
  }
  const language = quoting === "jscript" ? "javascript" : quoting;
  const grammars = await loadGrammars();
  const { node: type, refused, fresh } = literals[language];
  return grammars.parse(language, filled.text, (root) => {
    const nodes = new Map<string, Node>();
    for (const node of root.descendantsOfType(type)) nodes.set(`${node.startIndex}-${node.endIndex}`, node);
    return texts.filter(({ start, end }) => {
      const node = nodes.get(`${start}-${end}`);
      return node === undefined || standsIn(node, refused, fresh);
    });
  });
}

function standsIn(node: Node, refused: readonly string[], fresh: readonly string[]): boolean {
  for (let around = node.parent; around !== null; around = around.parent) {
    if (fresh.includes(around.type)) return false;
    if (refused.includes(around.type)) return true;
  }
  return false;
}
