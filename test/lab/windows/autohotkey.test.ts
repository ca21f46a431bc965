import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPlaybooks } from "../../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../../src/playbook/render.js";
import { shelf } from "../../playbooks/shelf.js";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** AutoHotkey itself, from where the environment says; it makes windows, for which Wine needs a display. */
const executable = process.env["TYRIAN_AUTOHOTKEY"] ?? "";
const display = process.env["DISPLAY"] ?? "";

function whyNot(): string | null {
  if (noWine !== null) return noWine;
  if (!existsSync(executable))
    return "TYRIAN_AUTOHOTKEY names no executable (AutoHotkeyV2.exe of PyPI's ahk-binary)";
  return display === "" ? "AutoHotkey needs a display, and DISPLAY names none (Xvfb)" : null;
}

const { playbooks } = await loadPlaybooks([join(shelf, "T1059.010-autohotkey-autoit")]);
const actions = playbooks
  .flatMap(({ procedures }) => procedures)
  .filter(({ tags }) => tags.includes("wine"))
  .flatMap((procedure) => [procedure, twinAsProcedure(procedure)])
  .filter((action) => action !== null);

describe("AutoHotkey on Wine", { ...skippedFor(whyNot()), timeout: 90_000 }, () => {
  let windows: WindowsHost;
  beforeAll(async () => {
    windows = await startWindows("WinRM", "cmd", display);
    copyFileSync(executable, join(windows.wine.drive, "AutoHotkey64.exe"));
  }, 180_000);
  afterAll(async () => await windows?.stop());

  for (const action of actions) {
    test(`${action.id}: ${action.name}`, async () => {
      const [variant] = variantsOf(action);
      const { program } = action.interpreter;
      // As the plan does it with the path that an inventory tells.
      const placed = {
        ...variant,
        program: program === "autohotkey" ? "C:\\AutoHotkey64.exe" : String(program),
      };
      const blank = windowsTrial("");
      const trial = {
        ...blank,
        ...renderAction(action, placed, blank.work),
        effects: action.effects,
      };
      const { execution, cleanup } = await windows.run(trial);
      expect({ ...execution, cleanup: cleanup.status }).toMatchObject({ status: "ran", cleanup: "clean" });
    });
  }
});
