import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Where packages of peers are kept between runs; nothing of it is the project's. */
const cache = resolve(import.meta.dirname, "../../node_modules/.cache/tyrian-peers");
const INSTALL_MS = 180_000;

/** A Python that has a package, or the sentence that says why there is none. */
export async function pythonWith(
  packageName: string,
  version: string,
): Promise<{ python: string } | { reason: string }> {
  const folder = join(cache, `${packageName}-${version}`);
  const python = join(folder, "bin", "python");
  const done = join(folder, "installed");
  if (existsSync(done)) return { python };
  try {
    await run("python3", ["-m", "venv", folder], { timeout: INSTALL_MS });
    await run(python, ["-m", "pip", "install", "--quiet", `${packageName}==${version}`], {
      timeout: INSTALL_MS,
    });
    await run("touch", [done]);
    return { python };
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const last = stderr.trim().split("\n").at(-1) ?? "";
    return { reason: `${packageName} ${version} cannot be installed: ${last === "" ? message : last}` };
  }
}
