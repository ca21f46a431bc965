import { need, type Value } from "./finding.js";
import { textOf } from "./interpreter-options.js";
import { absolutePaths, isInWork } from "./paths.js";
import type { Shell } from "./shell-operands.js";
import type { RunCommand } from "./shell-special.js";
import type { Word } from "./shell-word.js";

type Kind = "work" | "root=work" | "runtime" | "any";

/** Options with a value, by what it must be for podman to stay offline and in the work folder. */
const general: Readonly<Record<string, Kind>> = {
  "--root": "work",
  "--runroot": "work",
  "--tmpdir": "work",
  "--network-config-dir": "work",
  "--storage-driver": "any",
  "--runtime": "runtime",
  "--runtime-flag": "root=work",
  "--cgroup-manager": "any",
  "--events-backend": "any",
};
const ofRun: Readonly<Record<string, "any">> = { "--ulimit": "any", "--name": "any" };
const flagsOfRun = new Set([
  ...["--rm", "-d", "-i", "--network=none", "--cgroups=disabled"],
  ...["--pid=host", "--pid=private", "--uts=host", "--uts=private"],
  // What runs in the container sees there what it would see outside.
  ...["--volume=/proc:/proc", "--volume=/dev/pts:/dev/pts"],
]);

/** Takes the options from a place on; the place behind them, or null when one is not known. */
function skip(
  shell: Shell,
  words: readonly Word[],
  from: number,
  values: Readonly<Record<string, Kind>>,
  flags: ReadonlySet<string>,
): number | null {
  let index = from;
  for (;;) {
    const option = words[index] === undefined ? null : textOf(words[index] as Word);
    if (option === null || !option.startsWith("-")) return index;
    const kind = Object.hasOwn(values, option) ? values[option] : undefined;
    if (kind === undefined && !flags.has(option)) return null;
    const value = words[index + 1] === undefined ? null : textOf(words[index + 1] as Word);
    if (kind === "work" && !inWork(shell, value)) return null;
    if (kind === "runtime" && value !== "runc" && value !== "crun") return null;
    if (kind === "root=work" && !inWork(shell, /^root=(.*)$/s.exec(value ?? "")?.[1] ?? null)) return null;
    index += kind === undefined ? 1 : 2;
  }
}

function inWork({ scope }: Shell, path: string | null): boolean {
  return path?.startsWith("/") === true && absolutePaths(scope, path).every((one) => isInWork(scope, one));
}

/**
 * podman whose store is in the work folder, asked what there is, or for a container without a network of a root folder of the
 * procedure's own. What runs in it is judged as if it ran outside. Undefined for every other use.
 */
export function podman(
  shell: Shell,
  words: readonly Word[],
  stdin: Value,
  run: RunCommand,
): Value | undefined {
  const at = words[0]?.at ?? 0;
  const verb = skip(shell, words, 1, general, new Set());
  if (verb === null) return undefined;
  const given = words.slice(1, verb).map(textOf);
  // Without any of these it leaves files in the system's folders.
  if (
    !["--root", "--runroot", "--tmpdir", "--network-config-dir", "--runtime-flag"].every((option) =>
      given.includes(option),
    )
  )
    return undefined;
  const name = words[verb] === undefined ? null : textOf(words[verb] as Word);
  const rest = words.slice(verb + 1).map(textOf);
  if (name === "version" || name === "images" || name === "ps") {
    return rest.every((word) => word === "-a") ? null : undefined;
  }
  let command = verb + 2;
  if (name === "run") {
    const option = skip(shell, words, verb + 1, { ...ofRun, "--rootfs": "work" }, flagsOfRun);
    // The root folder stands behind --rootfs, where an image would.
    if (option === null || !rest.includes("--network=none") || !rest.includes("--rootfs")) return undefined;
    command = option;
    need(shell.scope, "background-process", "what watches a container outlives podman for a moment", at);
  } else if (name !== "exec" || textOf(words[verb + 1] as Word)?.startsWith("-") !== false) return undefined;
  run(shell, words.slice(command), stdin);
  return null;
}
