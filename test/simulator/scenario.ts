import type { Control } from "../../src/model/target.js";
import type { Deployment } from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

/** A process of the act, or of somebody else. */
export interface Leaf {
  readonly argv: readonly string[];
  /** It left its lineage (setsid and a double fork): its parent is process 1. */
  readonly detached?: boolean;
  /** The trial's id is its last argument. */
  readonly marked?: boolean;
  /** It is started with the very arguments of the act's first process, whatever `argv` says. */
  readonly again?: boolean;
  /** Recorded by the host's second channel, another log source without sentinels. */
  readonly secondChannel?: boolean;
  /** The kernel refused this path instead. */
  readonly refused?: string;
}

/** Somebody else, at the time of the trial. */
export interface Companion {
  /** `same-session`: an earlier trial of our own connection, whose process is still there. */
  readonly who: "other-user" | "other-host" | "other-run" | "same-session";
  readonly leaf: Leaf;
}

export type Loss = "all" | "act" | "begin" | "end" | "root" | "head";

/** What one trial of a scenario does. */
export interface ActPlan {
  readonly twin?: boolean;
  readonly leaves: readonly Leaf[];
  readonly requirement?: readonly string[];
  /** The requirement is started by a process with the very arguments of the act's first process. */
  readonly requirementLikeAct?: boolean;
  /** Records of the host's second channel during the act. */
  readonly beside?: number;
  readonly proof?: readonly string[];
  readonly cleanup?: readonly string[];
  /** The wrapper looks around at least so often before the end sentinel. */
  readonly looks?: number;
  readonly controls?: readonly Control[];
  /** The act had no effect: its proof is not met. */
  readonly failed?: boolean;
  readonly companions?: readonly Companion[];
  /** Everything that the trial does arrives so much later. */
  readonly slowBy?: number;
  /** What of the trial is lost on the way; `root` is the act's first process, `head` all up to its second one. */
  readonly lost?: Loss;
  /** The last leaf ran on after the end sentinel. */
  readonly outlived?: boolean;
}

/**
 * `ordinary` is what a run meets (README.md); `undecidable` is what the SIEM's evidence cannot decide by construction, and
 * `forced` loses chosen records.
 */
export type Group = "ordinary" | "undecidable" | "forced";

export interface Words {
  /** A command that the scenario's analytic matches, one that it nearly matches, and one that only `other` matches. */
  hit(): string[];
  near(): string[];
  other(): string[];
  known(): string[];
  /** One that only the deployed form of its rule matches, where that is wider than the text. */
  wide(): string[];
}

export interface Scenario {
  readonly name: string;
  /** Its share within its group. */
  readonly weight: number;
  readonly group: Group;
  /** Why the SIEM's evidence cannot decide it by construction, with nothing lost; of the group `undecidable` only. */
  readonly why: string | null;
  readonly logsource?: string;
  /** What its analytic looks for, instead of its own command. */
  readonly selection?: string;
  /** Matches by others on each host, in an hour. */
  readonly noise?: number;
  readonly deploy?: (random: Random, settings: Settings) => Partial<Deployment>;
  readonly count?: number;
  readonly plan: (words: Words, random: Random, settings: Settings) => ActPlan;
}
