import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPlaybooks } from "../../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../../src/playbook/render.js";
import { shelf } from "../../playbooks/shelf.js";
import { skippedFor } from "../../skipped.js";
import { noWine } from "../../winrm-server/wine.js";
import { startWindows, windowsTrial, type WindowsHost } from "./host.js";

/** The interpreters themselves, from where the environment says. */
const interpreters = [
  {
    ...{ name: "AutoHotkey", program: "autohotkey", tag: "wine", variable: "TYRIAN_AUTOHOTKEY" },
    source: "AutoHotkeyV2.exe of PyPI's ahk-binary",
  },
  // Never run by the authors: no package of a registry brings it.
  {
    ...{ name: "AutoIt", program: "autoit3", tag: "autoit", variable: "TYRIAN_AUTOIT" },
    source: "AutoIt3.exe of AutoIt 3.3, from autoitscript.com",
  },
] as const;
const display = process.env["DISPLAY"] ?? "";

function whyNot({ name, variable, source }: (typeof interpreters)[number]): string | null {
  if (noWine !== null) return noWine;
  if (!existsSync(process.env[variable] ?? "")) return `${variable} names no executable (${source})`;
  // Both make windows.
  return display === "" ? `${name} needs a display, and DISPLAY names none (Xvfb)` : null;
}

const { playbooks } = await loadPlaybooks([join(shelf, "T1059.010-autohotkey-autoit")]);
const actions = playbooks
  .flatMap(({ procedures }) => procedures)
  .flatMap((procedure) =>
    [procedure, twinAsProcedure(procedure)].map((action) => ({ action, tags: procedure.tags })),
  );

describe.each(interpreters)("$name on Wine", { timeout: 90_000 }, (interpreter) => {
  const { name, program, tag, variable } = interpreter;
  const reason = whyNot(interpreter);
  let windows: WindowsHost;
  beforeAll(async () => {
    if (reason !== null) return;
    windows = await startWindows("WinRM", "cmd", display);
    copyFileSync(process.env[variable] ?? "", join(windows.wine.drive, `${name}.exe`));
  }, 180_000);
  afterAll(async () => await windows?.stop());

  for (const { action, tags } of actions) {
    if (action === null || !tags.includes(tag)) continue;
    test(`${action.id}: ${action.name}`, skippedFor(reason), async () => {
      const [variant] = variantsOf(action);
      // As the plan does it with the path that an inventory tells.
      const placed = {
        ...variant,
        program:
          action.interpreter.program === program ? `C:\\${name}.exe` : String(action.interpreter.program),
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
