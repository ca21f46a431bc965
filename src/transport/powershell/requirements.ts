import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, isAbsolute, join } from "node:path";

/** Where PowerShell is got: neither Debian nor npm has it. */
export const PWSH_HINT =
  "Install PowerShell 7.4 or later so that `pwsh` is on PATH (https://aka.ms/install-powershell), and OpenSSH's `ssh`.";

/** The first `pwsh` of the PATH that is given; null when there is none. */
export function findPwsh(path: string | undefined): string | null {
  for (const folder of (path ?? "").split(delimiter).filter(isAbsolute)) {
    const file = join(folder, "pwsh");
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** The file by which node-powershell is loaded, without loading it; null when the optional package is not installed. */
export function findNodePowerShell(): string | null {
  try {
    return createRequire(import.meta.url).resolve("node-powershell");
  } catch {
    return null;
  }
}
