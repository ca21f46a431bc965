import { askProcesses, runScript } from "../../src/engine/windows/script.js";
import { type HostEvent, SENTINEL_WORD } from "../../src/model/event.js";
import type { Trial } from "../../src/model/trial.js";
import { splitCommandLine } from "../../src/telemetry/wine-command-line.js";
import { exec, trialOf } from "./builders.js";

/** A trial on a Windows host of the same names as in the other builders. */
export const windowsTrial: Trial = trialOf({
  platform: "windows",
  work: "C:\\Windows\\Temp\\tmpAAAAAAAAAA",
  act: {
    ...{ program: "cscript", options: ["//Nologo"], via: "file", extension: "vbs", code: "WScript.Echo 1" },
    ...{ files: [], timeoutMs: 1000 },
  },
});

/** A process of Windows, of which the sensor does not tell who started it, unless said otherwise. */
export function started(commandLine: string, over: Partial<HostEvent> = {}): HostEvent {
  const [program = ""] = splitCommandLine(commandLine);
  return exec([], {
    sensor: "sysmon",
    logsource: { product: "windows", category: "process_creation" },
    pid: null,
    ppid: null,
    fields: {
      Image: `C:\\Windows\\System32\\${program.replace(/\.exe$/, "")}.exe`,
      CommandLine: commandLine,
    },
    ...over,
  });
}

export function edgeOf(
  edge: "begin" | "end",
  over: Partial<HostEvent> = {},
  trial = windowsTrial.id,
): HostEvent {
  return started(`cmd.exe /d /c rem ${SENTINEL_WORD} ${edge} ${trial}`, over);
}

export const nonce = "tyrian-0123456789abcdef01234567";

/** What the engine's wrapper starts between its sentinels, in the engine's own words. */
export const lineText = runScript(windowsTrial, "line.cmd");
export const lookText = askProcesses(windowsTrial, "left", nonce);

/** The sentinels, the wrapper's own processes, and the act's between them; numbered in this order. */
export function acted(
  lines: readonly string[],
  over: Partial<HostEvent> = {},
): { all: HostEvent[]; act: HostEvent[] } {
  const before = [edgeOf("begin", over), started(lineText, over)];
  const act = lines.map((line) => started(line, over));
  return { all: [...before, ...act, started(lookText, over), edgeOf("end", over)], act };
}
