import type { Scope, Stage } from "../evaluate/scope.js";
import type { CommandNode } from "../syntax/commands.js";
import type { Printer } from "../syntax/printer.js";
import type { ArgumentReader } from "./argument-reader.js";

/** All that is known about one command. */
export interface CommandDefinition<Node extends CommandNode> {
  /** Reads what stands behind the command's name. Throws `SplProblem`. */
  parse(reader: ArgumentReader, at: number): Node;
  /** What stands behind the command's name, so that reading it gives the same node. */
  print(node: Node, printer: Printer): string;
  /** Makes the command ready. Throws `SplProblem` for what is wrong whatever the rows. */
  run(node: Node, scope: Scope): Stage;
}
