import { unseenResult } from "../../transport/command-life.js";
import type { Session } from "../../transport/transport.js";
import type { Housekept, HostScripts } from "../host-scripts.js";
import { freshNonce } from "../nonce.js";
import { StatusReader, statusOf, windowsReports } from "../status-lines.js";
import { PERCENT_QUESTION, percentSignOf, place, runOn } from "./place.js";
import { actFiles, askProcesses, cleanupFiles, ownScript, runScript, scriptFolder } from "./script.js";

/** Milliseconds for each command that places a file. */
const PLACE_DEADLINE_MS = 20_000;

/** A host with cmd.exe, which reads its scripts from files. */
export const windowsScripts: HostScripts = {
  reports: windowsReports,
  leaves: "processes-and-files",

  act: async (session, trial, nonce, { armed, begin, unwanted, exec }) => {
    const files = actFiles(trial, nonce);
    const signal = exec.signal === undefined ? unwanted : AbortSignal.any([unwanted, exec.signal]);
    const options = { signal, deadlineMs: PLACE_DEADLINE_MS };
    const isArmed = await armed.then(
      () => true,
      () => false,
    );
    if (!isArmed) return unseenResult("aborted", exec);
    try {
      const make = `md ${trial.work}&if not errorlevel 1 md ${scriptFolder(trial)}&if not errorlevel 1 ${PERCENT_QUESTION}`;
      const folders = await runOn(session, make, options);
      if (folders.stdout === "") {
        exec.onOutput?.("stderr", Buffer.from(`${nonce} work-folder-failed\r\n`));
        return folders;
      }
      await place(session, files, { ...options, percentSign: percentSignOf(folders.stdout) });
    } catch (error) {
      if (!unwanted.aborted) throw error;
      return unseenResult("aborted", exec);
    }
    if (!begin()) return unseenResult("aborted", exec);
    return await session.exec(runScript(trial, "act.cmd"), exec);
  },

  sweep: (session, trial, deadlineMs) =>
    report(session, (nonce) => `${askProcesses(trial, "sweep", nonce)} 1>&2`, deadlineMs),

  cleanUp: async (session, trial, _strays, deadlineMs) => {
    const options = { signal: AbortSignal.timeout(deadlineMs), deadlineMs };
    const there = await runOn(session, `md ${scriptFolder(trial)} 2>nul&${PERCENT_QUESTION}`, options);
    await place(session, cleanupFiles(trial), { ...options, percentSign: percentSignOf(there.stdout) });
    const done = await report(session, (nonce) => runScript(trial, "cleanup.cmd", nonce), deadlineMs);
    // While something of the trial may run, what was there before it is still needed.
    if (statusOf(done.statuses, "remaining")?.rest !== "0") return done;
    const folder = scriptFolder(trial);
    const { stdout } = await runOn(session, `rd /s /q ${folder}&if exist ${folder} echo left`, options);
    return stdout === ""
      ? done
      : { ...done, statuses: [...done.statuses, { word: "work-folder", rest: "left" }] };
  },

  proof: async (session, trial, command, deadlineMs) => {
    const options = { signal: AbortSignal.timeout(deadlineMs), deadlineMs };
    const { stdout } = await runOn(session, PERCENT_QUESTION, options);
    const file = ownScript(
      trial,
      "proof.cmd",
      command,
      `cd /d ${trial.work}\r\nif /i not "%CD%"=="${trial.work}" exit /b 1\r\n`,
    );
    await place(session, [file], { ...options, percentSign: percentSignOf(stdout) });
    return await session.exec(runScript(trial, "proof.cmd"), { deadlineMs });
  },
};

/** Runs one of our scripts and reads its reports as they arrive: what is complained of beside them may be more than is kept. */
async function report(
  session: Session,
  commandOf: (nonce: string) => string,
  deadlineMs: number,
): Promise<Housekept> {
  const nonce = freshNonce();
  const reader = new StatusReader(nonce, windowsReports);
  const { ending } = await session.exec(commandOf(nonce), {
    deadlineMs,
    onOutput: (stream, chunk) => {
      if (stream === "stderr") reader.push(chunk);
    },
  });
  return { statuses: reader.statuses, ending };
}
