import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { recover, type RecoveredTrial } from "../../../src/engine/recover.js";
import { foldRun } from "../../../src/journal/fold.js";
import { Journal } from "../../../src/journal/journal.js";
import { readJournal } from "../../../src/journal/read.js";
import { toResults } from "../../../src/journal/results.js";
import type { Trial } from "../../../src/model/trial.js";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import type { ActingOrder } from "./acting-process.js";
import { reachedOver, startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** Whether a program with this word in its command line runs on this machine, which is where Wine runs it. */
function runs(word: string): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(word);
      } catch {
        return false;
      }
    });
}

/** The orchestrator dies between `armed` and `cleaned`; the next one does the cleanup, and never the act again. */
describe.each(reachedOver)(
  "a crash during a trial on Wine over %s",
  { ...skippedFor(noWine), timeout: 120_000 },
  (over) => {
    let windows: WindowsHost;
    let folder: string;
    beforeAll(async () => {
      windows = await startWindows(over);
    }, 180_000);
    afterAll(async () => await windows?.stop());
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** Has another process run the trial until it is killed, and does what the next one does then. */
    async function crash(trial: Trial, killedAt: string): Promise<RecoveredTrial[]> {
      folder = mkdtempSync(join(tmpdir(), "tyrian-crash-"));
      const order: ActingOrder = {
        ...{ target: windows.target, trial, killedAt },
        ...{ folder: join(folder, "run"), withheld: join(folder, "withheld") },
      };
      writeFileSync(join(folder, "order.json"), JSON.stringify(order));
      const program = resolve(import.meta.dirname, "acting-process.ts");
      const child = execFile(process.execPath, ["--import", "tsx", program, join(folder, "order.json")]);
      const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
      if (killedAt === "act") {
        await expect.poll(() => windows.begun(trial), { timeout: 60_000 }).toBe(true);
        child.kill("SIGKILL");
      }
      expect(await ended).toBe("SIGKILL");
      const journal = await Journal.open(order.folder);
      try {
        const ports = {
          ...windows.ports,
          ...{ journal: journal.append.bind(journal), runFolder: order.folder },
        };
        return await recover(foldRun(journal.earlier), () => windows.target, ports);
      } finally {
        await journal.close();
      }
    }

    test.each([
      ["trial-armed", "indeterminate"],
      ["act", "indeterminate"],
      ["trial-checked", "ran"],
    ])("at %s is cleaned up after, and the execution is %s", async (killedAt, status) => {
      const word = `6${String(Date.now() % 100_000)}`;
      const hang = killedAt === "act" ? `@ping -n ${word} 127.0.0.1 >nul\n` : "";
      const cleanup = { run: "del C:\\mark.txt", probe: "if exist C:\\mark.txt exit 1" };
      const trial = windowsTrial(`@echo x>>C:\\mark.txt\n@echo x>begun\n${hang}@echo done\n`, { cleanup });
      const [recovered] = await crash(trial, killedAt);
      expect(recovered).toMatchObject({ trial: trial.id, cleanup: { status: "clean" } });
      expect(runs(word)).toBe(false);
      const left = [trial.work, `${trial.work}.run`, "C:\\mark.txt"].map((path) =>
        existsSync(windows.path(path)),
      );
      expect(left).toEqual([false, false, false]);
      const state = foldRun((await readJournal(join(folder, "run"))).events);
      expect(toResults(state).trials[0]).toMatchObject({
        execution: { status },
        cleanup: { status: "clean" },
      });
    });
  },
);
