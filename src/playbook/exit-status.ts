import type { Node } from "web-tree-sitter";
import { loadGrammars } from "./effects/grammar.js";

/** What is known of a shell command's exit status: it always succeeds, it always fails, or it can do both. */
export type ExitStatusKnowledge = "succeeds" | "fails" | "varies";

/** Whether a shell command that is meant as a check can tell anything. A check that cannot fail proves nothing. */
export async function exitStatusOf(command: string): Promise<ExitStatusKnowledge> {
  const grammars = await loadGrammars();
  return grammars.parse("shell", command, (root) => {
    if (root.hasError) return "varies";
    const { ends, leaves } = outcomeOf(root);
    const all = union(ends, leaves);
    if (all.size !== 1) return "varies";
    return all.has(true) ? "succeeds" : "fails";
  });
}

/** Whether something can succeed (true), fail (false), both, or neither because it is never reached. */
type Statuses = ReadonlySet<boolean>;

interface Outcome {
  /** The statuses with which a statement can end so that the next one follows. */
  readonly ends: Statuses;
  /** The statuses with which it can end the whole command (`exit`). */
  readonly leaves: Statuses;
}

const none: Statuses = new Set();
const both: Statuses = new Set([true, false]);
const only = (status: boolean): Statuses => new Set([status]);
const ending = (ends: Statuses): Outcome => ({ ends, leaves: none });
const union = (a: Statuses, b: Statuses): Statuses => new Set([...a, ...b]);

const succeeding = new Set(["true", ":", "echo", "printf", "sleep", "set", "unset", "export"]);

function outcomeOf(node: Node): Outcome {
  switch (node.type) {
    case "program":
    case "compound_statement":
    case "do_group":
      return sequence(node.namedChildren);
    case "subshell":
      return ending(inSubshell(sequence(node.namedChildren)));
    case "redirected_statement":
      return redirected(node);
    case "negated_command": {
      const inner = first(node);
      return { ends: new Set([...inner.ends].map((status) => !status)), leaves: inner.leaves };
    }
    case "list":
      return list(node);
    case "pipeline": {
      const last = node.namedChildren.at(-1);
      return ending(last === undefined ? both : inSubshell(outcomeOf(last)));
    }
    case "if_statement":
      return conditional(node);
    case "test_command":
      return ending(isConstantTest(node) ? only(true) : both);
    case "variable_assignment":
      return ending(node.descendantsOfType("command_substitution").length > 0 ? both : only(true));
    case "function_definition":
      return ending(only(true));
    case "command":
      return command(node);
    default:
      return { ends: both, leaves: mayLeave(node) ? both : none };
  }
}

function first(node: Node): Outcome {
  const inner = node.namedChildren[0];
  return inner === undefined ? ending(both) : outcomeOf(inner);
}

function inSubshell({ ends, leaves }: Outcome): Statuses {
  return union(ends, leaves);
}

/** Statements one after the other; none at all succeed. */
function sequence(nodes: readonly Node[]): Outcome {
  let ends: Statuses = only(true);
  let leaves: Statuses = none;
  let failureLeaves = false;
  for (const statement of nodes) {
    if (statement.type === "comment") continue;
    const next = outcomeOf(statement);
    leaves = union(leaves, next.leaves);
    ends = statement.nextSibling?.type === "&" ? only(true) : next.ends;
    if (failureLeaves && ends.has(false)) leaves = union(leaves, only(false));
    if (/^set\s+-\w*e/.test(statement.text)) failureLeaves = true;
    if (ends.size === 0) break;
  }
  return { ends, leaves };
}

/** A redirection of input fails when the file is not there. */
function redirected(node: Node): Outcome {
  const { ends, leaves } = first(node);
  const reads = node.namedChildren.some(
    (child) => child.type === "file_redirect" && /^\d*<(?!&)\s*(?!\/dev\/null)/.test(child.text),
  );
  return { ends: reads ? union(ends, only(false)) : ends, leaves };
}

function list(node: Node): Outcome {
  const [left, right] = node.namedChildren;
  if (left === undefined || right === undefined) return ending(both);
  // The right side runs after a success (`&&`) or a failure (`||`) of the left one.
  const wanted = !node.children.some((child) => child.type === "||");
  const before = outcomeOf(left);
  if (!before.ends.has(wanted)) return before;
  const after = outcomeOf(right);
  const passed: Statuses = new Set([...before.ends].filter((status) => status !== wanted));
  return { ends: union(passed, after.ends), leaves: union(before.leaves, after.leaves) };
}

/** `if` and its `elif` and `else`; without an `else` nothing is done, which succeeds. */
function conditional(node: Node): Outcome {
  const then = node.children.find((child) => child.type === "then")?.startIndex ?? node.endIndex;
  const isClause = (child: Node): boolean => child.type === "elif_clause" || child.type === "else_clause";
  const clauses = node.namedChildren.filter(isClause);
  const condition = sequence(node.namedChildren.filter((child) => child.startIndex < then));
  const body = sequence(node.namedChildren.filter((child) => child.startIndex > then && !isClause(child)));
  const otherwise = clauses.reduceRight<Outcome>(
    (following, clause) => {
      if (clause.type === "else_clause") return sequence(clause.namedChildren);
      return choose(conditional(clause), following);
    },
    ending(only(true)),
  );
  const taken = condition.ends.has(true) ? body : ending(none);
  const left = condition.ends.has(false) ? otherwise : ending(none);
  const chosen = choose(taken, left);
  return { ends: chosen.ends, leaves: union(condition.leaves, chosen.leaves) };
}

function choose(a: Outcome, b: Outcome): Outcome {
  return { ends: union(a.ends, b.ends), leaves: union(a.leaves, b.leaves) };
}

function command(node: Node): Outcome {
  const words = [node.childForFieldName("name"), ...node.childrenForFieldName("argument")]
    .map((child) => child?.text.replace(/["'\\]/g, "") ?? "")
    .map((text, index) => (index === 0 ? text.replace(/^(\/usr)?\/bin\//, "") : text));
  while (["command", "builtin", "env"].includes(words[0] ?? "") && words.length > 1) words.shift();
  const [name = "", argument] = words;
  if (name === "exit" || name === "return") {
    const known = argument !== undefined && /^\d+$/.test(argument);
    return { ends: none, leaves: known ? only(Number(argument) % 256 === 0) : both };
  }
  if (name === "exec" && argument !== undefined) return { ends: none, leaves: both };
  if (name === "false") return ending(only(false));
  if (name === "test") return ending(isConstantTest(node) ? only(true) : both);
  return ending(succeeding.has(name) ? only(true) : both);
}

/** Whether a statement that is not followed may end the whole command. */
function mayLeave(node: Node): boolean {
  return node.descendantsOfType("command").some(({ text }) => /^(exit|return|exec)\b/.test(text));
}

/** A test of nothing but texts that are written out: its answer never changes. */
function isConstantTest(node: Node): boolean {
  const expansions = ["simple_expansion", "expansion", "command_substitution", "process_substitution"];
  if (node.descendantsOfType(expansions).length > 0) return false;
  const operators = node.text.split(/\s+/).filter((word) => /^-[a-zA-Z]+$/.test(word));
  return operators.every((operator) =>
    ["-n", "-z", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-a"].includes(operator),
  );
}
