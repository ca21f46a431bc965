import type { HostEvent } from "../model/event.js";
import type { Execution } from "../model/execution.js";
import type { Observation } from "../model/observation.js";
import type { Control } from "../model/target.js";
import type { Trial } from "../model/trial.js";
import { bracketOf } from "./bracket.js";
import { circumstancesOf } from "./witness.js";

/**
 * `failed` becomes `prevented` when the audit trail shows that a declared control of the target refused an exec of this
 * very act. Without such a record it stays `failed`: a refusal that nobody declared is not a mitigation that works.
 * Returns the same object when nothing changes. Pure.
 */
export function refineExecution(trial: Trial, execution: Execution, observation: Observation): Execution {
  if (execution.status !== "failed" || execution.reason?.code !== "proof-not-met") return execution;
  const bracket = bracketOf(trial, observation.events, circumstancesOf(execution, observation));
  // What a bracket with one sentinel calls the act's is surely the act's.
  if (!("act" in bracket)) return execution;
  for (const event of bracket.act) {
    const control = trial.controls.find((candidate) => refuses(candidate, event));
    if (control === undefined) continue;
    const message = `the control ${control.id} refused ${pathTried(event)} (${event.error}), audit event ${event.id}`;
    return { ...execution, status: "prevented", reason: { code: "control-refused", message } };
  }
  return execution;
}

function refuses(control: Control, event: HostEvent): boolean {
  if (event.kind !== "exec-refused" || (event.error !== "EACCES" && event.error !== "EPERM")) return false;
  const path = pathTried(event);
  return (
    control.refuses.errors.includes(event.error) &&
    control.refuses.paths.some(
      (prefix) => path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`),
    )
  );
}

/** The path that the refused exec named, made absolute by the sensor's parser. */
function pathTried(event: HostEvent): string {
  return String(event.fields["TargetFilename"] ?? "");
}
