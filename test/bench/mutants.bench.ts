/**
 * Mutants of the verifier: each check that is taken out must show in a wrong verdict or cause of the simulator's trials, or, where
 * these are too few to show it, in a unit test that fails:
 * `npm run bench:mutants -- [--worlds N] [--only REGEXP] [--jobs N]`. Works on copies below the system's temporary folder. Exits with 1 when a
 * mutant goes unseen that is not said to be redundant.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { mutants } from "../simulator/mutants/list.js";
import type { Mutant } from "../simulator/mutants/mutant.js";

const { values } = parseArgs({
  options: {
    worlds: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "2" },
  },
});

const root = new URL("../..", import.meta.url).pathname;

const unitTests = ["test/verify", "test/siem"];

/** A copy of what is judged and of what judges it, in a folder of its own. */
function copyInto(folder: string): string {
  const settings = ["package.json", "tsconfig.json", "vitest.config.ts"];
  for (const part of ["src", "test", "playbooks", "pipelines", ...settings])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Calls `each` with every line about a wrong verdict until that says that it is enough. @returns how it ended, if not well. */
async function judge(copy: string, each: (line: string) => boolean): Promise<string | null> {
  const args = ["--import", "tsx", "test/simulator/mutants/mutant-process.ts", values.worlds];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let whole = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "end") whole = true;
    else if (each(line)) {
      child.kill();
      whole = true;
      break;
    }
  }
  const status = await ended;
  return whole ? null : `it ended with status ${status}`;
}

/** Writes the mutant into a copy. @returns what takes it out again */
function mutate(copy: string, { file, from, to, name }: Mutant): () => void {
  const path = join(copy, "src", file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${name}: its text does not stand once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return () => writeFileSync(path, text);
}

/** What is said of the verifier as it is: wrong verdicts, and the part that stays undecided where nothing is lost. */
interface Known {
  readonly lines: Set<string>;
  undecided: number;
}

/** How much more undecided a mutant must leave, as a part of all, to be caught by that. */
const MORE_UNDECIDED = 0.02;

function undecidedIn(line: string): number | null {
  return line.startsWith("undecided ") ? Number(line.slice("undecided ".length)) : null;
}

/** @returns the first unit test that fails; null when all of them pass */
async function failingTest(copy: string): Promise<string | null> {
  const args = [
    "vitest",
    "run",
    "--bail=1",
    "--reporter=dot",
    ...unitTests,
    "--exclude",
    "**/simulated.test.ts",
  ];
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn("npx", args, { cwd: copy, env, stdio: ["ignore", "ignore", "pipe"] });
  let failed: string | null = null;
  for await (const line of createInterface({ input: child.stderr }))
    failed ??= /FAIL\s+(.*)/.exec(line)?.[1] ?? null;
  return failed === null ? null : `unit test: ${failed}`;
}

/** @returns whether it was caught */
async function tryOut(copy: string, mutant: Mutant, known: Known): Promise<boolean> {
  const restore = mutate(copy, mutant);
  let first: string | null = null;
  const crash = await judge(copy, (line) => {
    const share = undecidedIn(line);
    if (known.lines.has(line) || (share !== null && share < known.undecided + MORE_UNDECIDED)) return false;
    first = line;
    return true;
  });
  const seen = first ?? crash ?? (mutant.redundant === undefined ? await failingTest(copy) : null);
  restore();
  const redundant = mutant.redundant === undefined ? "" : ` (said to be redundant: ${mutant.redundant})`;
  const found = seen === null ? "NOT CAUGHT" : "caught    ";
  process.stdout.write(`${found} ${mutant.name}: ${seen ?? ""}${redundant}\n`);
  return seen !== null;
}

const copies: string[] = [];
try {
  for (let job = 0; job < Number(values.jobs); job += 1)
    copies.push(copyInto(mkdtempSync(join(tmpdir(), "tyrian-mutants-"))));
  const known: Known = { lines: new Set(), undecided: 0 };
  const crash = await judge(copies[0] ?? "", (line) => {
    known.lines.add(line);
    known.undecided = undecidedIn(line) ?? known.undecided;
    return false;
  });
  // A test that fails here anyway would catch every mutant.
  const wrong = crash ?? (await failingTest(copies[0] ?? ""));
  if (wrong !== null) throw new Error(`the verifier as it is: ${wrong}`);
  process.stdout.write(
    `the verifier as it is: ${known.lines.size - 1} wrong, undecided where nothing is lost ${known.undecided}\n`,
  );
  const left = mutants.filter(({ name }) => new RegExp(values.only).test(name));
  const missed: Mutant[] = [];
  const chosen = left.length;
  await Promise.all(
    copies.map(async (copy) => {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift())
        if (!(await tryOut(copy, mutant, known))) missed.push(mutant);
    }),
  );
  const unseen = missed.filter(({ redundant }) => redundant === undefined).length;
  process.stdout.write(
    `${chosen} mutants: ${chosen - missed.length} caught, ${missed.length - unseen} said to be redundant, ${unseen} not caught\n`,
  );
  if (unseen > 0) process.exitCode = 1;
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
