import { defineConfig } from "vitest/config";
import { skipReasons } from "../../skip-reasons.js";

/** Trials on Windows hosts that Wine plays: minutes, and only where wine is installed. `npm run test:wine`. */
export default defineConfig({
  test: {
    include: ["test/lab/windows/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["default", skipReasons],
  },
});
