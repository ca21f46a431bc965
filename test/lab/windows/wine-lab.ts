import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { LOGIN_SHELL } from "../../../src/lab/embedded/wine/login-shell.js";
import { WINE } from "../../../src/lab/embedded/wine/names.js";
import type { LabHost } from "../../../src/lab/embedded/index.js";
import type { Interpreter } from "../../winrm-server/interpreter.js";
import { runProgram } from "../../winrm-server/process-interpreter.js";
import { whyNoRootLab } from "../helpers.js";

/** Why no host of Wine can be had here; null when it can. */
export async function whyNoWineLab(): Promise<string | null> {
  if (!existsSync(WINE)) return "wine is not installed (apt-get install --no-install-recommends wine64 wine)";
  return await whyNoRootLab();
}

/** The folder for the state of its lab, kept between runs for the template in it: that takes 7 to 22 s. */
export function wineState(): string {
  const folder = resolve(import.meta.dirname, "../../../node_modules/.cache/tyrian-wine-lab/tyrian");
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}

/** Runs a stand-in's command lines on a host of the lab, each in a login session of the operator as the lab's sshd would give it. */
export function interpreterOn({ pid, operator }: LabHost): Interpreter {
  const id = String(operator);
  const logIn = `echo ${id} > /proc/self/loginuid && exec setpriv --reuid ${id} --regid ${id} --clear-groups "$@"`;
  const environment = ["env", "-i", "PATH=/usr/bin:/bin", "USER=op", "HOME=/home/op"];
  return {
    name: "cmd of Wine on a host of the lab",
    fidelity: "wine",
    run: (commandLine, options) =>
      runProgram(
        {
          file: "nsenter",
          arguments: [
            ...["-t", String(pid), "-a", "-r", "-w", "sh", "-c", logIn, "sh", ...environment],
            ...[LOGIN_SHELL, "-c", commandLine],
          ],
          environment: process.env,
          workingDirectory: undefined,
        },
        options,
      ),
  };
}
