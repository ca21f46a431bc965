import { createHash } from "node:crypto";
import { TyrianError } from "../errors.js";
import type { AcceptedMiss } from "../model/accepted-miss.js";
import type { Campaign } from "../model/campaign.js";
import type { Inventory } from "../model/inventory.js";
import type { Expectation, Playbook, Procedure } from "../model/playbook.js";
import type { Target } from "../model/target.js";
import type { Plan, Trial } from "../model/trial.js";
import { refusedEffects } from "../playbook/policy.js";
import { isForDevices, renderAction, twinAsProcedure, type Variant, variantsOf } from "../playbook/render.js";
import type { AnalyticSet } from "./analytics.js";
import { trialId, workFolder } from "./identity.js";
import { type Selection, selectProcedures, selectTargets, unknownNames } from "./selection.js";

export interface PlanRequest {
  readonly run: string;
  readonly playbooks: readonly Playbook[];
  readonly analytics: AnalyticSet;
  readonly inventory: Inventory;
  readonly selection: Selection;
  readonly siem: string;
  /** See `Plan.acceptedMisses`. */
  readonly acceptedMisses?: readonly AcceptedMiss[];
  /** See `Plan.labIdentity`; absent for a rehearsal that reaches no lab. */
  readonly labIdentity?: string;
}

/** The selected procedures that no selected target can run, because none has their platform; nothing of them is planned. */
export function unplacedProcedures({
  playbooks,
  inventory,
  selection,
}: Pick<PlanRequest, "playbooks" | "inventory" | "selection">): Procedure[] {
  const targets = selectTargets(inventory, selection);
  return selectProcedures(playbooks, selection)
    .map(({ procedure }) => procedure)
    .filter(
      (procedure) =>
        !targets.some((target) => variantsFor(procedure, variantsOf(procedure), target).length > 0),
    );
}

/** The variants of an action that a target can run: a network device reads the commands of its own kind only. */
function variantsFor(
  action: Procedure,
  variants: readonly Variant[],
  { platform, transport }: Target,
): readonly Variant[] {
  if (!action.platforms.includes(platform)) return [];
  if (transport.type !== "cli") return variants;
  return variants.filter(({ program }) => program === transport.profile);
}

/**
 * Every trial of a run, in the order in which each target will see them: a procedure's variants, each followed by its
 * twin's. Pure: the same request gives the same plan.
 *
 * @throws TyrianError `selection-empty` when a name selects nothing or nothing is left; `effect-refused` when a selected
 * procedure declares an effect that the lab's policy does not allow.
 */
export function buildPlan(request: PlanRequest): Plan {
  const { playbooks, inventory, selection } = request;
  const { campaign } = selection;
  const unknown = unknownNames(playbooks, inventory, selection);
  if (unknown.length > 0) throw unknownSelection(unknown, inventory);
  const targets = selectTargets(inventory, selection);
  const trials: Trial[] = [];
  const refused: string[] = [];
  const begun = new Set<string>();
  for (const { playbook, procedure } of selectProcedures(playbooks, selection)) {
    const twin = campaign === undefined ? twinAsProcedure(procedure) : null;
    for (const action of [procedure, twin]) {
      if (action === null) continue;
      const variants = variantsOf(action);
      const places = targets
        .map((target) => ({ target, own: variantsFor(action, variants, target) }))
        .filter(({ own }) => own.length > 0);
      if (places.length === 0) continue;
      const effects = refusedEffects(action, inventory.policy.allowEffects);
      if (effects.length > 0)
        refused.push(`${playbook.file}: procedure ${action.id} (${effects.join(", ")})`);
      const first = selection.variants === "first" || campaign !== undefined;
      for (const variant of variants) {
        for (const { target, own } of places) {
          const taken = first ? own.slice(0, 1) : own;
          if (!taken.includes(variant)) continue;
          const ordinal = trials.length + 1;
          const id = trialId(request.run, ordinal);
          const work = workFolder(id, target.platform);
          const { act, proof, cleanup, requires } = renderAction(action, placed(variant, target), work);
          trials.push({
            id,
            run: request.run,
            ordinal,
            playbook: playbook.id,
            procedure: procedure.id,
            guid: procedure.guid,
            technique: playbook.technique,
            name: action.name,
            twin: action !== procedure,
            ...placeOf(target),
            ...(campaign === undefined || !begun.has(target.name) ? {} : { pauseMs: pauseOf(campaign, id) }),
            variant,
            work,
            requires,
            act,
            effects: [...action.effects],
            proof,
            cleanup,
            expectations: expectationsOf(playbook, action, request.analytics, target),
          });
          begun.add(target.name);
        }
      }
    }
  }
  if (refused.length > 0) throw refusal(refused, inventory);
  if (trials.length === 0) {
    throw new TyrianError("selection-empty", "no selected procedure can run on a selected target", {
      hint: selectProcedures(playbooks, selection).every(({ procedure }) => isForDevices(procedure))
        ? "They are for network devices: `tyrian lab up --profile network` gives the embedded lab a router."
        : "`tyrian list` shows the procedures with their platforms; the inventory names the targets' platforms.",
    });
  }
  const used = new Set(
    trials.flatMap((trial) => trial.expectations.map((expectation) => expectation.analytic)),
  );
  const { pipelines } = request.analytics;
  const accepted = request.acceptedMisses?.filter(({ analytic }) => used.has(analytic)) ?? [];
  return {
    run: request.run,
    lab: inventory.name,
    ...(request.labIdentity === undefined ? {} : { labIdentity: request.labIdentity }),
    siem: request.siem,
    analytics: request.analytics.analytics.filter((analytic) => used.has(analytic.id)),
    ...(pipelines.length === 0 ? {} : { pipelines: [...pipelines] }),
    ...(accepted.length === 0 ? {} : { acceptedMisses: accepted }),
    trials,
  };
}

