import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { actOnTarget } from "../../src/engine/trial.js";
import { WithheldTargets } from "../../src/engine/withheld.js";
import { TyrianError } from "../../src/errors.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import type { Trial } from "../../src/model/trial.js";
import type { Session } from "../../src/transport/transport.js";
import {
  freshFolder,
  here,
  isAct,
  never,
  scripted,
  shell,
  shellTrial,
  tidy,
  workbench,
} from "./workbench.js";

/** What a trial does when the house itself fails under it: the disk, or the connection. Nothing runs that is not recorded. */

afterEach(tidy);

/** A trial that tells by files whether it began and how often it was cleaned. */
function witnessed(folder: string): { trial: Trial; began(): boolean; cleanups(): number } {
  const [begun, cleaned] = [join(folder, "begun"), join(folder, "cleaned")];
  const trial = shellTrial(`touch ${begun}; touch made; echo done`, {
    cleanup: { run: `echo x >> ${cleaned}`, probe: "true" },
  });
  return {
    trial,
    began: () => existsSync(begun),
    cleanups: () => (existsSync(cleaned) ? readFileSync(cleaned, "utf8").split("\n").length - 1 : 0),
  };
}

const diskFull = new TyrianError("journal-write-failed", "no space left on device");

/** A journal that cannot be written from this entry on. */
function failingFrom(type: JournalEntry["type"]): (entry: JournalEntry) => void {
  let failed = false;
  return (entry) => {
    failed ||= entry.type === type;
    if (failed) throw diskFull;
  };
}

describe("a journal that cannot be written", () => {
  test.each(["trial-prepared", "trial-armed"] as const)(
    "at %s: nothing of the procedure runs, and the error is thrown",
    async (type) => {
      const bench = workbench({}, failingFrom(type));
      const { trial, began, cleanups } = witnessed(bench.folder);
      await expect(actOnTarget(trial, here, bench.ports, never)).rejects.toBe(diskFull);
      expect([began(), cleanups(), existsSync(trial.work)]).toEqual([false, 0, false]);
    },
  );

  test.each(["trial-executed", "trial-checked", "trial-cleaned"] as const)(
    "at %s: the cleanup is done, the target stays withheld, and the error is thrown",
    async (type) => {
      const bench = workbench({}, failingFrom(type));
      const { trial, began, cleanups } = witnessed(bench.folder);
      await expect(actOnTarget(trial, here, bench.ports, never)).rejects.toBe(diskFull);
      expect([began(), cleanups(), existsSync(trial.work)]).toEqual([true, 1, false]);
      expect(await bench.ports.withheld.markOf(here.name)).toMatchObject({ trial: trial.id });
    },
  );

  test("while a proof is still being looked for: the cleanup is done all the same", async () => {
    const bench = workbench({}, failingFrom("trial-executed"));
    const { trial, cleanups } = witnessed(bench.folder);
    const slow = { run: "/bin/sleep 0.3; echo proved", stdout: { contains: "proved" } };
    const proving = { ...trial, proof: { exitCode: 0, command: slow } };
    await expect(actOnTarget(proving, here, bench.ports, never)).rejects.toBe(diskFull);
    expect(cleanups()).toBe(1);
  });
});

test("a SIEM that cannot say what its sensor lost does not keep the trial from running", async () => {
  const bench = workbench({ lostRecords: () => Promise.reject(new Error("401 Unauthorized")) });
  const { trial } = witnessed(bench.folder);
  expect(await actOnTarget(trial, here, bench.ports, never)).toMatchObject({
    lostBefore: null,
    execution: { status: "ran" },
  });
});

test("a mark that cannot be written: nothing of the procedure runs, and the error is thrown", async () => {
  const file = join(freshFolder(), "a-file");
  writeFileSync(file, "");
  const withheld = new WithheldTargets(file, "lab");
  const bench = workbench({ withheld: Object.assign(withheld, { markOf: () => Promise.resolve(null) }) });
  const { trial, began } = witnessed(bench.folder);
  await expect(actOnTarget(trial, here, bench.ports, never)).rejects.toMatchObject({
    code: "journal-write-failed",
  });
  expect(began()).toBe(false);
  expect(bench.types()).not.toContain("trial-executed");
});

describe("a connection that is lost", () => {
  /** The first session reports these words of the act and is lost; the next ones are real. */
  function losing(...reports: string[]): () => Promise<Session> {
    let sessions = 0;
    return () => {
      sessions += 1;
      if (sessions > 1) return shell();
      const lost = scripted((command) => {
        if (!isAct(command)) throw new TyrianError("disconnected", "it is lost");
        for (const report of reports) command.say(report);
        return { ending: "disconnected", exitCode: null };
      });
      return Promise.resolve(lost);
    };
  }

  test.each([
    ["before the start was reported", []],
    ["after the start", ["started"]],
    ["after the end, with a proof that was not seen", ["started", "ended 0"]],
  ])("%s: the act is indeterminate, is not run again, and is cleaned", async (_name, reports) => {
    const bench = workbench({ acquire: losing(...reports) });
    const { trial, began, cleanups } = witnessed(bench.folder);
    const acted = await actOnTarget(trial, here, bench.ports, never);
    expect(acted.execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
    expect(acted.cleanup).toMatchObject({ status: "clean" });
    // What was journalled first tells what was known then.
    expect(bench.types().filter((type) => type === "trial-executed")).toHaveLength(1);
    expect([began(), cleanups()]).toEqual([false, 1]);
    expect(await bench.ports.withheld.markOf(here.name)).toBeNull();
  });

  test("and does not come back withholds the target", async () => {
    let sessions = 0;
    const lost = losing("started");
    const bench = workbench({
      acquire: () =>
        ++sessions === 1 ? lost() : Promise.reject(new TyrianError("connect-failed", "no route")),
    });
    const { trial } = witnessed(bench.folder);
    const acted = await actOnTarget(trial, here, bench.ports, never);
    expect([acted.execution.status, acted.cleanup]).toEqual([
      "indeterminate",
      { status: "unverified", detail: "no route", attempts: 3 },
    ]);
    expect(await bench.ports.withheld.markOf(here.name)).toMatchObject({ trial: trial.id });
  });
});
