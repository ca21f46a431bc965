import type { Value } from "./finding.js";
import { interpreter } from "./interpreters.js";
import { textOf } from "./interpreter-options.js";
import { nameInWork } from "./paths.js";
import { podman } from "./podman.js";
import type { Shell } from "./shell-operands.js";
import type { RunCommand } from "./shell-special.js";
import { literalWord, type Word } from "./shell-word.js";

/** Analyses a use of a program that opens no connection and changes no machine; undefined when it is no such use. */
type Offline = (shell: Shell, words: readonly Word[], stdin: Value, run: RunCommand) => Value | undefined;

/**
 * nmap that tells its version, or with one script of the procedure's own and no target: the script engine runs its prerule and nothing is scanned. The
 * script is Lua.
 */
const nmap: Offline = (shell, words) => {
  const { scope } = shell;
  const [name, option, script, ...rest] = words as [Word, Word?, Word?, ...Word[]];
  if (option !== undefined && textOf(option) === "--version" && script === undefined) return null;
  if (option === undefined || script === undefined || textOf(option) !== "--script") return undefined;
  const path = textOf(script);
  const own = path === null ? null : nameInWork(scope, path);
  // A word without a slash is the name of a script or of a category of nmap's own.
  if (path === null || !path.includes("/") || own === null || !scope.analysis.files.has(own))
    return undefined;
  if (!rest.every((word) => /^-(sn|n|Pn)$/.test(textOf(word) ?? ""))) return undefined;
  interpreter(scope, [literalWord(["lua"], name.at), script], [""], (word) => shell.inner(word));
  return null;
};

/**
 * unshare as an ordinary user can use it: the command may then mount within namespaces of its own, and nothing else more than outside, as
 * which it is judged.
 */
const unshare: Offline = (shell, words, stdin, run) => {
  const own = ["--user", "--map-root-user", "--mount"];
  if (
    !own.every(
      (option, index) => words[index + 1] !== undefined && textOf(words[index + 1] as Word) === option,
    )
  )
    return undefined;
  const command = words.slice(own.length + 1);
  // An option of unshare would stand before a command.
  return command[0] === undefined || textOf(command[0])?.startsWith("-") !== false
    ? undefined
    : run(shell, command, stdin);
};

/** Programs that use the network, or change the machine, in all but these uses. */
export const offline: ReadonlyMap<string, Offline> = new Map([
  ["nmap", nmap],
  ["podman", podman],
  ["unshare", unshare],
]);
