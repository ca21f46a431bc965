import { defineConfig } from "vitest/config";
import { skipReasons } from "../skip-reasons.js";

/** Third-party peers: `npm run test:peers`. What cannot be installed is skipped with the reason. */
export default defineConfig({
  test: {
    include: ["test/peers/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 660_000,
    reporters: ["default", skipReasons],
  },
});
