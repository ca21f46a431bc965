import type { Campaign } from "../model/campaign.js";
import type { Inventory } from "../model/inventory.js";
import type { Playbook, Procedure } from "../model/playbook.js";
import type { Target } from "../model/target.js";
import { referenceOf } from "../playbook/campaigns.js";
import { nearest } from "../playbook/suggest.js";

/** What of the catalogue and of the lab a run takes. Absent means all. */
export interface Selection {
  readonly techniques?: readonly string[];
  /** Procedure ids. */
  readonly procedures?: readonly string[];
  readonly tags?: readonly string[];
  readonly targets?: readonly string[];
  /** `first`: one variant of each procedure; `all` (default): every one. */
  readonly variants?: "first" | "all";
  /** Its steps, in its order and at its pace, each in its first variant and without its twin. */
  readonly campaign?: Campaign | undefined;
}

/** `T1059` selects its sub-techniques too. */
function isOfTechnique(technique: string, wanted: string): boolean {
  return technique === wanted || technique.startsWith(`${wanted}.`);
}

function among<T>(wanted: readonly T[] | undefined, test: (value: T) => boolean): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.some(test);
}

export function selectProcedures(
  playbooks: readonly Playbook[],
  selection: Selection,
): { playbook: Playbook; procedure: Procedure }[] {
  const all = playbooks.flatMap((playbook) =>
    playbook.procedures.map((procedure) => ({ playbook, procedure })),
  );
  const steps = selection.campaign?.steps.flatMap((step) =>
    all.filter(({ playbook, procedure }) => referenceOf(playbook, procedure) === step.procedure),
  );
  return (steps ?? all)
    .filter(({ playbook }) =>
      among(selection.techniques, (technique) => isOfTechnique(playbook.technique, technique)),
    )
    .filter(({ procedure }) => among(selection.procedures, (id) => procedure.id === id))
    .filter(({ procedure }) => among(selection.tags, (tag) => procedure.tags.includes(tag)));
}

/** Targets by name or, with a leading `@`, by tag. */
export function selectTargets(inventory: Inventory, selection: Selection): Target[] {
  return inventory.targets.filter((target) =>
    among(selection.targets, (name) =>
      name.startsWith("@") ? target.tags.includes(name.slice(1)) : target.name === name,
    ),
  );
}

/** Names in the selection that select nothing, as sentences; a misspelt name must not pass as an empty selection. */
export function unknownNames(
  playbooks: readonly Playbook[],
  inventory: Inventory,
  selection: Selection,
): string[] {
  const procedures = playbooks.flatMap((playbook) => playbook.procedures);
  const missing = (
    kind: string,
    wanted: readonly string[] | undefined,
    exists: (name: string) => boolean,
    names: readonly string[],
  ): string[] =>
    (wanted ?? [])
      .filter((name) => !exists(name))
      .map((name) => {
        const near = nearest(name, names);
        return `no ${kind} ${name}${near === null ? "" : ` (did you mean ${near}?)`}`;
      });
  return [
    ...missing(
      "playbook of technique",
      selection.techniques,
      (name) => playbooks.some((playbook) => isOfTechnique(playbook.technique, name)),
      playbooks.map(({ technique }) => technique),
    ),
    ...missing(
      "procedure",
      selection.procedures,
      (name) => procedures.some((procedure) => procedure.id === name),
      procedures.map(({ id }) => id),
    ),
    ...missing(
      "procedure with tag",
      selection.tags,
      (name) => procedures.some((procedure) => procedure.tags.includes(name)),
      procedures.flatMap(({ tags }) => tags),
    ),
    ...missing(
      "target",
      selection.targets,
      (name) => selectTargets(inventory, { targets: [name] }).length > 0,
      inventory.targets.flatMap(({ name, tags }) => [name, ...tags.map((tag) => `@${tag}`)]),
    ),
  ];
}
