import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withheldTargets } from "../../src/cli/compose.js";
import { recoverRun } from "../../src/cli/recovery.js";
import { reviseRun } from "../../src/cli/revision.js";
import { foldRun } from "../../src/journal/fold.js";
import { readJournal } from "../../src/journal/read.js";
import { rulesOfPlan } from "../../src/plan/analytics.js";
import { replay } from "../../src/verify/replay.js";
import { toResults } from "../../src/journal/results.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, whyNoLab } from "./house.js";
import { playbookOf, ruleOf, writePlaybook } from "./playbooks.js";

/** What a crash, a lost host or Ctrl-C leaves: never a second execution, always the cleanup. */

const rule = { "rule.yml": ruleOf("rule", "{ CommandLine|contains: needle }") };
const slow = playbookOf({
  run: "echo needle > mark; setsid sleep 60 >/dev/null 2>&1 & sleep 2; echo done",
  effects: "[work-folder, background-process]",
  cleanup: '{ run: "rm -f mark", probe: "[ ! -e mark ]" }',
});
const quick = playbookOf({ run: "echo needle >/dev/null; echo done" });

describe("on real hosts", skippedFor(whyNoLab()), () => {
  let house: House;
  let count = 0;
  beforeAll(async () => {
    house = await openHouse(2);
  });
  afterAll(async () => {
    await house?.close();
  });

  async function killedAt(type: string, playbook: string): Promise<string> {
    count += 1;
    const source = join(house.folder, `killed-${count}`);
    const runs = join(house.folder, `killed-runs-${count}`);
    writePlaybook(source, playbook, rule);
    const program = resolve(import.meta.dirname, "killed-run-process.ts");
    const ended = promisify(execFile)(process.execPath, ["--import", "tsx", program, source, runs, type], {
      timeout: 60_000,
    });
    await expect(ended).rejects.toMatchObject({ signal: "SIGKILL" });
    const [run] = readdirSync(runs);
    if (run === undefined) throw new Error("no run was made");
    return join(runs, run);
  }

  /** The command lines on a host. */
  function processesOf(host: string): string {
    return house.inside(host, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
  }

  /** How often the sentinel that opens the act was run, by the kernel's own record. */
  function actsOf(trial: string): number {
    const file = house.state.sensor.type === "auditd" ? house.state.sensor.file : "";
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.includes(`a2="begin" a3="${trial}"`)).length;
  }

  test.each([
    ["trial-prepared", quick, "not-run", 0],
    ["trial-armed", quick, "indeterminate", 0],
    ["act", slow, "indeterminate", 1],
    // Nobody has looked at its proof.
    ["trial-executed", quick, "indeterminate", 1],
    ["trial-checked", quick, "ran", 1],
    ["trial-cleaned", quick, "ran", 1],
    ["trial-observed", quick, "ran", 1],
    ["trial-verified", quick, "ran", 1],
  ])("killed at %s: no second execution, and the cleanup is done", async (type, playbook, status, acts) => {
    const folder = await killedAt(type, playbook);
    const before = foldRun((await readJournal(folder)).events);
    expect(before.ended).toBeNull();
    const trial = before.plan?.trials[0];
    if (trial === undefined) throw new Error("no trial");
    const withheld = withheldTargets(house.lab);
    const owes = before.trials[0]?.reached.armed !== undefined && before.trials[0]?.cleanup === null;
    if (owes) {
      expect(await withheld.markOf("h1")).toMatchObject({ trial: trial.id });
      const refused = await house.run(quick, rule, { selection: { targets: ["h1"] } });
      expect(refused.results.trials[0]?.execution).toMatchObject({
        status: "not-run",
        reason: { code: "target-dirty" },
      });
    }
    const warnings: string[] = [];
    const recovered = await recoverRun(folder, house.lab, (message) => warnings.push(message));
    expect(recovered.map(({ cleanup }) => cleanup.status)).toEqual(owes ? ["clean"] : []);
    expect(await withheld.markOf("h1")).toBeNull();
    expect(actsOf(trial.id)).toBe(acts);
    expect(house.inside("h1", `[ -e ${trial.work} ] && echo there || echo gone`)).toBe("gone\n");
    expect(processesOf("h1")).not.toContain("sleep 60");

    const state = foldRun((await readJournal(folder)).events);
    expect(state.ended).toBe("recovered");
    expect(toResults(state).trials[0]).toMatchObject({ execution: { status }, cleanup: { status: "clean" } });
    // The results that recovery wrote are those of the journal.
    expect(JSON.parse(readFileSync(join(folder, "results.json"), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(toResults(state))),
    );
    expect((await house.run(quick, rule, { selection: { targets: ["h1"] } })).results.summary.met).toBe(1);
  });

  test("killed before the SIEM was asked: asked later it gives the verdict, also twice, and the journal replays", async () => {
    const folder = await killedAt("trial-cleaned", quick);
    const never = new AbortController().signal;
    const first = await reviseRun(folder, house.lab, "open", never);
    expect(first.revised).toMatchObject([{ changed: true, before: [], after: [{ outcome: "detected" }] }]);
    expect(first.state.trials[0]?.verdicts).toMatchObject([{ outcome: "detected", attribution: "exact" }]);
    expect((await reviseRun(folder, house.lab, "open", never)).revised).toEqual([]);
    expect((await reviseRun(folder, house.lab, "all", never)).revised).toMatchObject([{ changed: false }]);
    const { events } = await readJournal(folder);
    expect(
      replay(events, rulesOfPlan(first.state.plan ?? { analytics: [] })).map(({ same }) => same),
    ).toEqual([true]);
    const elsewhere = { ...house.lab, identity: "another-lab" };
    await expect(reviseRun(folder, elsewhere, "all", never)).rejects.toMatchObject({ code: "lab-mismatch" });
    await recoverRun(folder, house.lab, () => undefined);
  });

  test("a host cut off in the middle of the act gives indeterminate and withholds the target until it is clean", async () => {
    const link = execFileSync("ip", ["-n", lastPart(house.state.network.namespace), "-br", "link"], {
      encoding: "utf8",
    });
    const second = /^(\S*2)@/m.exec(link)?.[1];
    if (second === undefined) throw new Error(`no link of h2 in ${link}`);
    const network = (...words: string[]): void => {
      execFileSync("ip", ["-n", lastPart(house.state.network.namespace), ...words]);
    };
    const unreachable = ["unreachable", `${house.state.hosts[1]?.address}/32`];
    const outcome = await house.run(slow, rule, {
      selection: { targets: ["h2"] },
      keepAliveMs: 1_000,
      onEvent: (event) => {
        if (event.type === "trial-armed") setTimeout(() => network("link", "set", second, "down"), 500);
        // The loss was noticed by its silence; that it goes on need not be waited for by every attempt.
        if (event.type === "trial-executed") network("route", "add", ...unreachable);
      },
    });
    network("route", "del", ...unreachable);
    network("link", "set", second, "up");
    const [trial] = outcome.results.trials;
    expect(trial?.execution).toMatchObject({ status: "indeterminate", reason: { code: "disconnected" } });
    expect(trial?.verdicts[0]).toMatchObject({ outcome: "undecided", cause: { link: "execution" } });
    expect(trial?.cleanup.status).toBe("unverified");
    expect(await withheldTargets(house.lab).markOf("h2")).toMatchObject({ trial: trial?.id });
    const recovered = await recoverRun(outcome.folder, house.lab, () => undefined);
    expect(recovered.map(({ cleanup }) => cleanup.status)).toEqual(["clean"]);
    expect(processesOf("h2")).not.toContain("sleep 60");
  }, 90_000);

  test("an interrupted run ends its processes, cleans up and starts nothing more", async () => {
    const interrupt = new AbortController();
    const playbook = playbookOf(
      {
        run: "setsid sleep 60 >/dev/null 2>&1 & sleep 30; echo done",
        effects: "[background-process]",
        cleanup: '{ run: "true", probe: "! pgrep -x sleep" }',
      },
      { run: "echo needle >/dev/null; echo done" },
    );
    const started = Date.now();
    const outcome = await house.run(playbook, rule, {
      selection: { targets: ["h1"] },
      signal: interrupt.signal,
      onEvent: (event) => {
        if (event.type === "trial-armed") setTimeout(() => interrupt.abort(new Error("Ctrl-C")), 500);
      },
    });
    expect(Date.now() - started).toBeLessThan(15_000);
    const [first, second] = outcome.results.trials;
    expect(first).toMatchObject({
      execution: { status: "failed", reason: { code: "interrupted" } },
      cleanup: { status: "clean" },
    });
    expect(second?.execution.status).toBe("not-run");
    expect(outcome.results.run.ended).toBe("interrupted");
    await sleep(200);
    expect(processesOf("h1")).not.toContain("sleep");
  });
});

function lastPart(path: string): string {
  return path.split("/").at(-1) ?? path;
}
