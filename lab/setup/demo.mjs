/**
 * `npm run demo`: does all set-up, then runs the main job on the embedded lab. Arguments are passed on
 * (`npm run demo -- --json`), signals too, and the exit status is that of the run.
 *
 * Runs before any node module exists: only Node's own modules, and no syntax newer than Node 14.
 */
import { join } from "node:path";
import { runInForeground } from "./children.mjs";
import { SetUpError, repository } from "./machine.mjs";
import { endWith, setUp } from "./setup.mjs";

/** What the demo is: the procedures that are tagged for it, once each, with their twins, on three hosts. */
const demo = ["run", "--tag", "demo", "--variants", "first", "--targets", "3"];

const DEADLINE_MS = 60 * 60_000;

await endWith(async () => {
  const { compilerProblems } = await setUp("demo", "npm run demo");
  if (compilerProblems !== null) throw new SetUpError(`src/ does not compile:\n${compilerProblems}`);
  const program = join(repository, "dist", "cli", "main.js");
  const { status, timedOut } = await runInForeground(
    process.execPath,
    [program, ...demo, ...process.argv.slice(2)],
    {
      cwd: repository,
      env: process.env,
      deadlineMs: DEADLINE_MS,
    },
  );
  if (timedOut)
    throw new SetUpError(`the demo did not end within ${DEADLINE_MS / 60_000} minutes and was ended`);
  return status;
});
