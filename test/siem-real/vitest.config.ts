import { defineConfig } from "vitest/config";
import { skipReasons } from "../skip-reasons.js";

/** Connectors before real servers, which are built here: `npm run test:siem-real`. What cannot be had is skipped with what stopped it. */
export default defineConfig({
  test: {
    include: ["test/siem-real/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    reporters: ["default", skipReasons],
  },
});
