import type { Trial } from "../model/trial.js";
import { linuxLooking } from "./left-running.js";
import { macosLooking } from "./macos-left-running.js";

/**
 * How the scripts of a platform look for what an act left running. All but `sentinelProgram` and `kept` are pieces of POSIX sh.
 *
 * The wrapper's functions: `prepare_looking` before the act, `read_clock` (whole seconds in `clock`, 0 where there is none), and
 * `look_around`, which is true when it has missed nothing, and fills `left` with `number:start` of what runs of the act. `searches`
 * counts the programs that were executed for it. In a sweep `look_around` fills `left` with numbers of processes that are shown to
 * be the trial's.
 */
export interface Looking {
  /** The harmless program that is executed as a sentinel. */
  readonly sentinelProgram: string;
  wrapper(trial: Trial): string;
  /** What marks the act's first process and all that it starts, before it becomes the procedure's program. */
  mark(trial: Trial): string;
  sweep(trial: Trial): string;
  /** `is_stray NUMBER:START`: that very process is still there. `is_own`: and it is shown to be the trial's; its number is `pid`. */
  readonly strays: (trial: Trial) => string;
  /** What a stray looks like; anything else is not given to a shell. */
  readonly strayWord: RegExp;
  /** A file beside the work folder by which the trial's processes are known; null where none is kept. */
  kept(trial: Trial): string | null;
}

export function lookingOf({ platform }: Pick<Trial, "platform">): Looking {
  return platform === "macos" ? macosLooking : linuxLooking;
}
