import { TyrianError } from "../../errors.js";
import { SENTINEL_WORD } from "../../model/event.js";
import type { Trial } from "../../model/trial.js";
import { scriptName } from "../../playbook/act-arguments.js";
import { windowsBatchLine } from "../../playbook/windows-command-line.js";
import type { PlacedFile } from "./place.js";
import { NOTHING_RUNS, processScript, type ProcessQuestion, SOMETHING_RUNS } from "./processes.js";

/**
 * The scripts for cmd.exe, which is on every Windows: batch files, in a folder of their own beside the work folder, so that nothing of
 * ours is in the procedure's way and no command line names the trial. What a procedure runs there has a cmd.exe of its own, so that
 * neither its `exit` nor an error in it ends the wrapper.
 */

/** Set for the act and inherited by all that it starts. */
const MARKER_VARIABLE = "TYRIAN_TRIAL";

/** Programs that the wrapper itself executes between the sentinels: the act's cmd.exe, and the look at what it left. */
const WRAPPER_PROGRAMS = 2;

const lineEnds = (text: string): string => text.replace(/\r?\n/g, "\r\n");
const script = (text: string): string => lineEnds(text.endsWith("\n") ? text : `${text}\n`);

/** Where our own scripts lie. */
export function scriptFolder({ work }: Pick<Trial, "work">): string {
  return `${work}.run`;
}

/** The command line that runs one of them, for each shell that a host may give its users. */
export function runScript(trial: Pick<Trial, "work">, name: string, ...words: readonly string[]): string {
  return ["cmd.exe", "/d", "/c", `${scriptFolder(trial)}\\${name}`, ...words].join(" ");
}

/** The command line that asks about the trial's processes. */
export function askProcesses(trial: Pick<Trial, "work">, question: ProcessQuestion, nonce: string): string {
  const folder = scriptFolder(trial);
  return `cscript.exe //nologo ${folder}\\processes.vbs ${question} ${nonce} ${folder}\\before.txt`;
}

/** The script that answers it. */
export function processFile(trial: Pick<Trial, "work">): PlacedFile {
  return {
    ...{ folder: scriptFolder(trial), name: "processes.vbs" },
    ...{ content: script(processScript), mayBeThere: true },
  };
}

/** A batch script of a procedure. */
export function ownScript(trial: Trial, name: string, text: string, start = ""): PlacedFile {
  return { folder: scriptFolder(trial), name, content: `@echo off\r\n${start}${script(text)}` };
}

/**
 * Everything that the host must have for the act. A text keeps its lines and gets the line ends of Windows; a script also one
 * at its end.
 * @throws TyrianError `command-too-long` for an act that no batch file can start as it is planned.
 */
export function actFiles(trial: Trial, nonce: string): PlacedFile[] {
  const { act, work } = trial;
  const line = windowsBatchLine(act, work);
  if (line === null) {
    throw new TyrianError(
      "command-too-long",
      `The command line of ${trial.procedure} has a line break, or more characters than the 8191 that cmd.exe reads. Nothing was run.`,
    );
  }
  const folder = scriptFolder(trial);
  const files: PlacedFile[] = act.files.map(({ name, content }) => ({
    ...{ folder: work, name, content: lineEnds(content) },
  }));
  if (act.via === "file") files.push({ folder: work, name: scriptName(act), content: script(act.code) });
  if (act.via === "stdin") files.push({ folder, name: "input.txt", content: script(act.code) });
  return [
    ...files,
    ...trial.requires.map(({ check }, index) => ownScript(trial, `check${index}.cmd`, check)),
    { folder, name: "line.cmd", content: `@${line}\r\n` },
    processFile(trial),
    { folder, name: "act.cmd", content: actScript(trial, nonce, /[^ -~]/.test(line)) },
  ];
}

