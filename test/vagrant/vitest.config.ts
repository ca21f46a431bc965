import { defineConfig } from "vitest/config";
import { skipReasons } from "../skip-reasons.js";

/** A machine of the Vagrantfile, built and brought up for real: about ten minutes. `npm run test:vagrant`. */
export default defineConfig({
  test: {
    include: ["test/vagrant/**/*.test.ts"],
    testTimeout: 900_000,
    hookTimeout: 120_000,
    bail: 1,
    reporters: ["default", skipReasons],
  },
});
