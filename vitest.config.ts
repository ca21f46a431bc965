import { defineConfig } from "vitest/config";

/** Kernel audit and network namespaces are the machine's: tests on real hosts run one file at a time, after the others. */
const onRealHosts = ["test/lab/**/*.test.ts"];

/** Tests that leave nothing behind in their process, so that files may follow one another in it: loading modules is most of their cost. */
const withinModules = [
  ...[
    "agents",
    "attack",
    "cli",
    "detection",
    "docs",
    "engine",
    "journal",
    "plan",
    "playbook",
    "playbooks",
    "report",
  ],
  ...["siem", "simulator", "telemetry", "transport", "winrm-server"],
].map((folder) => `test/${folder}/**/*.test.ts`);

/**
 * Peers are installed from other registries (`npm run test:peers`), real SIEMs are built (`test:siem-real`), shippers are packages
 * (`test:shippers`), Wine takes its time (`test:wine`), and so do
 * virtual machines (`test:vagrant`).
 */
const ofTheirOwn = ["peers", "siem-real", "shippers", "lab/windows", "lab/slow", "vagrant"].map(
  (folder) => `test/${folder}/**`,
);

/** Twice as many as there are cores on a small machine: many tests mostly wait. */
const MOST_WORKERS = 4;

export default defineConfig({
  test: {
    // They end what hangs; none of them says how fast a test has to be on a loaded machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    pool: "forks",
    maxWorkers: MOST_WORKERS,
    setupFiles: ["test/property-seed.ts"],
    projects: [
      {
        extends: true,
        test: { name: "modules", include: withinModules, isolate: false, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: ["test/**/*.test.ts"],
          exclude: [...withinModules, ...onRealHosts, ...ofTheirOwn],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "lab",
          include: onRealHosts,
          exclude: ofTheirOwn,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
