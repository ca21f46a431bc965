import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SENTINEL_WORD } from "../../src/model/event.js";
import type { Trial } from "../../src/model/trial.js";
import { actArguments } from "../../src/playbook/act-arguments.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { openEmbeddedSiem } from "../../src/siem/embedded/index.js";
import { decide } from "../../src/verify/decide.js";
import type { Verdict } from "../../src/model/verdict.js";
import { readFileSync } from "node:fs";
import { alertsOf } from "../siem/questions.js";
import { ConstructedMac, type MacProcess } from "../telemetry/macos/mac.js";
import { executionOf, shippedOf, statusOf, trialOf } from "./builders.js";

/**
 * Verdicts on a Mac, from lines of eslogger in a file, through the embedded SIEM and the shipped rules. The lines are constructed: no Mac
 * took part.
 */

const file = resolve(import.meta.dirname, "../../playbooks/T1059.002-applescript/playbook.yaml");
const { playbooks } = await loadPlaybooks([file]);
const procedures = playbooks.flatMap((playbook) => playbook.procedures);
const procedure = procedures.find(
  ({ id }) => id === "shell-from-inline-applescript",
) as (typeof procedures)[number];
const twin = twinAsProcedure(procedure) as typeof procedure;
const rules = procedure.expect.map(({ analytic }) => {
  const path = join(dirname(file), analytic);
  const { rule } = compileAnalytic({ file: path, text: readFileSync(path, "utf8") });
  if (rule === null) throw new Error(path);
  return rule;
});

function trialFor(action: typeof procedure): Trial {
  const base = trialOf({ platform: "macos", telemetryHost: "mac1" });
  const [variant = {}] = variantsOf(action);
  return {
    ...base,
    act: renderAction(action, variant, base.work).act,
    twin: action === twin,
    expectations: rules.map(({ id }) => ({
      analytic: id,
      outcome: action === twin ? ("quiet" as const) : ("detected" as const),
      execution: "ran" as const,
    })),
  };
}

interface Acted {
  readonly mac: ConstructedMac;
  readonly shell: MacProcess;
  readonly osascript: MacProcess;
}

/** What a Mac would log of a trial. @param meanwhile what else happens between the sentinels */
function logOf(trial: Trial, meanwhile: (acted: Acted) => void = () => undefined): string[] {
  const mac = new ConstructedMac();
  const shell = mac.start(mac.before("/usr/libexec/sshd-session"), "/bin/sh", ["/bin/sh"]);
  const sentinel = (edge: string): void =>
    void mac.start(shell, "/usr/bin/true", ["/usr/bin/true", SENTINEL_WORD, edge, trial.id]);
  sentinel("begin");
  const osascript = mac.start(shell, "/usr/bin/osascript", actArguments(trial.act, trial.work));
  if (trial.act.code.startsWith("do shell script"))
    mac.start(osascript, "/bin/sh", ["sh", "-c", "echo child $((1337 * 3))"]);
  meanwhile({ mac, shell, osascript });
  mac.exit(osascript);
  mac.start(shell, "/bin/ps", ["ps", "-axo", "pid=,ppid=,pgid=,state=,ruid=,lstart="]);
  sentinel("end");
  mac.start(mac.before("/usr/sbin/cron"), "/bin/sh", ["sh", "-c", "periodic"]);
  return mac.lines;
}

describe("a verdict on a Mac", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "tyrian-mac-log-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The verdict of each analytic over what the embedded SIEM made of the file. */
  async function verdictsOn(trial: Trial, lines: readonly string[]): Promise<Verdict[]> {
    const log = join(folder, "eslogger.ndjson");
    writeFileSync(log, lines.map((line) => `${line}\n`).join(""));
    const siem = await openEmbeddedSiem({
      sources: [{ type: "macos-log", file: log, host: "mac1", format: "eslogger" }],
      rules,
    });
    try {
      const sensor = (await siem.sensor("mac1", 0)).value;
      const events = (await siem.events([{ host: "mac1", from: 0, to: Number.MAX_SAFE_INTEGER }])).value;
      const alerts = (await alertsOf(siem, "mac1", 0, Date.now() + 1_000)).value;
      const observation = shippedOf(events, alerts, {
        rules: rules.map(({ id }) => statusOf({ rule: id, evaluatedBy: "embedded" })),
        background: Object.fromEntries(
          rules.map(({ id }) => [id, { matches: 0, observedHours: 1, perDay: 0 }]),
        ),
        sensor: { lostBefore: 0, lostAfter: sensor.lost, running: sensor.running, detail: sensor.detail },
        ...late(Math.max(...events.map(({ ingestedAt }) => ingestedAt))),
      });
      const execution = executionOf({ housekeeping: 1 });
      return decide({ trial, execution, observation, rules: new Map(rules.map((rule) => [rule.id, rule])) });
    } finally {
      await siem.close();
    }
  }

  /** Long after everything has arrived. */
  const late = (arrived: number) => ({
    ...{ askedAt: arrived + 600_000, answeredAt: arrived + 601_000, deadlineAt: arrived + 599_000 },
    agreedAt: arrived + 601_000,
  });

  const outcomes = (verdicts: readonly Verdict[]): string[] => verdicts.map(({ outcome }) => outcome);

  test("credits both rules with the act's own processes, and its twin is quiet", async () => {
    const trial = trialFor(procedure);
    const verdicts = await verdictsOn(trial, logOf(trial));
    expect(outcomes(verdicts)).toEqual(["detected", "detected"]);
    expect(verdicts.map(({ attribution }) => attribution)).toEqual(["exact", "exact"]);
    const other = trialFor(twin);
    expect(outcomes(await verdictsOn(other, logOf(other)))).toEqual(["quiet", "quiet"]);
  });

  test("of a twin is a false alarm where a rule fires for its own child", async () => {
    const trial = trialFor(twin);
    const lines = logOf(trial, ({ mac, osascript }) => mac.start(osascript, "/bin/sh", ["sh", "-c", "id"]));
    expect(outcomes(await verdictsOn(trial, lines))).toEqual(["quiet", "false-alarm"]);
  });

  test("does not credit what another of the same session did meanwhile, and what nothing places leaves silence undecided", async () => {
    const trial = trialFor(twin);
    const lines = logOf(trial, ({ mac }) => {
      const other = mac.start(mac.before("/sbin/launchd"), "/usr/bin/osascript", ["osascript", "-e", "1"]);
      mac.start(other, "/bin/sh", ["sh", "-c", "id"]);
    });
    // Nothing of it is what the first rule looks for: whoever did it, that one stayed silent.
    expect(outcomes(await verdictsOn(trial, lines))).toEqual(["quiet", "undecided"]);
  });

  test.each([
    [
      "the kernel dropped an exec between the sentinels",
      (acted: Acted) => {
        const child = acted.mac.fork(acted.osascript);
        acted.mac.drop();
        acted.mac.exec(child, "/bin/sh", ["sh", "-c", "id"]);
      },
    ],
    ["eslogger was started again between the sentinels", ({ mac }: Acted) => mac.restart()],
  ])("of silence is undecided when %s", async (_what, meanwhile) => {
    const trial = trialFor(twin);
    expect(outcomes(await verdictsOn(trial, logOf(trial, meanwhile)))).toEqual(["undecided", "undecided"]);
  });

  test("of silence is undecided when a line of the log is damaged", async () => {
    const trial = trialFor(twin);
    const lines = logOf(trial).map((line) => (line.includes('"-e"') ? line.slice(0, 200) : line));
    expect(outcomes(await verdictsOn(trial, lines))).toEqual(["undecided", "undecided"]);
  });
});
