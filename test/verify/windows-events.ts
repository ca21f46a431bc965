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

/** The same with what a native sensor tells of each process: its number, who started it, and Sysmon's GUID. */
export function told(lines: readonly string[]): { all: HostEvent[]; act: HostEvent[] } {
  const { all, act } = acted(lines);
  const numbered = all.map((event, index) => ({
    ...event,
    pid: 50 + index,
    ppid: act.includes(event) ? 51 : 40,
    fields: { ...event.fields, ProcessGuid: guidOf(50 + index) },
  }));
  return { all: numbered, act: numbered.slice(2, -2) };
}

export function guidOf(number: number): string {
  return `{0F5A1D2C-0000-0000-0000-${String(number).padStart(12, "0")}}`;
}

let activities = 0;

/** What a process did, by a log of Windows; of a process of the number that is given. */
export function activity(
  category: "image_load" | "ps_script" | "ps_module" | "ps_classic_start",
  over: Partial<HostEvent> = {},
): HostEvent {
  activities += 1;
  const service =
    { image_load: "sysmon", ps_classic_start: "powershell-classic" }[category as string] ?? "powershell";
  return exec([], {
    id: `h1/${service}/activity-${activities}`,
    ...{ sensor: service as HostEvent["sensor"], kind: "activity", session: null, ppid: null },
    logsource: { product: "windows", category, service },
    ...over,
  });
}
