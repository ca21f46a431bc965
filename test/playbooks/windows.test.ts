import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { addressOf, attackAnalytics } from "../../src/attack/t1059.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { isForWindows, renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { windowsBatchLine } from "../../src/playbook/windows-command-line.js";
import { documentOf, rules, short, techniqueFolders } from "./shelf.js";
import { type ConstructedEvents, windowsEvents } from "./windows-events.js";

/**
 * The playbooks for Windows against constructed events (see windows-events.ts): each analytic fires on what its own
 * procedure would leave and stays quiet on what its twin would leave.
 */

const { playbooks } = await loadPlaybooks(techniqueFolders);
const work = "C:\\Windows\\Temp\\tmpAbCdEf0123";
const cases = playbooks.flatMap((playbook) =>
  playbook.procedures.filter(isForWindows).flatMap((procedure) =>
    procedure.expect.flatMap(({ analytic }) =>
      variantsOf(procedure).map((variant) => ({
        playbook,
        procedure,
        variant,
        file: resolve(dirname(playbook.file), analytic),
        title: `${short(resolve(dirname(playbook.file), analytic))} ${JSON.stringify(variant)}`,
      })),
    ),
  ),
);

/** The logs that hold events of a rule's category. */
function logsOf(file: string): readonly (keyof ConstructedEvents)[] {
  switch ((documentOf(file)["logsource"] as { readonly category: string }).category) {
    case "ps_script":
      return ["powershell"];
    case "ps_classic_start":
      return ["engine"];
    case "image_load":
      return ["modules"];
    default:
      return ["sysmon", "security"];
  }
}

function fires(file: string, events: ConstructedEvents, log: keyof ConstructedEvents): boolean {
  const rule = rules.find((entry) => entry.file === file)?.rule;
  if (rule === undefined) throw new Error(`${file} has no rule`);
  return events[log].some((event) => rule.matches(event));
}

describe("on constructed Windows events", () => {
  for (const { playbook, procedure, variant, file, title } of cases)
    test(title, () => {
      const text = readFileSync(file, "utf8");
      const events = windowsEvents(renderAction(procedure, variant, work).act, work);
      const twin = twinAsProcedure(procedure);
      if (twin === null) throw new Error(`${procedure.id} has no twin`);
      const [twinVariant = variant] = variantsOf(twin);
      const twinEvents = windowsEvents(renderAction(twin, { ...variant, ...twinVariant }, work).act, work);
      const logs = logsOf(file);
      for (const log of logs) {
        const needsParent = text.includes("ParentCommandLine");
        if (needsParent)
          expect(text.replace(/\s+/g, " ")).toContain("Needs the parent's command line (Sysmon)");
        expect(fires(file, events, log), `${log} of ${procedure.id}`).toBe(
          !(needsParent && log === "security"),
        );
        expect(fires(file, twinEvents, log), `${log} of the twin of ${procedure.id}`).toBe(false);
      }
      const about = attackAnalytics.find(
        ({ technique, platforms }) => technique === playbook.technique && platforms.includes("Windows"),
      );
      if (about === undefined) throw new Error(`ATT&CK has no analytic of ${playbook.technique} on Windows`);
      expect(text).toContain(addressOf(about));
    });
});

test("cmd.exe can carry every command line", () => {
  for (const { procedure } of cases)
    for (const action of [procedure, twinAsProcedure(procedure)])
      for (const variant of action === null ? [] : variantsOf(action))
        if (action !== null)
          expect(windowsBatchLine(renderAction(action, variant, work).act, work)).not.toBeNull();
});

test("each technique of Windows has six procedures at least", () => {
  const count = new Map<string, number>();
  for (const { technique, procedures } of playbooks) {
    const own = procedures.filter(isForWindows).length;
    count.set(technique, (count.get(technique) ?? 0) + own);
  }
  for (const technique of ["T1059.001", "T1059.003", "T1059.005", "T1059.007", "T1059.010"])
    expect(count.get(technique), technique).toBeGreaterThanOrEqual(6);
});

test("what Wine can run is tagged: its own shell and script host, AutoHotkey, and nothing of PowerShell", () => {
  for (const { procedure } of cases.filter((one) => one.procedure.tags.includes("wine"))) {
    const texts = [procedure.run, procedure.twin?.run ?? ""].join("\n");
    expect(JSON.stringify(procedure.interpreter), procedure.id).toMatch(
      /"program":"(cmd|cscript|autohotkey)"/,
    );
    // Wine's script host refuses //E:, and has no streams of its own.
    expect(texts, procedure.id).not.toMatch(/powershell|\/\/e:|wscript\.std|tasklist|findstr/i);
  }
});
