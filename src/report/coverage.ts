import { addressOf, type AttackAnalytic, attackAnalytics, techniques } from "../attack/t1059.js";
import type { RunState, TrialRecord } from "../journal/fold.js";
import type { Playbook } from "../model/playbook.js";
import type { Fidelity, Platform } from "../model/target.js";
import type { PlanAnalytic } from "../model/trial.js";

/** What a cell of the matrix rests on, the strongest first. */
export type Proof = "native" | "wine" | "simulated" | "constructed" | "nothing";

/** One analytic of ATT&CK on one platform; where a technique's platform has none, that platform. */
export interface CoverageRow {
  readonly technique: string;
  readonly name: string;
  /** ATT&CK's name of the platform. */
  readonly platform: string;
  /** ATT&CK's analytic; null where it has none for the platform. */
  readonly analytic: string | null;
  readonly proof: Proof;
  /** Procedures of the shelf for the platform whose analytics are about it, and which of them a run has proved. */
  readonly procedures: readonly string[];
  readonly proved: readonly string[];
  /** Runs that prove it. */
  readonly runs: readonly string[];
  /** The machine without which no more can be proved; null where nothing is needed. */
  readonly needs: string | null;
}

/** What is on the shelf: playbooks, and the analytics that they name, as `idOf` finds them. */
export interface CoverageShelf {
  readonly playbooks: readonly Playbook[];
  readonly analytics: readonly PlanAnalytic[];
  /** The texts of all rules, also of those that no playbook names. */
  readonly rules: readonly string[];
  idOf(playbook: Playbook, analytic: string): string | null;
}

/** Our targets that are such a platform. None of ours is a directory, an office suite or a rented program: a cloud that is not one proves nothing of them. */
const ours: Readonly<Record<string, Platform>> = {
  Containers: "linux",
  ESXi: "hypervisor",
  IaaS: "cloud",
  Linux: "linux",
  macOS: "macos",
  "Network Devices": "network",
  Windows: "windows",
};

const machines: Readonly<Record<string, string>> = {
  Containers: "a Linux host where podman or docker runs",
  ESXi: "an ESXi host",
  IaaS: "a cloud account for the lab",
  "Identity Provider": "a directory for the lab, such as Entra ID",
  Linux: "a Linux host",
  macOS: "a Mac",
  "Network Devices": "a device of that vendor",
  "Office Suite": "a tenant for the lab, such as Microsoft 365",
  SaaS: "a tenant for the lab",
  Windows: "a Windows host",
};

const order: readonly Proof[] = ["native", "wine", "simulated", "constructed", "nothing"];

/** A verdict that proves that a procedure was seen by an analytic. */
interface Evidence {
  readonly run: string;
  readonly technique: string;
  readonly platform: Platform;
  readonly fidelity: Fidelity;
  readonly procedure: string;
  readonly analytic: PlanAnalytic;
}

/**
 * The matrix of techniques, platforms and ATT&CK's analytics, each cell with what it rests on: runs that are shown here, or else the
 * constructed events to which the tests hold every shipped rule.
 */
export function coverageOf(shelf: CoverageShelf, runs: readonly RunState[]): CoverageRow[] {
  const evidence = runs.flatMap(evidenceOf);
  return techniques.flatMap((technique) =>
    technique.platforms.flatMap((platform) => {
      const known = attackAnalytics.filter(
        (one) => one.technique === technique.id && one.platforms.includes(platform),
      );
      const cells: readonly (AttackAnalytic | null)[] = known.length > 0 ? known : [null];
      return cells.map((cell) => rowOf({ ...technique, platform, cell }, shelf, evidence));
    }),
  );
}

interface Place {
  readonly id: string;
  readonly name: string;
  readonly platform: string;
  readonly cell: AttackAnalytic | null;
}

function rowOf(place: Place, shelf: CoverageShelf, evidence: readonly Evidence[]): CoverageRow {
  const { id: technique, name, platform, cell } = place;
  const isAbout = ({ text }: PlanAnalytic): boolean => cell === null || text.includes(addressOf(cell));
  const about = new Set(shelf.analytics.filter(isAbout).map(({ id }) => id));
  const procedures = shelf.playbooks
    .filter((playbook) => playbook.technique === technique)
    .flatMap((playbook) =>
      playbook.procedures
        .filter(({ platforms, expect }) => {
          const named = expect.map(({ analytic }) => shelf.idOf(playbook, analytic) ?? "");
          return platforms.some((one) => one === ours[platform]) && named.some((id) => about.has(id));
        })
        .map((procedure) => `${playbook.id}/${procedure.id}`),
    );
  const seen = evidence.filter(
    (one) => one.technique === technique && one.platform === ours[platform] && isAbout(one.analytic),
  );
  const strongest = order.find((proof) => seen.some(({ fidelity }) => fidelity === proof));
  const proof =
    strongest ??
    (procedures.length > 0 || (cell !== null && shelf.rules.some((text) => text.includes(addressOf(cell))))
      ? "constructed"
      : "nothing");
  const proving = seen.filter(({ fidelity }) => fidelity === proof);
  return {
    technique,
    name,
    platform,
    analytic: cell?.id ?? null,
    proof,
    procedures,
    proved: [...new Set(proving.map(({ procedure }) => procedure))].sort(),
    runs: [...new Set(proving.map(({ run }) => run))].sort(),
    needs: proof === "native" ? null : (machines[platform] ?? null),
  };
}

/**
 * The verdicts of a run that prove an analytic: a procedure was detected, and nothing in the run speaks against it, be it another
 * variant, another target or its twin.
 */
function evidenceOf(run: RunState): Evidence[] {
  const analytics = new Map(run.plan?.analytics.map((analytic) => [analytic.id, analytic]));
  const keyOf = ({ trial }: TrialRecord, analytic: string): string =>
    [trial.playbook, trial.procedure, trial.platform, trial.fidelity, analytic].join(" ");
  const contradicted = new Set(
    run.trials.flatMap((record) =>
      record.verdicts
        .filter(({ met, outcome }) => !met && outcome !== "undecided" && outcome !== "pending")
        .map(({ analytic }) => keyOf(record, analytic)),
    ),
  );
  return run.trials.flatMap((record) =>
    record.verdicts.flatMap(({ analytic: id, outcome, met }): Evidence[] => {
      const analytic = analytics.get(id);
      if (record.trial.twin || outcome !== "detected" || !met || analytic === undefined) return [];
      if (contradicted.has(keyOf(record, id))) return [];
      const { technique, platform, fidelity, playbook, procedure } = record.trial;
      return [
        { run: run.id, technique, platform, fidelity, procedure: `${playbook}/${procedure}`, analytic },
      ];
    }),
  );
}
