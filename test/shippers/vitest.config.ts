import { defineConfig } from "vitest/config";
import { skipReasons } from "../skip-reasons.js";

/** Shippers as they are packaged, against `tyrian siem serve`: `npm run test:shippers`. One that is not there is skipped with the reason. */
export default defineConfig({
  test: {
    include: ["test/shippers/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["default", skipReasons],
  },
});
