import type { Node } from "web-tree-sitter";
import { loadGrammars } from "./effects/grammar.js";

/** What is known of a shell command's exit status: it always succeeds, it always fails, or it can do both. */
export type ExitStatusKnowledge = "succeeds" | "fails" | "varies";

/** Whether a shell command that is meant as a check can tell anything. A check that cannot fail proves nothing. */
export async function exitStatusOf(command: string): Promise<ExitStatusKnowledge> {
  const grammars = await loadGrammars();
  return grammars.parse("shell", command, (root) => (root.hasError ? "varies" : statusOf(root)));
}

const succeeding = new Set(["true", ":", "echo", "printf", "sleep", "set", "unset", "export"]);

function statusOf(node: Node): ExitStatusKnowledge {
  switch (node.type) {
    case "program":
    case "compound_statement":
    case "subshell":
    case "do_group":
      return sequence(node);
    case "redirected_statement":
    case "negated_command": {
      const inner = node.namedChildren[0];
      const status = inner === undefined ? "varies" : statusOf(inner);
      if (node.type === "redirected_statement" || status === "varies") return status;
      return status === "succeeds" ? "fails" : "succeeds";
    }
    case "list":
      return list(node);
    case "pipeline": {
      const last = node.namedChildren.at(-1);
      return last === undefined ? "varies" : statusOf(last);
    }
    case "if_statement":
      return branches(node);
    case "test_command":
      return constantTest(node) ? "succeeds" : "varies";
    case "variable_assignment":
      return node.descendantsOfType("command_substitution").length > 0 ? "varies" : "succeeds";
    case "command":
      return commandStatus(node);
    default:
      return "varies";
  }
}

function sequence(node: Node): ExitStatusKnowledge {
  const statements = node.namedChildren.filter((child) => child.type !== "comment");
  const leaves = statements.slice(0, -1).some((statement) => mayLeave(statement));
  const last = statements.at(-1);
  if (leaves) return "varies";
  return last === undefined ? "succeeds" : statusOf(last);
}

/** Whether a statement may end the whole command with a status of its own. */
function mayLeave(statement: Node): boolean {
  const commands = statement.descendantsOfType("command");
  return commands.some(
    (command) => /^(exit|return|exec)\b/.test(command.text) || /^set\s+-\w*e/.test(command.text),
  );
}

function list(node: Node): ExitStatusKnowledge {
  const [left, right] = [node.namedChildren[0], node.namedChildren[1]];
  if (left === undefined || right === undefined) return "varies";
  const either = node.children.some((child) => child.type === "||");
  const [first, second] = [statusOf(left), statusOf(right)];
  if (mayLeave(left)) return first;
  if (either) {
    if (first === "succeeds" || second === "succeeds") return "succeeds";
    return first === "fails" && second === "fails" ? "fails" : "varies";
  }
  if (first === "fails" || second === "fails") return "fails";
  return first === "succeeds" && second === "succeeds" ? "succeeds" : "varies";
}

/** An `if` whose every branch succeeds, the missing `else` included. */
function branches(node: Node): ExitStatusKnowledge {
  const commands = node.descendantsOfType(["command", "test_command"]);
  const condition = new Set(
    node
      .childrenForFieldName("condition")
      .flatMap((child) => [child.id, ...child.descendantsOfType("command").map(({ id }) => id)]),
  );
  const bodies = commands.filter(({ id }) => !condition.has(id));
  return bodies.every((command) => statusOf(command) === "succeeds") ? "succeeds" : "varies";
}

function commandStatus(node: Node): ExitStatusKnowledge {
  const name = node.childForFieldName("name")?.text ?? "";
  const words = node.childrenForFieldName("argument").map((child) => child.text);
  if (name === "exit" || name === "return") {
    if (words[0] === undefined || !/^\d+$/.test(words[0])) return "varies";
    return Number(words[0]) % 256 === 0 ? "succeeds" : "fails";
  }
  if (name === "false") return "fails";
  if (name === "test") return constantTest(node) ? "succeeds" : "varies";
  return succeeding.has(name) ? "succeeds" : "varies";
}

/** A test of nothing but texts that are written out: its answer never changes. */
function constantTest(node: Node): boolean {
  const expansions = ["simple_expansion", "expansion", "command_substitution", "process_substitution"];
  if (node.descendantsOfType(expansions).length > 0) return false;
  const operators = node.text.split(/\s+/).filter((word) => /^-[a-zA-Z]+$/.test(word));
  return operators.every((operator) =>
    ["-n", "-z", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-a"].includes(operator),
  );
}
