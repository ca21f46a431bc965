import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import { resolveRun } from "../../journal/find.js";
import { foldRun, type RunState } from "../../journal/fold.js";
import { damageError, readJournal } from "../../journal/read.js";
import type { Playbook } from "../../model/playbook.js";
import { coverageOf } from "../../report/coverage.js";
import { coveragePage, coverageTable } from "../../report/coverage-text.js";
import type { Invocation } from "../invocation.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { openRunnable } from "../runnable.js";

interface Options {
  readonly out: string;
  readonly json?: true;
  readonly markdown?: true;
}

export function register(command: Command, invocation: Invocation): void {
  command
    .argument(
      "[runs...]",
      "runs that may prove something: run ids, run folders or `latest`; without any, none does",
    )
    .option("--out <folder>", "the runs folder", DEFAULT_RUNS_FOLDER)
    .option("--json", "print an array of rows")
    .option("--markdown", "print the page docs/coverage.md")
    .action(
      invocation.action(async (references: string[], options: Options) => {
        const { output } = invocation;
        const { playbooks, analytics } = await openRunnable([], []);
        const runs = await Promise.all(references.map((reference) => readRun(reference, options.out)));
        const rows = coverageOf(
          {
            playbooks,
            analytics: analytics.analytics,
            rules: await ruleTexts(playbooks),
            idOf: (playbook, analytic) => analytics.idOf(playbook, analytic),
          },
          runs,
        );
        if (options.json === true) output.json(rows);
        else if (options.markdown === true) output.data(coveragePage(rows, runs).trimEnd());
        else for (const line of coverageTable(rows, output.stdout.width)) output.data(line);
        return EXIT.met;
      }),
    );
}

/** Everything in the folders of analytics beside the playbooks. */
async function ruleTexts(playbooks: readonly Playbook[]): Promise<string[]> {
  const folders = [...new Set(playbooks.map(({ file }) => join(dirname(file), "analytics")))];
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      const rules = names.filter((name) => /\.(?:yml|spl)$/.test(name));
      return await Promise.all(rules.map((name) => readFile(join(folder, name), "utf8")));
    }),
  );
  return texts.flat();
}

/** @throws TyrianError when the journal is damaged: a part of a run proves nothing. */
async function readRun(reference: string, runsFolder: string): Promise<RunState> {
  const { folder } = await resolveRun(reference, runsFolder);
  const { events, damage } = await readJournal(folder);
  if (damage !== null) throw damageError(folder, damage);
  return foldRun(events);
}
