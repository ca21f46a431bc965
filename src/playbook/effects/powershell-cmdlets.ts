import type { Node } from "web-tree-sitter";
import { need, type Scope, type Value } from "./finding.js";
import { readsPath, removesPath, writesPath } from "./paths.js";
import type { Cmdlet } from "./powershell-commands.js";
import { bareExpression } from "./powershell-values.js";

/** Where cmdlets are read: what they need is noted there, and the texts of what they are given are asked for. */
export interface CmdletReader {
  readonly scope: Scope;
  text(node: Node): Value;
}

/** A cmdlet that lint knows, as it is called. */
export interface CmdletCall {
  readonly name: string;
  readonly cmdlet: Cmdlet;
  readonly node: Node;
  readonly given: readonly Node[];
}

/** Parameters without a value: what follows one is an operand. */
const switches = new Set(
  `noenumerate nonewline unique autosize hidetableheaders wrap stream compress notypeinformation list simplematch casesensitive quiet raw directory file force append
  recurse confirm descending sum average maximum minimum line word character leaf parent extension leafbase noelement`.split(
    /\s+/,
  ),
);

/** Elsewhere this parameter has a value. */
const NAMES_ONLY = "get-childitem -name";

/** Notes what a call needs: parameters that lint does not know, and the files that are read, written, removed or copied. */
export function followCmdlet(reader: CmdletReader, call: CmdletCall): void {
  const { name, cmdlet, node, given } = call;
  const doubt = (reason: string, at: Node): void =>
    need(reader.scope, "unknown-command", reason, at.startIndex);
  const paths: Node[] = [];
  const operands: Node[] = [];
  given.forEach((child, index) => {
    if (child.type === "redirection") return;
    if (child.type !== "command_parameter") {
      const before = given[index - 1];
      const parameter = before?.type === "command_parameter" ? before.text.slice(1).toLowerCase() : null;
      const isSwitch =
        parameter === null || switches.has(parameter) || `${name} -${parameter}` === NAMES_ONLY;
      // Whatever a cmdlet that removes is given may be a path.
      if (isSwitch || cmdlet.kind === "removes") operands.push(child);
      else if (cmdlet.paths.has(parameter)) paths.push(child);
      return;
    }
    const parameter = child.text.slice(1).toLowerCase();
    if (parameter !== "" && !cmdlet.parameters.has(parameter))
      doubt(`${name} is given ${child.text}, which lint does not know`, child);
  });
  if (
    name === "foreach-object" &&
    operands.some((child) => bareExpression(child).type !== "script_block_expression")
  )
    doubt("ForEach-Object calls a member by its name", node);
  if (
    name === "get-ciminstance" &&
    !/^get-ciminstance\s+(-classname\s+)?'?win32_(operatingsystem|computersystem|bios|process)'?\s*(\||$)/i.test(
      node.text.replace(/^gcim/i, "get-ciminstance"),
    )
  )
    doubt("Get-CimInstance asks for what lint does not know", node);
  // The first operands may be the paths.
  if (paths.length === 0 && cmdlet.kind !== "prints")
    paths.push(...operands.slice(0, cmdlet.kind === "copies" ? 2 : name === "select-string" ? 9 : 1));
  followFiles(reader, call, [
    ...new Set([...paths, ...(cmdlet.kind === "reads" || cmdlet.kind === "removes" ? operands : [])]),
  ]);
}

/** Notes that a file is written, at a path of the file system. */
export function writesFile(reader: CmdletReader, path: Value, what: string, node: Node): void {
  if (!isOfOtherProvider(reader, path, node)) writesPath(reader.scope, path, what, node.startIndex);
}

function followFiles(reader: CmdletReader, { name, cmdlet, node }: CmdletCall, paths: readonly Node[]): void {
  const { scope } = reader;
  if (cmdlet.kind === "prints") return;
  if (paths.length === 0 && cmdlet.kind !== "reads")
    need(scope, "computed-code", `${name} is given no path that lint can read`, node.startIndex);
  if (name === "new-item" && /symboliclink|junction|hardlink/i.test(node.text))
    need(scope, "outside-work-folder", "a link leads elsewhere", node.startIndex);
  for (const path of paths) {
    const value = reader.text(path);
    if (isOfOtherProvider(reader, value, path)) continue;
    const at = path.startIndex;
    if (cmdlet.kind === "reads") readsPath(scope, value, true, name, at);
    else if (cmdlet.kind === "removes") removesPath(scope, value, name, at);
    else {
      if (cmdlet.kind === "copies") {
        readsPath(scope, value, true, name, at);
        scope.analysis.written.add("*");
      }
      writesPath(scope, value, name, at);
    }
  }
}

function isOfOtherProvider({ scope }: CmdletReader, path: Value, { startIndex }: Node): boolean {
  const other = path?.find((one) => /^[^\\/]{2,}:|^[A-Za-z]:$|::/.test(one)) ?? null;
  if (other === null) return false;
  need(scope, "computed-code", `${other} is a path of another provider than the file system`, startIndex);
  if (/^(hk|registry|wsman|cert)/i.test(other)) need(scope, "persistence", `${other} is no file`, startIndex);
  return true;
}
