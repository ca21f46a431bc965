import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { actOnTarget } from "../../src/engine/trial.js";
import { TyrianError } from "../../src/errors.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import { freshFolder, here, never, processesOf, shellTrial, tidy, workbench } from "./workbench.js";

/** One trial's life on a real shell: prepared, armed, executed, checked, cleaned. */

afterEach(tidy);

const whole = ["trial-prepared", "trial-armed", "trial-executed", "trial-checked", "trial-cleaned"];
/** Of a trial that began nothing on its target. */
const nothing = ["trial-prepared", "trial-checked", "trial-cleaned"];

function entryOf<T extends JournalEntry["type"]>(entries: readonly JournalEntry[], type: T) {
  return entries.find((entry): entry is Extract<JournalEntry, { type: T }> => entry.type === type);
}

describe("a trial that goes well", () => {
  test("is journalled state by state, answers with what it did, and leaves nothing behind", async () => {
    const bench = workbench({ lostRecords: (host) => Promise.resolve(host === "h1" ? 7 : null) });
    const trial = shellTrial("touch made; setsid sleep 0.2 >/dev/null 2>&1 & echo done");
    const acted = await actOnTarget(trial, here, bench.ports, never);
    expect(bench.types()).toEqual(whole);
    expect(bench.entries.every((entry) => "trial" in entry && entry.trial === trial.id)).toBe(true);
    expect(acted).toMatchObject({
      ...{ trial, lostBefore: 7, cleanup: { status: "clean", attempts: 1 } },
      execution: { status: "ran", proof: { met: true } },
    });
    // As it ended, and then once more with its proof.
    expect(entryOf(bench.entries, "trial-executed")?.execution).toEqual({ ...acted.execution, proof: null });
    expect(entryOf(bench.entries, "trial-checked")?.execution).toEqual(acted.execution);
    expect(entryOf(bench.entries, "trial-cleaned")?.cleanup).toEqual(acted.cleanup);
    expect(existsSync(trial.work)).toBe(false);
    expect(processesOf(trial)).toEqual([]);
    expect(await bench.ports.withheld.markOf(here.name)).toBeNull();
  });

  test("is marked and journalled as armed before its act begins, however long the disk takes", async () => {
    const folder = freshFolder();
    const bench = workbench();
    const written = join(folder, "armed");
    const slow: typeof bench.ports = {
      ...bench.ports,
      journal: async (entry, options) => {
        if (entry.type === "trial-armed") {
          expect(options.barrier).toBe(true);
          await sleep(300);
          writeFileSync(written, "");
        }
        return await bench.ports.journal(entry, options);
      },
    };
    // The procedure itself is the witness.
    const mark = join(bench.folder, "withheld", "lab.here.json");
    const trial = shellTrial(`[ -e ${written} ] && cat ${mark} && echo done`);
    const { execution } = await actOnTarget(trial, here, slow, never);
    expect(execution.status).toBe("ran");
    expect(JSON.parse(execution.stdout.replace("done\n", ""))).toMatchObject({
      ...{ trial: trial.id, run: trial.run, folder: bench.ports.runFolder },
    });
  });
});

test("a trial whose act fails is cleaned like any other", async () => {
  const bench = workbench();
  const trial = shellTrial("touch made; exit 3");
  const acted = await actOnTarget(trial, here, bench.ports, never);
  expect([acted.execution.status, acted.cleanup.status]).toEqual(["failed", "clean"]);
  expect(bench.types()).toEqual(whole);
  expect(await bench.ports.withheld.markOf(here.name)).toBeNull();
});

test("a trial whose cleanup is not proved withholds its target, and the next trial does not begin", async () => {
  const bench = workbench();
  const witness = join(bench.folder, "begun");
  const trial = shellTrial("echo done", { cleanup: { run: "true", probe: "exit 1" } });
  const acted = await actOnTarget(trial, here, bench.ports, never);
  expect([acted.execution.status, acted.cleanup.status]).toEqual(["ran", "dirty"]);
  expect(await bench.ports.withheld.markOf(here.name)).toMatchObject({ trial: trial.id });

  const next = workbench({ withheld: bench.ports.withheld });
  const refused = await actOnTarget(shellTrial(`touch ${witness}; echo done`), here, next.ports, never);
  expect(refused.execution).toMatchObject({
    status: "not-run",
    reason: { code: "target-dirty", message: expect.stringContaining(`tyrian cleanup ${trial.run}`) },
  });
  expect(refused.cleanup).toMatchObject({ status: "clean", attempts: 0 });
  expect(next.types()).toEqual(nothing);
  expect(existsSync(witness)).toBe(false);
  // The mark is still the first trial's.
  expect(await bench.ports.withheld.markOf(here.name)).toMatchObject({ trial: trial.id });
});

