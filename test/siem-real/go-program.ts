import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Where built servers are kept between runs; nothing of it is the project's. */
const cache = resolve(import.meta.dirname, "../../node_modules/.cache/tyrian-siem-real");
/** Two modules of this size are compiled in some minutes. */
const BUILD_MS = 1_200_000;

export interface GoProgram {
  /** The package of the program, such as `example.org/module/app/server`. */
  readonly package: string;
  readonly version: string;
  /** Modules that are wanted in another version than the program itself names. */
  readonly with?: readonly string[];
}

/** A program that is built from Go modules, as its path, or the sentence that says what stopped it. */
export async function goProgram({
  package: name,
  version,
  with: others = [],
}: GoProgram): Promise<{ program: string } | { reason: string }> {
  const short = name.slice(name.lastIndexOf("/") + 1);
  const folder = join(cache, `${short}-${version}`);
  const program = join(folder, short);
  if (existsSync(program)) return { program };
  const go = async (...parameters: readonly string[]): Promise<void> => {
    await run("go", parameters, { cwd: folder, timeout: BUILD_MS, maxBuffer: 16 * 1024 * 1024 });
  };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "go.mod"), "module tyrian.example/siem-real\n");
    await go("get", `${name}@${version}`, ...others);
    await go("build", "-o", program, name);
    return { program };
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const said = stderr
      .trim()
      .split("\n")
      .findLast((line) => !line.startsWith("go: downloading"));
    return { reason: `${short} ${version} cannot be built: ${said ?? message}` };
  }
}
