import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

/** Prints why a test was skipped: see `skippedFor` in test/skipped.ts. */
const skipReasons: Reporter = {
  onTestCaseResult(test) {
    const { skipReason } = test.meta();
    if (skipReason !== undefined) console.log(`skipped: ${test.fullName}: ${skipReason}`);
  },
};

/** Third-party peers: `npm run test:peers`. What cannot be installed is skipped with the reason. */
export default defineConfig({
  test: {
    include: ["test/peers/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 660_000,
    reporters: ["default", skipReasons],
  },
});