/** The act between its sentinels, as on the other hosts; the report of its exit code has a sign. */
function actScript(trial: Trial, nonce: string, unicode: boolean): string {
  const { id, work, act, requires } = trial;
  const folder = scriptFolder(trial);
  const say = (words: string): string => `>&2 echo ${nonce} ${words}`;
  const refuse = (words: string): string => `(${say(words)}& exit /b 125)`;
  return script(`@echo off
setlocal EnableExtensions DisableDelayedExpansion
${unicode ? "chcp 65001 >nul\n" : ""}cd /d ${work}
if /i not "%CD%"=="${work}" ${refuse("work-folder-failed")}
${requires
  .map(
    (_requirement, index) => `${runScript(trial, `check${index}.cmd`)} <nul >nul 2>nul
if not %ERRORLEVEL%==0 ${refuse(`requirement-missing ${index}`)}
`,
  )
  .join("")}${askProcesses(trial, "before", nonce)} <nul >${folder}\\before.txt
if not %ERRORLEVEL%==${NOTHING_RUNS} (del /q ${folder}\\before.txt& ${say("processes-unknown")}& exit /b 125)
cmd.exe /d /c rem ${SENTINEL_WORD} begin ${id}
${say("started")}
set "${MARKER_VARIABLE}=${id}."
${runScript(trial, "line.cmd")} <${act.via === "stdin" ? `${folder}\\input.txt` : "nul"}
set "code=%ERRORLEVEL%"
set "${MARKER_VARIABLE}="
${say("ended %code%")}
${askProcesses(trial, "left", nonce)} <nul 1>&2
set "left=%ERRORLEVEL%"
if not %left%==${NOTHING_RUNS} ${say("left-behind")}
cmd.exe /d /c rem ${SENTINEL_WORD} end ${id} && ${say(`looked ${WRAPPER_PROGRAMS}`)}
exit /b %code%
`);
}

/** What undoes the trial; the nonce of its reports is the argument of `cleanup.cmd`. */
export function cleanupFiles(trial: Trial): PlacedFile[] {
  const { cleanup } = trial;
  const own =
    cleanup === "none"
      ? []
      : [
          ownScript(trial, "undo.cmd", cleanup.run),
          ownScript(trial, "probe.cmd", cleanup.probe, `cd /d ${trial.work.slice(0, 3)}\r\n`),
        ];
  return [
    ...own,
    processFile(trial),
    { folder: scriptFolder(trial), name: "cleanup.cmd", content: cleanupScript(trial) },
  ];
}

/**
 * What was there before the act is kept until nothing of the trial runs: only with it can that be shown. Without it no act began. What
 * cannot be shown is not reported, so that the cleanup is unverified.
 */
function cleanupScript(trial: Trial): string {
  const { work } = trial;
  const folder = scriptFolder(trial);
  const before = `${folder}\\before.txt`;
  const own = trial.cleanup !== "none";
  return script(`@echo off
setlocal EnableExtensions DisableDelayedExpansion
cd /d ${work.slice(0, 3)}
set "seen=${NOTHING_RUNS}"
if exist ${before} goto look
>&2 echo %1 swept 0
>&2 echo %1 remaining 0
goto undo
:look
${askProcesses(trial, "end", "%1")} <nul 1>&2
set "seen=%ERRORLEVEL%"
if %seen%==${NOTHING_RUNS} del /q ${before}
:undo
${
  own
    ? `md ${work} 2>nul
cd /d ${work}
if /i "%CD%"=="${work}" ${runScript(trial, "undo.cmd")} <nul >nul 2>nul
>&2 echo %1 cleanup %ERRORLEVEL%
cd /d ${work.slice(0, 3)}
`
    : ""
}rd /s /q ${work} 2>nul
${
  own
    ? `${runScript(trial, "probe.cmd")} <nul >nul 2>nul
>&2 echo %1 probe %ERRORLEVEL%
`
    : ""
}if %seen%==${NOTHING_RUNS} goto report
if not %seen%==${SOMETHING_RUNS} exit /b 1
:report
if exist ${work} (>&2 echo %1 work-folder left) else (>&2 echo %1 work-folder gone)
`);
}
