import { dirname, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { LabHost } from "../../../src/lab/embedded/index.js";
import type { Results } from "../../../src/model/results.js";
import { skippedFor } from "../../skipped.js";
import { type House, openHouse, whyNoLab } from "../house.js";
import { account, startHost, winrmTarget } from "../../transport/winrm/host.js";
import { interpreterOn, whyNoWineLab, wineState } from "./wine-lab.js";

const playbook = (name: string): string => resolve(import.meta.dirname, "../../../playbooks", name);

/** What Wine lacks for a procedure, so that its proof is not met or its verdict undecided. */
const limits: Readonly<Record<string, string>> = {
  "command-from-variable-substring": "failed: Wine's cmd does not cut a variable that is expanded late",
  "vbs-engine-for-other-extension": "failed: Wine's cscript has no //E",
  "vbs-engine-for-other-extension (twin)": "failed: Wine's cscript has no //E",
  "js-engine-for-other-extension": "failed: Wine's cscript has no //E",
  "js-engine-for-other-extension (twin)": "failed: Wine's cscript has no //E",
  "script-engine-loaded": "ran undecided: the rule reads loaded modules",
  "script-engine-loaded (twin)": "ran undecided: the rule reads loaded modules",
  "shell-from-vbs-script": "ran undecided: the rule reads the parent process",
  "shell-from-js-script": "ran undecided: the rule reads the parent process",
  "node-decoded-text-evaluated": "failed: there is no node",
  "node-decoded-text-evaluated (twin)": "failed: there is no node",
  "shell-from-inline-node": "failed: there is no node",
  "shell-from-inline-node (twin)": "failed: there is no node",
  "node-script-in-temporary-folder": "failed: there is no node",
  "node-script-in-temporary-folder (twin)": "failed: there is no node",
};

type TrialResult = Results["trials"][number];

function nameOf({ procedure, twin }: TrialResult): string {
  return twin ? `${procedure} (twin)` : procedure;
}

function outcomeOf({ execution, verdicts }: TrialResult): string {
  const outcomes = verdicts.map(({ outcome }) => outcome).join(" ");
  return execution.status === "ran" ? `ran ${outcomes}` : execution.status;
}

describe("a run on a Windows host that Wine plays", skippedFor(whyNoLab() ?? (await whyNoWineLab())), () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(1, "root", { profile: "windows-wine", stateHome: dirname(wineState()) });
  }, 180_000);
  afterAll(async () => await house?.close());

  test("decides what Wine can run and its sensor can tell, and nothing else", async () => {
    const { results, warnings } = await house.runFolders(
      ["T1059.003-windows-command-shell", "T1059.005-visual-basic", "T1059.007-javascript-windows"].map(
        playbook,
      ),
    );
    expect(warnings).toEqual([]);
    const found = results.trials.map((trial) => [nameOf(trial), outcomeOf(trial)]);
    const wanted = results.trials.map((trial) => [
      nameOf(trial),
      limits[nameOf(trial)]?.split(":")[0] ?? `ran ${trial.twin ? "quiet" : "detected"}`,
    ]);
    expect(found).toEqual(wanted);
    for (const { fidelity, cleanup, verdicts } of results.trials) {
      expect([fidelity, cleanup.status]).toEqual(["wine", "clean"]);
      for (const { outcome, attribution } of verdicts)
        expect(attribution).toBe(outcome === "detected" ? "exact" : null);
    }
  }, 240_000);

  test("over WinRM decides the same", async () => {
    const standIn = await startHost({ interpreter: interpreterOn(house.state.hosts[0] as LabHost) });
    vi.stubEnv("TYRIAN_TEST_PASSWORD", account.password);
    try {
      const authentication = { type: "ntlm", user: account.user, password: "env:TYRIAN_TEST_PASSWORD" };
      const { results } = await house.runFolders(
        ["T1059.003-windows-command-shell", "T1059.005-visual-basic"].map(playbook),
        {
          selection: { procedures: ["nested-shells", "vbs-script-written-and-run"] },
          hosts: { transport: winrmTarget(standIn.standIn.port, { authentication }).transport },
        },
      );
      expect(results.trials.map((trial) => [nameOf(trial), outcomeOf(trial), trial.cleanup.status])).toEqual([
        ["nested-shells", "ran detected", "clean"],
        ["nested-shells (twin)", "ran quiet", "clean"],
        ["vbs-script-written-and-run", "ran detected", "clean"],
        ["vbs-script-written-and-run (twin)", "ran quiet", "clean"],
      ]);
    } finally {
      vi.unstubAllEnvs();
      await standIn.stop();
    }
  }, 240_000);

  test("takes no stub of PowerShell for the real one: nothing of it is proved, and nothing is decided", async () => {
    const { results } = await house.runFolders([playbook("T1059.001-powershell")], {
      selection: { variants: "first" },
    });
    expect(results.trials.length).toBeGreaterThan(6);
    for (const trial of results.trials) {
      expect([nameOf(trial), trial.execution.status]).not.toEqual([nameOf(trial), "ran"]);
      for (const { outcome, met } of trial.verdicts) expect([outcome, met]).toEqual(["undecided", false]);
    }
  }, 240_000);
});
