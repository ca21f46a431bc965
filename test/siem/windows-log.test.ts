import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { Verdict } from "../../src/model/verdict.js";
import { type EmbeddedSiem, openEmbeddedSiem } from "../../src/siem/embedded/index.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { decide } from "../../src/verify/decide.js";
import { observe } from "../../src/verify/observe.js";
import { executionOf, rule } from "../verify/builders.js";
import { guidOf, lineText, lookText, windowsTrial } from "../verify/windows-events.js";

let folder: string;
let log: string;
let siem: EmbeddedSiem;
const startedAt = Date.now() - 60_000;
const decoded = rule(
  "decoded",
  "{ selection: { ScriptBlockText|contains|all: [FromBase64String, Invoke] }, condition: selection }",
  "{ product: windows, category: ps_script }",
);
const trial = { ...windowsTrial, telemetryHost: "WIN1.lab.test" };
const execution = executionOf({
  ...{ housekeeping: 2, alone: true, startedAt: new Date(startedAt).toISOString() },
  endedAt: new Date(startedAt + 100).toISOString(),
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-windows-"));
  log = join(folder, "windows.ndjson");
  writeFileSync(log, "");
  siem = await openEmbeddedSiem({
    sources: [{ type: "windows-log", file: log, sensor: "sysmon" }],
    rules: [decoded],
  });
});
afterEach(async () => {
  await siem.close();
  rmSync(folder, { recursive: true, force: true });
});

function logged(channel: string, eventId: number, at: number, data: Record<string, unknown>): string {
  const system = {
    ...{ EventID: eventId, Channel: channel, Computer: "WIN1.lab.test", EventRecordID: at },
    TimeCreated_SystemTime: new Date(startedAt + at).toISOString(),
  };
  return `${JSON.stringify({ ...system, ...data })}\n`;
}

const sysmon = "Microsoft-Windows-Sysmon/Operational";
const created = (at: number, CommandLine: string): string =>
  logged(sysmon, 1, at, {
    ...{ CommandLine, ProcessId: 100 + at, ProcessGuid: guidOf(at), LogonId: "0x3e5a1", ParentProcessId: 40 },
    ...(CommandLine.startsWith("powershell") ? { ParentProcessId: 102 } : {}),
  });
const rename = (at: number): string =>
  logged(sysmon, 13, at, { ProcessGuid: guidOf(9), EventType: "SetValue" });
const block = (at: number, pid: number, number: number, ScriptBlockText: string): string =>
  logged("Microsoft-Windows-PowerShell/Operational", 4104, at, {
    ...{ Execution_ProcessID: pid, ScriptBlockText, ScriptBlockId: `b${pid}` },
    ...{ MessageNumber: number, MessageTotal: 2 },
  });
const act = [
  created(1, `cmd.exe /d /c rem tyrian-sentinel begin ${trial.id}`),
  created(2, lineText),
  created(3, "powershell.exe -NoProfile -Command x"),
  rename(4),
  created(5, lookText),
  created(6, `cmd.exe /d /c rem tyrian-sentinel end ${trial.id}`),
];

async function verdictOn(compiled: CompiledRule): Promise<Verdict | undefined> {
  const rules = new Map([[compiled.id, compiled]]);
  const expectations = [{ analytic: compiled.id, outcome: "detected" as const, execution: "ran" as const }];
  const asked = { ...trial, expectations };
  const observation = await observe(siem, { trial: asked, execution, rules, lostBefore: null });
  return decide({ trial: asked, execution, observation, rules })[0];
}

test("a script block in parts, which come in any order and after the sentinels, is credited to the act's process", async () => {
  appendFileSync(log, act.join(""));
  appendFileSync(
    log,
    block(4, 103, 2, "); Invoke-Something") + block(4, 103, 1, "[Convert]::FromBase64String('aGk='"),
  );
  expect(await verdictOn(decoded)).toMatchObject({
    ...{ outcome: "detected", attribution: "exact", evaluatedBy: "embedded", background: null },
    evidence: expect.arrayContaining([`WIN1.lab.test/powershell/${startedAt + 4}:4`]),
  });
});

test("numbers that other events of Sysmon's log have used up are not missing", async () => {
  appendFileSync(log, act.join(""));
  const span = { host: "WIN1.lab.test", from: startedAt, to: startedAt + 100 };
  const events = (await siem.events([span])).value;
  const otherRecords = (await siem.otherRecords([span])).value;
  const known = { housekeeping: null, alone: true };
  expect(bracketOf(trial, events, known)).toMatchObject({ state: "closed", unseen: 1 });
  expect(bracketOf(trial, events, { ...known, otherRecords })).toMatchObject({ state: "closed", unseen: 0 });
});