function unknownSelection(unknown: readonly string[], inventory: Inventory): TyrianError {
  const names = inventory.targets.map(({ name }) => name);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(" ")} and others` : names.join(" ");
  return new TyrianError("selection-empty", unknown.join("; "), {
    ...(unknown.every((sentence) => sentence.startsWith("no target "))
      ? { hint: `The targets of lab ${inventory.name}: ${shown}.` }
      : {}),
  });
}

function placeOf(
  target: Target,
): Pick<Trial, "target" | "platform" | "fidelity" | "controls" | "telemetryHost"> {
  return {
    target: target.name,
    platform: target.platform,
    fidelity: target.fidelity,
    controls: target.controls,
    telemetryHost: target.sensor.host ?? target.name,
  };
}

function expectationsOf(
  playbook: Playbook,
  action: Procedure,
  analytics: AnalyticSet,
  { controls }: Target,
): Expectation[] {
  return action.expect.map((expectation) => {
    const id = analytics.idOf(playbook, expectation.analytic);
    if (id === null)
      throw new TyrianError(
        "analytic-invalid",
        `${playbook.file}: ${expectation.analytic} has no usable rule`,
      );
    const { preventedBy, ...always } = expectation;
    return preventedBy !== undefined && controls.some((control) => control.id === preventedBy.control)
      ? { ...expectation, analytic: id, execution: "prevented", outcome: preventedBy.outcome }
      : { ...always, analytic: id };
  });
}

/** Milliseconds before a step of a campaign: somewhere within its pace, the same whenever the plan is made again. */
function pauseOf({ pace }: Campaign, trial: string): number {
  const share = createHash("sha256").update(trial).digest().readUInt32BE() / 0xffffffff;
  return Math.round((pace.least + share * (pace.most - pace.least)) * 1000);
}

/** The variant with the interpreter's path, where the inventory tells it. */
function placed(variant: Variant, { interpreters }: Target): Variant {
  const program = String(variant["program"]);
  const path = Object.hasOwn(interpreters, program) ? interpreters[program] : undefined;
  return path === undefined ? variant : { ...variant, program: path };
}

/** One error for all that the lab refuses, so that its policy can be decided in one go. */
function refusal(refused: readonly string[], inventory: Inventory): TyrianError {
  const names = [...new Set(refused)];
  const more = names.length > 5 ? `; and ${names.length - 5} more` : "";
  return new TyrianError(
    "effect-refused",
    `the policy of lab ${inventory.name} does not allow what these do: ${names.slice(0, 5).join("; ")}${more}`,
  );
}
