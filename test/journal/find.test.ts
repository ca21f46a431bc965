import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listRuns, resolveRun } from "../../src/journal/find.js";
import { Journal } from "../../src/journal/journal.js";
import { JOURNAL_FILE } from "../../src/journal/read.js";
import { aPlan, aTrial, aVerdict, completed, lifeOf } from "./run-fixture.js";

let runs: string;
beforeEach(async () => {
  runs = await mkdtemp(join(tmpdir(), "tyrian-runs-"));
});
afterEach(() => rm(runs, { recursive: true }));

async function begun(id: string): Promise<Journal> {
  const journal = await Journal.create(join(runs, id), id);
  const plan = { ...aPlan([aTrial(1)]), run: id };
  await journal.append(
    { type: "run-started", version: "0.1.0", title: "T1059.004", pid: process.pid, plan },
    { barrier: true },
  );
  return journal;
}

async function finished(id: string): Promise<void> {
  const journal = await begun(id);
  for (const entry of [...lifeOf(aTrial(1), [aVerdict("logged")]), completed])
    await journal.append(entry, { barrier: false });
  await journal.close();
}

test("a run is found by its id, its folder and as the latest; the latest is by time, not by name", async () => {
  await finished("z-first");
  await finished("a-second");
  expect(await resolveRun("latest", runs)).toMatchObject({ id: "a-second" });
  expect(await resolveRun("z-first", runs)).toEqual({ id: "z-first", folder: join(runs, "z-first") });
  expect(await resolveRun(`${join(runs, "z-first")}/`, "elsewhere")).toEqual({
    id: "z-first",
    folder: join(runs, "z-first"),
  });
});

test("what is no run is said to be none", async () => {
  await mkdir(join(runs, "empty"));
  for (const reference of ["empty", "none", "", ".", "../", "/etc/passwd", "latest"]) {
    await expect(resolveRun(reference, runs)).rejects.toMatchObject({ code: "run-unknown" });
  }
  await expect(resolveRun("latest", join(runs, "absent"))).rejects.toMatchObject({ code: "run-unknown" });
});

test("the history tells how each run stands", async () => {
  expect(await listRuns(join(runs, "absent"))).toEqual([]);
  await finished("done");
  const running = await begun("running");
  const crashed = await begun("crashed");
  await crashed.close();
  await finished("damaged");
  await writeFile(join(runs, "damaged", JOURNAL_FILE), "\nrubbish\n", { flag: "a" });
  await mkdir(join(runs, "unrelated"));
  expect(await listRuns(runs)).toMatchObject([
    { id: "done", status: "completed", title: "T1059.004", trials: 1, met: 0, notMet: 1, exit: 1 },
    { id: "running", status: "running", exit: null, endedAt: null },
    { id: "crashed", status: "crashed", exit: 3 },
    { id: "damaged", status: "damaged", exit: null },
  ]);
  await running.close();
});
