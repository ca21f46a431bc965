import { defineConfig } from "vitest/config";
import { skipReasons } from "../../skip-reasons.js";

/** Hosts of the embedded lab that take minutes: a real Keystone, the agent for Linux. `npm run test:lab-slow`. */
export default defineConfig({
  test: {
    include: ["test/lab/slow/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["default", skipReasons],
  },
});
