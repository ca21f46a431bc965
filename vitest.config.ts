import { defineConfig } from "vitest/config";

/** Kernel audit and network namespaces are the machine's: tests on real hosts run one file at a time, after the others. */
const onRealHosts = ["test/lab/**/*.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: onRealHosts,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "lab", include: onRealHosts, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
