import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Expectation } from "../model/playbook.js";
import type { Control } from "../model/target.js";
import type { Trial } from "../model/trial.js";
import { bracketOf } from "./bracket.js";
import type { KnownBracket } from "./bracket-model.js";
import { gateDenied } from "./gate.js";
import { circumstancesOf, notShipped, telemetryProblem } from "./witness.js";

/**
 * `failed` becomes `prevented` when a declared control of the target is proved to have stopped this very act: the audit trail shows that
 * it refused an exec, after which nothing of the act started, or that a gate refused and nothing else was there. Without such a proof it
 * stays `failed`: a refusal that nobody declared is not a mitigation that works. Returns the same object when nothing changes. Pure.
 */
export function refineExecution(trial: Trial, execution: Execution, observation: Observation): Execution {
  if (execution.status !== "failed" || execution.reason?.code !== "proof-not-met") return execution;
  const missing = notShipped(observation);
  const events = [...observation.events, ...missing];
  const bracket = bracketOf(trial, events, circumstancesOf(execution, observation));
  if (!("act" in bracket)) return execution;
  const lost = new Set(missing.map(({ id }) => id));
  // Something that is not here may have started after the refusal.
  const unpassedBy = telemetryProblem(observation, bracket) === null ? unpassed(bracket) : [];
  for (const event of unpassedBy) {
    const control = lost.has(event.id)
      ? undefined
      : trial.controls.find((candidate) => refuses(candidate, event));
    if (control === undefined) continue;
    const message = `the control ${control.id} refused ${pathTried(event)} (${event.error}), audit event ${event.id}`;
    return prevented(execution, control, message);
  }
  for (const control of trial.controls) {
    const root = gateDenied(control, { trial, execution, observation, bracket });
    if (root === null) continue;
    const message = `the control ${control.id} said that it refused, and nothing but its gate ran, audit event ${root.id}`;
    return prevented(execution, control, message);
  }
  return execution;
}

/**
 * The act's events after which nothing that is or may be the act's started any more: an act that went on was not stopped there, whatever
 * it failed of.
 */
function unpassed({ act, unplaced = [] }: KnownBracket): readonly HostEvent[] {
  const started = [...act, ...unplaced].filter(({ kind }) => kind === "exec");
  const last = Math.max(...started.map(({ sequence }) => sequence));
  return act.filter(({ sequence }) => sequence > last);
}

/** Whether the act ended as the expectation wants it; a prevention that it wants of one control is not met by another's. */
export function isExpected(
  { status, control }: Execution,
  { execution, preventedBy }: Pick<Expectation, "execution" | "preventedBy">,
): boolean {
  return status === execution && (preventedBy === undefined || control === preventedBy.control);
}

function prevented(execution: Execution, { id }: Control, message: string): Execution {
  return { ...execution, status: "prevented", control: id, reason: { code: "control-refused", message } };
}

function refuses({ refuses: own }: Control, event: HostEvent): boolean {
  if (own === undefined || event.kind !== "exec-refused") return false;
  if (event.error !== "EACCES" && event.error !== "EPERM") return false;
  const path = pathTried(event);
  return (
    own.errors.includes(event.error) &&
    own.paths.some(
      (prefix) => path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`),
    )
  );
}

/** The path that the refused exec named, made absolute by the sensor's parser. */
function pathTried(event: HostEvent): string {
  return String(event.fields["TargetFilename"] ?? "");
}
