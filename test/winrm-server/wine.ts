import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { Interpreter } from "./interpreter.js";
import { runProgram } from "./process-interpreter.js";

/** Without it, Debian's /usr/bin/wine prints advice about 32 bits on the standard error. */
const quiet = { WINEDEBUG: "-all", DISPLAY: "" };

/** Why nothing can run in Wine here; null when it can. */
export const noWine: string | null =
  spawnSync("wine", ["--version"], { env: { ...process.env, ...quiet } }).status === 0
    ? null
    : "wine is not installed (apt-get install --no-install-recommends wine64 wine)";

/** Made once and kept between runs; a prefix of its own is cloned from it for each host. */
const cache = resolve(import.meta.dirname, "../../node_modules/.cache/tyrian-wine");
const SETUP_MS = 120_000;
/** The folder of the prefix, and its name in Windows, where command lines are put. */
export const scripts = "tyrian-stand-in";
/** Wine writes straight into a file that has several links, so that these are copied. */
const registry = ["system.reg", "user.reg", "userdef.reg"];

/** Wine's own cmd, with a prefix that is thrown away. */
export interface WineHost {
  readonly interpreter: Interpreter;
  /** The folder that is C: in Wine. */
  readonly drive: string;
  /** Ends all that runs in the prefix, and removes it. */
  stop(): void;
}

/**
 * `display` is an X server's, for programs that make windows; without one they end with an error.
 *
 * A command line is written to a batch file and that is run: from the arguments of a program of Unix, Wine gives cmd other quotes than
 * those that were written. So a percent sign is one of a batch file, and its exit code is kept whole where Unix has eight bits of it.
 */
export function startWine(display = ""): WineHost {
  const prefix = clone(template());
  const drive = join(prefix, "drive_c");
  mkdirSync(join(drive, scripts));
  const environment = { ...process.env, ...quiet, DISPLAY: display, WINEPREFIX: prefix };
  return {
    drive,
    interpreter: {
      name: "cmd of Wine",
      fidelity: "wine",
      run: (commandLine, options) => {
        const name = randomUUID();
        const file = (kind: string): string => join(drive, scripts, `${name}${kind}`);
        const windows = (kind: string): string => `C:\\${scripts}\\${name}${kind}`;
        const start =
          options.workingDirectory === undefined ? "" : `@cd /d "${options.workingDirectory}"\r\n`;
        writeFileSync(
          file(".bat"),
          `@echo off\r\n${start}${commandLine}\r\n@>${windows(".code")} echo %ERRORLEVEL%\r\n`,
        );
        const running = runProgram(
          {
            // Without a preloader, one of a thousand processes finds a fixed address of Windows taken, and ends at once.
            file: "setarch",
            arguments: ["-R", "wine", "cmd", "/c", windows(".bat")],
            environment: { ...environment, ...options.environment },
            workingDirectory: drive,
          },
          options,
        );
        // Absent when the line has ended the batch itself, with `exit`: then there are the eight bits of Unix.
        const exitCode = running.exitCode.then((code) =>
          existsSync(file(".code")) ? Number(readFileSync(file(".code"), "latin1").trim()) : code,
        );
        return { ...running, exitCode };
      },
    },
    stop: () => {
      spawnSync("wineserver", ["-k"], { env: environment, timeout: SETUP_MS });
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}

function template(): string {
  mkdirSync(cache, { recursive: true });
  const made = join(cache, "template");
  if (existsSync(made)) return made;
  const fresh = mkdtempSync(join(cache, "making-"));
  const options = { env: { ...process.env, ...quiet, WINEPREFIX: fresh }, timeout: SETUP_MS };
  execFileSync("wineboot", ["-i"], { ...options, stdio: "ignore" });
  // The registry is written when the last process is gone.
  execFileSync("wineserver", ["-w"], { ...options, stdio: "ignore" });
  try {
    renameSync(fresh, made);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another test has been faster.
    if (!existsSync(made)) throw error;
  }
  return made;
}

/** Of hard links: a prefix has 700 MB. */
function clone(from: string): string {
  const prefix = mkdtempSync(join(cache, "host-"));
  execFileSync("cp", ["-al", `${from}/.`, prefix], { timeout: SETUP_MS });
  // It names the server of the prefix that it was cloned from.
  rmSync(join(prefix, "wineserver"), { recursive: true, force: true });
  for (const file of registry) {
    rmSync(join(prefix, file));
    cpSync(join(from, file), join(prefix, file));
  }
  return prefix;
}
