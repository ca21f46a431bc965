import { spawnSync } from "node:child_process";
import type { TestOptions } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    skipReason?: string;
  }
}

/**
 * Options of a `describe` whose tests and hooks cannot run here for a reason, or can where it is null. `npm test` prints it as
 * `skipped: NAME: REASON`; what `skipIf` skips would give none. A single test calls its context's `skip(when, reason)` instead,
 * which is printed in the same way.
 */
export function skippedFor(reason: string | null): TestOptions {
  return reason === null ? {} : { skip: true, meta: { skipReason: reason } };
}

/** Why what needs strace cannot run here; null when it can. */
export const noStrace: string | null =
  spawnSync("strace", ["-V"]).status === 0 ? null : "strace is not installed (apt-get install strace)";
