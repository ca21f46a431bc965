import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import type { Node, Parser, Tree } from "web-tree-sitter";
import type { Language } from "../language.js";

const packages = {
  shell: "tree-sitter-bash/tree-sitter-bash.wasm",
  python: "tree-sitter-python/tree-sitter-python.wasm",
  javascript: "tree-sitter-javascript/tree-sitter-javascript.wasm",
  lua: "@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm",
  powershell: "tree-sitter-powershell/tree-sitter-powershell.wasm",
} as const satisfies Partial<Record<Language, string>>;

/** The languages that have a grammar of their own. */
export type GrammarLanguage = keyof typeof packages;

/** The languages that lint can read. */
export type ReadableLanguage = Exclude<Language, "unknown">;

/** The parsers of all readable languages; parsing itself is synchronous. */
export interface Grammars {
  /** Parses code and hands the root to `use`; the tree is released afterwards. */
  parse<T>(language: GrammarLanguage, code: string, use: (root: Node) => T): T;
}

let loaded: Promise<Grammars> | null = null;

/** Loads the grammars once a process (about 0.1 s). */
export function loadGrammars(): Promise<Grammars> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Grammars> {
  // Grammars are few huge functions. To optimise them takes seconds of every core, which a run's short codes never win back.
  setFlagsFromString("--liftoff-only");
  const treeSitter = await import("web-tree-sitter");
  await treeSitter.Parser.init();
  const require = createRequire(import.meta.url);
  const parsers = new Map<GrammarLanguage, Parser>();
  for (const [language, wasm] of Object.entries(packages)) {
    const parser = new treeSitter.Parser();
    parser.setLanguage(await treeSitter.Language.load(require.resolve(wasm)));
    parsers.set(language as GrammarLanguage, parser);
  }
  return {
    parse: (language, code, use) => {
      const tree: Tree | null = (parsers.get(language) as Parser).parse(code);
      if (tree === null) throw new Error(`the ${language} parser gave no tree`);
      try {
        return use(tree.rootNode);
      } finally {
        tree.delete();
      }
    },
  };
}

/** The first place where code does not follow its language's grammar; null when there is none. */
export function syntaxError(root: Node): { readonly at: number; readonly reason: string } | null {
  if (!root.hasError) return null;
  const pending = [root];
  for (;;) {
    const node = pending.shift();
    if (node === undefined) return { at: root.startIndex, reason: "syntax error" };
    if (node.isMissing) return { at: node.startIndex, reason: `syntax error: expected ${node.type}` };
    if (node.isError) {
      const text = node.text.split("\n")[0] ?? "";
      return { at: node.startIndex, reason: `syntax error near ${JSON.stringify(text.slice(0, 40))}` };
    }
    pending.unshift(...node.children.filter((child) => child.hasError || child.isError || child.isMissing));
  }
}

/** Direct children with a field name. */
export function fieldChildren(node: Node, field: string): Node[] {
  return node.childrenForFieldName(field);
}
