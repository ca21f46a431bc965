import type { Control } from "../../src/model/target.js";
import type { Deployment } from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

/** A process of the act, or of somebody else. */
export interface Leaf {
  readonly argv: readonly string[];
  /** It left its lineage (setsid and a double fork): its parent is process 1. */
  readonly detached?: boolean;
  /** Recorded by the host's second channel, another log source without sentinels. */
  readonly secondChannel?: boolean;
  /** The kernel refused this path instead. */
  readonly refused?: string;
}

/** Somebody else, at the time of the trial. */
export interface Companion {
  readonly who: "other-user" | "other-host" | "other-run";
  readonly leaf: Leaf;
}

/** What one trial of a scenario does. */
export interface ActPlan {
  readonly twin?: boolean;
  readonly leaves: readonly Leaf[];
  readonly requirement?: readonly string[];
  readonly proof?: readonly string[];
  readonly cleanup?: readonly string[];
  readonly housekeeping?: readonly string[];
  readonly controls?: readonly Control[];
  /** The act had no effect: its proof is not met. */
  readonly failed?: boolean;
  readonly companions?: readonly Companion[];
  /** Everything that the trial does arrives so much later. */
  readonly slowBy?: number;
  /** What of the trial is lost on the way. */
  readonly lost?: "all" | "act" | "begin" | "end";
  /** The last leaf ran on after the end sentinel. */
  readonly outlived?: boolean;
}

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
  /** Its share at ordinary settings. */
  readonly weight: number;
  /** Played more often where the settings say so. */
  readonly rare: boolean;
  readonly logsource?: string;
  /** What its analytic looks for, instead of its own command. */
  readonly selection?: string;
  /** Matches by others on each host, in an hour. */
  readonly noise?: number;
  readonly deploy?: (random: Random, settings: Settings) => Partial<Deployment>;
  readonly count?: number;
  readonly plan: (words: Words, random: Random, settings: Settings) => ActPlan;
}
