import type { Reporter } from "vitest/node";

/** Prints why a test was skipped, in suites that have a command of their own: see `skippedFor` in skipped.ts. */
export const skipReasons: Reporter = {
  onTestCaseResult(test) {
    const { skipReason } = test.meta();
    if (skipReason !== undefined) console.log(`skipped: ${test.fullName}: ${skipReason}`);
  },
};
