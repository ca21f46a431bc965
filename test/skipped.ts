import type { TestOptions } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    skipReason?: string;
  }
}

/**
 * Options of a `test` or a `describe` that cannot run here for a reason, or can where it is null. `npm test` prints the reason
 * beside the name of each test that was skipped for it; what `skipIf` skips would give none. A test that finds out only while
 * it runs calls its context's `skip(reason)`, which is printed in the same way.
 */
export function skippedFor(reason: string | null): TestOptions {
  return reason === null ? {} : { skip: true, meta: { skipReason: reason } };
}

/** Why what needs a program cannot run here; null when it can. */
export function absent(program: string, isThere: boolean): string | null {
  return isThere ? null : `${program} is not installed`;
}
