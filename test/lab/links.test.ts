import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseLab } from "../../src/cli/lab-choice.js";
import type { Results } from "../../src/model/results.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, whyNoLab } from "./house.js";
import { playbookOf, ruleOf } from "./playbooks.js";

/** Each link of the chain is broken for real, and the verdict must name it. */

const rule = { "rule.yml": ruleOf("rule", "{ CommandLine|contains: needle }") };
const one = { targets: ["h1"] };

function only(results: Results): Results["trials"][number] {
  const [trial, ...others] = results.trials;
  if (trial === undefined || others.length > 0)
    throw new Error(`expected one trial, got ${results.trials.length}`);
  return trial;
}

describe("on a real host", skippedFor(whyNoLab()), () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(2);
  });
  afterAll(async () => {
    await house?.close();
  });

  test("the lab's inventory named as a file, or a copy of it, is the same lab: its sensors can be asked", async () => {
    const copy = join(house.folder, "copy.json");
    const inventory = JSON.parse(readFileSync(house.state.inventory, "utf8")) as object;
    writeFileSync(copy, JSON.stringify({ ...inventory, name: "copy" }));
    const signal = new AbortController().signal;
    for (const file of [house.state.inventory, copy]) {
      const lab = await chooseLab({ file, targets: "none", signal });
      expect(await lab.probe?.("h1")).toMatchObject({ running: true, lost: expect.any(Number) });
      expect(lab.started).toBe(false);
      await lab.release();
    }
    // Another token: nothing shows that these hosts are the lab's.
    const token = join(house.folder, "other-token");
    writeFileSync(token, "a-token-of-the-test-4f0d1c2e9a3b4c5d\n");
    writeFileSync(
      copy,
      JSON.stringify({ ...inventory, token: { path: "/etc/token", value: `file:${token}` } }),
    );
    expect((await chooseLab({ file: copy, targets: "none", signal })).probe).toBeUndefined();
  });

  test("an analytic that fires for the trial's own process is detected, exactly, with its latency", async () => {
    const { results } = await house.run(playbookOf({ run: "echo needle >/dev/null; echo done" }), rule, {
      selection: one,
    });
    const trial = only(results);
    expect(trial.execution).toMatchObject({ status: "ran", exitCode: 0, proof: { met: true } });
    expect(trial.cleanup.status).toBe("clean");
    expect(trial.verdicts[0]).toMatchObject({
      outcome: "detected",
      attribution: "exact",
      evaluatedBy: "embedded",
      cause: null,
    });
    expect(trial.verdicts[0]?.latency.ingest).toBeLessThan(20_000);
  });

  test("a rule with one clause that cannot match gives logged, with the clause and both values", async () => {
    const broken = { "rule.yml": ruleOf("rule", "{ Image: bash, CommandLine|contains: needle }") };
    const { results } = await house.run(playbookOf({ run: "echo needle >/dev/null; echo done" }), broken, {
      selection: one,
    });
    const verdict = only(results).verdicts[0];
    expect(verdict).toMatchObject({ outcome: "logged", cause: { link: "clause" } });
    expect(verdict?.cause?.nearest).toMatchObject({ met: 1, needed: 2 });
    expect(verdict?.cause?.nearest?.unmet).toEqual([
      expect.objectContaining({
        field: "Image",
        wanted: expect.stringContaining("bash"),
        found: "/usr/bin/bash",
      }),
    ]);
    expect(verdict?.cause?.nearest?.unmet[0]?.change).toContain("/bash");
  });

  test("an interpreter that is not there gives not-run, and no detection is spoken of", async () => {
    house.inside("h1", "mv /usr/bin/lua5.4 /usr/bin/lua5.4.away");
    try {
      const { results } = await house.run(playbookOf({ program: "lua5.4", run: "print('done')" }), rule, {
        selection: one,
      });
      expect(only(results).execution).toMatchObject({
        status: "not-run",
        reason: { message: expect.stringContaining("lua5.4") },
      });
      expect(only(results).verdicts[0]).toMatchObject({ outcome: "undecided", cause: { link: "execution" } });
    } finally {
      house.inside("h1", "mv /usr/bin/lua5.4.away /usr/bin/lua5.4");
    }
  });

  test("a sensor that is stopped gives blind, with the link, and not logged", async () => {
    const key = house.state.hosts[0]?.sensorHost ?? "";
    const rules = execFileSync("auditctl", ["-l", "-k", key], { encoding: "utf8" }).trim().split("\n");
    expect(rules.length).toBeGreaterThan(0);
    execFileSync("auditctl", ["-D", "-k", key], { stdio: "ignore" });
    try {
      const { results } = await house.run(playbookOf({ run: "echo needle >/dev/null; echo done" }), rule, {
        selection: one,
      });
      expect(only(results).execution.status).toBe("ran");
      expect(only(results).verdicts[0]).toMatchObject({ outcome: "blind", cause: { link: "host-log" } });
    } finally {
      for (const text of rules.toReversed())
        execFileSync("auditctl", text.replace(/^-a /, "-A ").split(" "), { stdio: "ignore" });
    }
  });

  const tool = playbookOf({
    run: '"$PWD/tool" needle',
    files: '[ { name: tool, executable: true, content: "#!/bin/sh\\necho done\\n" } ]',
    effects: "[work-folder]",
    cleanup: '{ run: "true", probe: "[ ! -e tool ]" }',
    expect: "[ { analytic: analytics/rule.yml, execution: prevented } ]",
  });
  const control = {
    id: "noexec-tmp",
    description: "",
    refuses: { errors: ["EACCES" as const], paths: ["/tmp/"] },
  };

  test("a refusal by a declared control gives prevented, with the audit record, and failed where nobody declared it", async () => {
    house.inside("h1", "mount --bind /tmp /tmp && mount -o remount,bind,noexec /tmp");
    try {
      const declared = only((await house.run(tool, rule, { selection: one, controls: [control] })).results);
      expect(declared.execution).toMatchObject({ status: "prevented", reason: { code: "control-refused" } });
      expect(declared.verdicts[0]?.met).toBe(true);
      const undeclared = only((await house.run(tool, rule, { selection: one })).results);
      expect(undeclared.execution).toMatchObject({ status: "failed", reason: { code: "proof-not-met" } });
    } finally {
      house.inside("h1", "umount /tmp");
    }
    const without = only((await house.run(tool, rule, { selection: one, controls: [control] })).results);
    expect(without.execution.status).toBe("ran");
  });

  test("a command that exits 0 and does nothing is not ran", async () => {
    const { results } = await house.run(playbookOf({ run: "true" }), rule, { selection: one });
    expect(only(results).execution).toMatchObject({
      status: "failed",
      exitCode: 0,
      reason: { code: "proof-not-met" },
    });
  });

  test("an analytic that matches everything is reported as noise, and its twin is a false alarm", async () => {
    house.inside("h1", "for i in 1 2 3; do /bin/ls >/dev/null; done");
    const all = { "rule.yml": ruleOf("rule", "{ Image|startswith: / }") };
    const twin = '{ name: Twin, run: "echo quiet", proof: { stdout: { contains: quiet } } }';
    const { results } = await house.run(playbookOf({ run: "echo needle >/dev/null; echo done", twin }), all, {
      selection: one,
    });
    const [trial, control] = results.trials;
    expect(trial?.verdicts[0]).toMatchObject({ outcome: "detected", attribution: "exact" });
    expect(trial?.verdicts[0]?.background?.matches).toBeGreaterThanOrEqual(3);
    expect(control).toMatchObject({
      twin: true,
      verdicts: [{ outcome: "false-alarm", met: false, cause: { link: "clause" } }],
    });
  });

  test("a procedure that hangs is ended at its timeout with all its processes, and is failed", async () => {
    const hang = playbookOf({
      run: "setsid sleep 333 & sleep 334; echo done",
      effects: "[background-process]",
      cleanup: '{ run: "true", probe: "! pgrep -x sleep" }',
      timeout: 1,
    });
    const { results } = await house.run(hang, rule, { selection: one });
    expect(only(results).execution).toMatchObject({
      status: "failed",
      reason: { code: "deadline-exceeded" },
    });
    expect(only(results).cleanup.status).toBe("clean");
    expect(house.inside("h1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).not.toContain("sleep 33");
  });
});
