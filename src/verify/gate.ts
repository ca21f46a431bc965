import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Control } from "../model/target.js";
import type { Trial } from "../model/trial.js";
import { actArguments } from "../playbook/act-arguments.js";
import type { KnownBracket } from "./bracket-model.js";
import { answerProblem, telemetryProblem } from "./witness.js";

interface Denial {
  readonly trial: Trial;
  readonly execution: Execution;
  readonly observation: Observation;
  readonly bracket: KnownBracket;
}

/**
 * The event with which the gate of a control started, when it is proved that the gate refused the act; else null.
 *
 * A message alone proves nothing, because any program can print it. It counts when nobody but the gate can have: the act is the gate,
 * all that it started are the gate's own helpers, and it is known that no record of its time is missing. What the gate lets through is
 * a process of its own, so there would be a record of it. A gate that reads the code itself could be told to print the message: it
 * must have been given one plain command, whose name no builtin has.
 */
export function gateDenied({ denies }: Control, denial: Denial): HostEvent | null {
  if (denies === undefined) return null;
  const { trial, execution, observation, bracket } = denial;
  if (trial.act.program !== denies.gate || !saysSo(denies, trial, execution)) return null;
  if (bracket.state !== "closed" || (bracket.unplaced ?? []).length > 0 || execution.outlived === true)
    return null;
  const incomplete = answerProblem(observation) !== null || telemetryProblem(observation, bracket) !== null;
  const [root, ...others] = bracket.act;
  if (incomplete || root?.kind !== "exec") return null;
  // The kernel puts the interpreter of a gate that is a script in front of its arguments.
  const planned = actArguments(trial.act, trial.work);
  if (JSON.stringify(root.argv.slice(-planned.length)) !== JSON.stringify(planned)) return null;
  const started = others.map(({ kind, fields }) => (kind === "exec" ? String(fields["Image"] ?? "") : ""));
  const areHelpers = started.every((image) => denies.helpers.includes(image));
  return areHelpers && new Set(started).size === started.length ? root : null;
}

type Denies = NonNullable<Control["denies"]>;

/** Whether the act ended as it does when the gate refuses: with its exit code, its message and no other output. */
function saysSo(
  denies: Denies,
  trial: Trial,
  { exitCode, signal, stdout, stderr, truncated }: Execution,
): boolean {
  if (exitCode !== denies.exitCode || signal !== null || stdout !== "") return false;
  const message = messageFor(denies, trial);
  return message !== null && !truncated.stderr && stderr.trim() === message;
}

/** What the gate says when it refuses this act; null when the act could have made it say that by itself. */
function messageFor({ readsCode, message }: Denies, { act, work }: Trial): string | null {
  if (act.options.length > 0 || act.via === "stdin") return null;
  if (!readsCode) {
    return act.via === "file" ? message.replaceAll("{script}", actArguments(act, work).at(-1) ?? "") : null;
  }
  const command = act.via === "argument" ? plainCommand(act.code) : null;
  return command === null ? null : message.replaceAll("{command}", command);
}

/**
 * The name of the one command that code for a shell is, when it holds nothing that a shell acts on and the name is an absolute path, as no
 * builtin, function or keyword is; else null.
 */
function plainCommand(code: string): string | null {
  return /^(\/[\w./-]+)(?: [\w./:-]+)*\n?$/.exec(code)?.[1] ?? null;
}