describe("a trial does not begin", () => {
  async function refused(bench: ReturnType<typeof workbench>, signal = never) {
    const witness = join(bench.folder, "begun");
    const trial = shellTrial(`touch ${witness}; echo done`);
    const acted = await actOnTarget(trial, here, bench.ports, signal);
    expect(bench.types()).toEqual(nothing);
    expect([existsSync(witness), acted.cleanup.status, acted.lostBefore]).toEqual([false, "clean", null]);
    expect(acted.execution).toMatchObject({ status: "not-run", startedAt: null });
    return acted.execution.reason;
  }

  test("on a target whose mark cannot be read", async () => {
    const bench = workbench();
    await bench.ports.withheld.mark(here.name, { trial: "t", run: "r", folder: "/", armedAt: "" });
    writeFileSync(join(bench.folder, "withheld", "lab.here.json"), "{");
    expect(await refused(bench)).toMatchObject({
      code: "target-dirty",
      message: expect.stringContaining("cannot be read"),
    });
  });

  test.each([
    ["the host did not prove that it belongs to the lab", "lab-token-missing"],
    ["it cannot be reached", "connect-failed"],
    ["its address is out of scope", "target-out-of-scope"],
  ] as const)("on a target that is not given out: %s", async (message, code) => {
    const bench = workbench({ acquire: () => Promise.reject(new TyrianError(code, message)) });
    expect(await refused(bench)).toEqual({ code, message });
    expect(await bench.ports.withheld.markOf(here.name)).toBeNull();
  });

  test("on a target whose connection fails for a reason without a code", async () => {
    const bench = workbench({ acquire: () => Promise.reject(new Error("boom")) });
    expect(await refused(bench)).toEqual({ code: "connect-failed", message: "boom" });
  });

  test("when the run was interrupted before", async () => {
    let asked = 0;
    const bench = workbench({
      acquire: () => {
        asked += 1;
        return Promise.reject(new Error("boom"));
      },
    });
    expect(await refused(bench, AbortSignal.abort())).toEqual({
      code: "interrupted",
      message: "the trial did not begin: the run was interrupted",
    });
    expect(asked).toBe(0);
  });

  test("when the run is interrupted while it connects", async () => {
    const stop = new AbortController();
    const bench = workbench({
      acquire: (_target, { signal, deadlineMs }) => {
        expect(deadlineMs).toBeGreaterThan(0);
        return new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          stop.abort(new Error("the Redis was lost"));
        });
      },
    });
    expect(await refused(bench, stop.signal)).toEqual({
      code: "interrupted",
      message: "the trial did not begin: the Redis was lost",
    });
  });
});

test("a trial that is interrupted when it was just armed does not act, and its cleanup is done all the same", async () => {
  const stop = new AbortController();
  const cleaned = join(freshFolder(), "cleaned");
  const bench = workbench({}, ({ type }) => {
    if (type === "trial-armed") stop.abort(new Error("the Redis was lost"));
  });
  const trial = shellTrial(`touch ${bench.folder}/begun; echo done`, {
    cleanup: { run: `echo x >> ${cleaned}`, probe: "true" },
  });
  const acted = await actOnTarget(trial, here, bench.ports, stop.signal);
  expect(acted.execution).toMatchObject({
    status: "not-run",
    reason: { code: "interrupted", message: "the act did not begin: the Redis was lost" },
  });
  expect(acted.cleanup).toMatchObject({ status: "clean", attempts: 1 });
  expect([existsSync(join(bench.folder, "begun")), readFileSync(cleaned, "utf8")]).toEqual([false, "x\n"]);
  expect(bench.types()).toEqual(whole);
  expect(await bench.ports.withheld.markOf(here.name)).toBeNull();
});

test("a trial that is interrupted in its act is ended, checked and cleaned", async () => {
  const stop = new AbortController();
  const bench = workbench();
  const trial = shellTrial("touch made; sleep 60; echo done");
  const acting = actOnTarget(trial, here, bench.ports, stop.signal);
  await expect.poll(() => existsSync(join(trial.work, "made")), { timeout: 20_000 }).toBe(true);
  stop.abort();
  const { execution, cleanup } = await acting;
  expect(execution).toMatchObject({ status: "failed", reason: { code: "interrupted" } });
  expect([cleanup.status, existsSync(trial.work), processesOf(trial)]).toEqual(["clean", false, []]);
  expect(bench.types()).toEqual(whole);
});

test("after an act that something outlived the connection is not used again: a later act has a login session of its own", async () => {
  const renewed: string[] = [];
  const bench = workbench({ renew: ({ name }) => Promise.resolve(void renewed.push(name)) });
  const lasting = shellTrial("sleep 60 >/dev/null 2>&1 & echo done");
  const { execution, cleanup } = await actOnTarget(lasting, here, bench.ports, never);
  expect([execution.outlived, cleanup.status, renewed]).toEqual([true, "clean", [here.name]]);
  await actOnTarget(shellTrial("echo done"), here, bench.ports, never);
  expect(renewed).toHaveLength(1);
});
