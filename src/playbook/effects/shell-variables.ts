import type { Node } from "web-tree-sitter";
import { either, type Scope, type Value } from "./finding.js";
import { fieldChildren } from "./grammar.js";
import { readWord, type WordContext } from "./shell-word.js";

interface Assignment {
  readonly name: string;
  /** Null when the variable is set in a way that is not followed. */
  readonly node: Node | null;
}

/** Commands that set variables in ways that are not followed: with one of them no variable is known. */
const setters = new Set([
  "read",
  "mapfile",
  "readarray",
  "getopts",
  "let",
  "eval",
  "source",
  ".",
  "unset",
  "printf",
  "wait",
  "select",
  "coproc",
]);

/** The variables of a piece of shell code. */
export class ShellVariables {
  readonly #scope: Scope;
  readonly #assignments: readonly Assignment[];
  readonly #followed: boolean;
  readonly #resolving = new Set<string>();

  constructor(scope: Scope, root: Node) {
    this.#scope = scope;
    this.#assignments = [
      ...root.descendantsOfType("variable_assignment").map((node) => assignmentOf(node)),
      ...root
        .descendantsOfType(["for_statement", "c_style_for_statement", "select_statement"])
        .flatMap(loopAssignments),
    ];
    this.#followed = !root
      .descendantsOfType("command_name")
      .some(
        (node) =>
          setters.has(node.text) &&
          !(node.text === "printf" && !/^printf\s+-v/.test(node.parent?.text ?? "")),
      );
  }

  /** What a variable holds: any of the texts that the code gives it. `context` reads the words. */
  read(name: string, context: WordContext): { readonly value: Value; readonly approximate: boolean } {
    const unknown = { value: null, approximate: false };
    if (this.#resolving.has(name)) return unknown;
    const own = this.#assignments.filter((assignment) => assignment.name === name);
    if (own.length === 0) {
      if (name === "HOME") return { value: ["~"], approximate: true };
      const { folders, unknownFolder, work } = this.#scope.analysis;
      if (name === "PWD" && folders.size === 0 && !unknownFolder) return { value: [work], approximate: true };
      if (["RANDOM", "SECONDS", "LINENO", "PPID", "BASHPID", "EUID", "UID"].includes(name))
        return { value: ["0"], approximate: true };
      return unknown;
    }
    if (!this.#followed) return unknown;
    this.#resolving.add(name);
    try {
      let value: Value = [];
      let approximate = false;
      for (const { node } of own) {
        if (node === null) return unknown;
        const word = readWord(node, context);
        if (word.glob) return unknown;
        approximate ||= word.approximate;
        value = either(value, word.value);
      }
      return { value, approximate };
    } finally {
      this.#resolving.delete(name);
    }
  }
}

function assignmentOf(node: Node): Assignment {
  const name = fieldChildren(node, "name")[0];
  const value = fieldChildren(node, "value")[0] ?? null;
  const plain =
    name?.type === "variable_name" && !node.children.some((child) => child.type === "+=") && value !== null;
  return { name: (name?.text ?? "").replace(/\[.*$/s, ""), node: plain ? value : null };
}

function loopAssignments(node: Node): Assignment[] {
  const name = fieldChildren(node, "variable")[0]?.text ?? "";
  const values = fieldChildren(node, "value");
  if (node.type !== "for_statement" || values.length === 0) return [{ name, node: null }];
  return values.map((value) => ({ name, node: value }));
}
