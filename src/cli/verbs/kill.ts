import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { leasedTrials, throwKillSwitch } from "../../dispatch/kill.js";
import { EXIT, type ExitStatus, messageOf, TyrianError } from "../../errors.js";
import { listRuns } from "../../journal/find.js";
import { openQueue } from "../compose.js";
import type { Invocation } from "../invocation.js";
import { type ChosenLab, chooseLab } from "../lab-choice.js";
import { DEFAULT_RUNS_FOLDER } from "../places.js";
import { recoverRun } from "../recovery.js";
import { recoveryStatus, recoveryText } from "./cleanup.js";

/** Milliseconds that the runs have to end their processes and clean up. */
const STOP_DEADLINE_MS = 60_000;

export function register(command: Command, invocation: Invocation): void {
  command
    .option("--lab <file>", "inventory of the lab (default: the embedded lab)")
    .option("--out <folder>", "where runs are kept", DEFAULT_RUNS_FOLDER)
    .action(
      invocation.action(async (options: { lab?: string; out: string }) => {
        const { output } = invocation;
        const stopped = await stopRuns(invocation);
        let lab: ChosenLab;
        try {
          lab = await chooseLab({
            ...(options.lab === undefined ? {} : { file: options.lab }),
            targets: "none",
            signal: invocation.signal,
          });
        } catch (error) {
          if (!(error instanceof TyrianError) || error.code !== "lab-not-up") throw error;
          output.note("the embedded lab is not up: there is no host to clean");
          return stopped;
        }
        try {
          const crashed = (await listRuns(options.out)).filter(({ status }) => status === "crashed");
          const statuses = [stopped];
          for (const { id, folder } of crashed) {
            try {
              const recovered = await recoverRun(folder, lab, (message) => output.warn(message));
              output.data(recoveryText(recovered));
              statuses.push(recoveryStatus(recovered));
            } catch (error) {
              // One run that cannot be recovered here must not keep the others from it.
              output.warn(`run ${id}: ${messageOf(error)}`);
              statuses.push(EXIT.executionFailed);
            }
          }
          return statuses.every((status) => status === EXIT.met) ? EXIT.met : EXIT.executionFailed;
        } finally {
          await lab.release();
        }
      }),
    );
}

/** Throws the switch and waits until no run holds a target. */
async function stopRuns({ output, signal }: Invocation): Promise<ExitStatus> {
  const server = await openQueue();
  try {
    const heard = await throwKillSwitch(server.client);
    output.data(`${heard} ${heard === 1 ? "run" : "runs"} told to stop`);
    const until = Date.now() + STOP_DEADLINE_MS;
    for (;;) {
      const holders = await leasedTrials(server.client);
      if (holders.length === 0) return EXIT.met;
      if (Date.now() > until) {
        output.warn(`still on their targets: ${holders.join(", ")}`);
        return EXIT.executionFailed;
      }
      await sleep(100, undefined, { signal });
    }
  } finally {
    await server.close();
  }
}
