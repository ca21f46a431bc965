import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Where packages of peers are kept between runs; nothing of it is the project's. */
const cache = resolve(import.meta.dirname, "../../node_modules/.cache/tyrian-peers");
const INSTALL_MS = 180_000;

/** A package of npm that the project does not depend on, as its entry file, or the sentence that says why there is none. */
export async function npmPackage(
  name: string,
  version: string,
  entry: string,
): Promise<{ entry: string } | { reason: string }> {
  const folder = join(cache, `npm-${name}-${version}`);
  const done = join(folder, "installed");
  const found = { entry: join(folder, "node_modules", name, entry) };
  if (existsSync(done)) return found;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    await run("npm", ["install", "--no-save", `${name}@${version}`], { cwd: folder, timeout: INSTALL_MS });
    await import(found.entry);
    await writeFile(done, "");
    return found;
  } catch (error) {
    return {
      reason: `the npm package ${name} ${version} cannot be installed: ${(error as Error).message.split("\n")[0]}`,
    };
  }
}
