/**
 * `npm run bench`: does all set-up, then runs the measurements of test/bench one after the other. Arguments choose files by
 * a part of their name (`npm run bench -- matcher`).
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runInForeground } from "./children.mjs";
import { SetUpError, repository } from "./machine.mjs";
import { endWith, say, setUp } from "./setup.mjs";

const DEADLINE_MS = 30 * 60_000;

await endWith(async () => {
  const { compilerProblems } = await setUp("test", "npm run bench");
  if (compilerProblems !== null) throw new SetUpError(`src/ does not compile:\n${compilerProblems}`);
  const folder = join(repository, "test", "bench");
  const wanted = process.argv.slice(2);
  const files = (existsSync(folder) ? readdirSync(folder) : [])
    .filter(
      (name) =>
        name.endsWith(".bench.ts") &&
        (wanted.length === 0 || wanted.some((part) => name.replace(/\.bench\.ts$/, "").includes(part))),
    )
    .sort();
  if (files.length === 0) throw new SetUpError(`no file test/bench/*.bench.ts ${wanted.join(" ")}`, 2);
  let worst = 0;
  for (const name of files) {
    say(`measuring: ${name}`);
    const { status, timedOut } = await runInForeground(
      process.execPath,
      ["--import", "tsx", join(folder, name)],
      {
        cwd: repository,
        env: process.env,
        deadlineMs: DEADLINE_MS,
      },
    );
    if (timedOut) say(`${name} did not end within ${DEADLINE_MS / 60_000} minutes and was ended`);
    if (status > 128) return status;
    worst = Math.max(worst, status);
  }
  return worst;
});
