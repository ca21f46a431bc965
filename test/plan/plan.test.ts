import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { planSchema } from "../../src/model/trial.js";
import { loadAnalytics } from "../../src/plan/analytics.js";
import { workFolder } from "../../src/plan/identity.js";
import { unplacedProcedures } from "../../src/plan/plan.js";
import {
  campaignOf,
  labOf,
  openShelf,
  planOf,
  type PlanText,
  ruleOf,
  type Shelf,
  type TargetText,
} from "./support.js";

let shelf: Shelf;
beforeAll(() => {
  shelf = openShelf();
  for (const technique of ["T1059.004", "T1105"])
    shelf.write(`${technique}/analytics/rule.yml`, ruleOf(`rule-of-${technique.toLowerCase()}`));
});
afterAll(() => shelf.remove());

/** `name target program size`, as far as each is told. */
async function sketch(text: PlanText): Promise<string[]> {
  const { trials } = await planOf(text);
  return trials.map(({ name, target, variant }) =>
    [name, target, variant["program"], variant["size"]].filter((word) => word !== undefined).join(" "),
  );
}

async function refusalOf(text: PlanText): Promise<TyrianError> {
  const thrown: unknown = await planOf(text).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TyrianError)) throw new Error(`not refused by a TyrianError: ${String(thrown)}`);
  return thrown;
}

const twin = { name: "twin", run: "echo harmless hello", proof: { stdout: { contains: "harmless" } } };

describe("procedures for a platform that no target has", () => {
  const windows = {
    id: "on-windows",
    platforms: ["windows"],
    interpreter: { program: "cmd", via: "argument" },
    effects: ["work-folder"],
    cleanup: { run: "del x", probe: "if exist x exit /b 1" },
  };

  test("are named, and neither planned nor held against the lab's policy", async () => {
    const playbooks = [shelf.playbook("T1059.004", { id: "here" }, windows)];
    const inventory = labOf([{ name: "h1" }], []);
    const { trials } = await planOf({ playbooks, inventory });
    expect(trials.map(({ procedure }) => procedure)).toEqual(["here"]);
    expect(unplacedProcedures({ playbooks, inventory, selection: {} }).map(({ id }) => id)).toEqual([
      "on-windows",
    ]);
  });

  test("get a work folder of Windows where a target has it", async () => {
    const playbooks = [shelf.playbook("T1059.004", windows)];
    const inventory = labOf([{ name: "w1", platform: "windows" }]);
    const { trials } = await planOf({ playbooks, inventory });
    expect(trials.map(({ work }) => work)).toEqual([workFolder("run-0001", "windows")]);
    expect(trials[0]?.work).toMatch(/^C:\\Windows\\Temp\\tmp[A-Za-z0-9]{10}$/);
    expect(unplacedProcedures({ playbooks, inventory, selection: {} })).toEqual([]);
  });
});

describe("a plan", () => {
  test("holds everything of a trial: a reader of the journal needs no other file", async () => {
    const procedure = {
      id: "write",
      arguments: { word: { type: "string", default: "it's" } },
      run: "echo {{word}} > {{work}}/file; echo hello",
      files: [{ name: "input.txt", content: "{{word}}" }],
      effects: ["work-folder"],
      timeout: 2.5,
      cleanup: { run: "rm -f {{work}}/file", probe: "[ ! -e {{work}}/file ]" },
    };
    const inventory = labOf([{ name: "h1", sensor: { type: "auditd", host: "audit-1" } }]);
    const plan = await planOf({ playbooks: [shelf.playbook("T1059.004", procedure)], inventory });
    const work = workFolder("run-0001");
    expect(plan).toMatchObject({ run: "run", lab: "lab", siem: "embedded" });
    expect(plan.trials).toMatchObject([
      {
        id: "run-0001",
        run: "run",
        ordinal: 1,
        playbook: "t1059.004",
        procedure: "write",
        technique: "T1059.004",
        twin: false,
        target: "h1",
        telemetryHost: "audit-1",
        variant: { program: "bash", word: "it's" },
        work,
        act: {
          program: "bash",
          via: "argument",
          code: `echo 'it'\\''s' > '${work}'/file; echo hello`,
          files: [{ name: "input.txt", content: "it's" }],
          timeoutMs: 2_500,
        },
        effects: ["work-folder"],
        cleanup: { run: `rm -f '${work}'/file` },
        expectations: [{ analytic: "rule-of-t1059.004", outcome: "detected", execution: "ran" }],
      },
    ]);
    expect(plan.trials[0]?.requires[0]?.check).toContain("command -v");
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  test("is the same for the same request", async () => {
    const text = { playbooks: [shelf.playbook("T1059.004", { id: "a", twin })] };
    expect(await planOf(text)).toEqual(await planOf(text));
  });

  test("holds the analytics that its trials expect something of, and no others", async () => {
    const playbooks = [shelf.playbook("T1059.004", { id: "a" }), shelf.playbook("T1105", { id: "b" })];
    const all = await planOf({ playbooks });
    expect(all.analytics.map(({ id }) => id)).toEqual(["rule-of-t1059.004", "rule-of-t1105"]);
    const one = await planOf({ playbooks, selection: { procedures: ["b"] } });
    expect(one.analytics.map(({ id }) => id)).toEqual(["rule-of-t1105"]);
  });
});

describe("the order of a plan", () => {
  test("is the catalogue's: a procedure, its twin, then the next procedure; each on all targets", async () => {
    const playbooks = [
      shelf.playbook("T1059.004", { id: "a", twin }, { id: "b" }),
      shelf.playbook("T1105", { id: "c" }),
    ];
    expect(await sketch({ playbooks, inventory: labOf([{ name: "h2" }, { name: "h1" }]) })).toEqual([
      "procedure a h2 bash",
      "procedure a h1 bash",
      "twin h2 bash",
      "twin h1 bash",
      "procedure b h2 bash",
      "procedure b h1 bash",
      "procedure c h2 bash",
      "procedure c h1 bash",
    ]);
  });

  test("has a procedure's variants one after the other, rows before programs", async () => {
    const procedure = {
      id: "a",
      interpreter: { program: ["bash", "dash"], via: "argument" },
      arguments: { size: { type: "integer", default: 1 } },
      variants: [{ size: 1 }, { size: 2 }],
      twin,
    };
    const playbooks = [shelf.playbook("T1059.004", procedure)];
    expect(await sketch({ playbooks })).toEqual([
      "procedure a h1 bash 1",
      "procedure a h1 dash 1",
      "procedure a h1 bash 2",
      "procedure a h1 dash 2",
      "twin h1 bash 1",
      "twin h1 dash 1",
      "twin h1 bash 2",
      "twin h1 dash 2",
    ]);
    expect(await sketch({ playbooks, selection: { variants: "first" } })).toEqual([
      "procedure a h1 bash 1",
      "twin h1 bash 1",
    ]);
  });

  test("numbers the trials from 1 without a gap", async () => {
    const playbooks = [
      shelf.playbook("T1059.004", { id: "a", twin }, { id: "b", platforms: ["windows"] }, { id: "c" }),
    ];
    const { trials } = await planOf({ playbooks });
    expect(trials.map(({ id, ordinal }) => [id, ordinal])).toEqual([
      ["run-0001", 1],
      ["run-0002", 2],
      ["run-0003", 3],
    ]);
    expect(new Set(trials.map(({ work }) => work)).size).toBe(3);
  });
});

describe("a twin", () => {
  test("expects quiet of every analytic of its procedure, whatever that expects", async () => {
    shelf.write("T1059.004/analytics/second.yml", ruleOf("second"));
    const expectations = [
      { analytic: "analytics/second.yml", outcome: "logged", because: "a known gap" },
      { analytic: "analytics/rule.yml", tier: "alert" },
    ];
    const playbooks = [shelf.playbook("T1059.004", { id: "a", twin, expect: expectations })];
    const { trials } = await planOf({ playbooks });
    expect(trials.map((trial) => trial.twin)).toEqual([false, true]);
    expect(trials[0]?.expectations).toMatchObject([
      { analytic: "second", outcome: "logged", because: "a known gap" },
      { analytic: "rule-of-t1059.004", outcome: "detected", tier: "alert" },
    ]);
    expect(trials[1]?.expectations).toEqual([
      { analytic: "second", outcome: "quiet", execution: "ran" },
      { analytic: "rule-of-t1059.004", outcome: "quiet", execution: "ran" },
    ]);
  });
});

describe("an expectation that names a control", () => {
  test("is to be prevented where the target declares it, and is as any other elsewhere", async () => {
    const expectations = [
      { analytic: "analytics/rule.yml", preventedBy: { control: "noexec", outcome: "logged" } },
    ];
    const playbooks = [shelf.playbook("T1059.004", { id: "a", twin, expect: expectations })];
    const control = (id: string): object => ({ id, refuses: { errors: ["EACCES"], paths: ["/tmp"] } });
    const inventory = labOf([
      { name: "with", controls: [control("noexec")] },
      { name: "other", controls: [control("another")] },
      { name: "without" },
    ]);
    const { trials } = await planOf({ playbooks, inventory });
    const of = (name: string, ofTwin: boolean): unknown =>
      trials.find(({ target, twin: isTwin }) => target === name && isTwin === ofTwin)?.expectations[0];
    const analytic = "rule-of-t1059.004";
    expect(of("with", false)).toEqual({
      ...{ analytic, outcome: "logged", execution: "prevented" },
      preventedBy: { control: "noexec", outcome: "logged" },
    });
    expect(of("other", false)).toEqual({ analytic, outcome: "detected", execution: "ran" });
    expect(of("without", false)).toEqual({ analytic, outcome: "detected", execution: "ran" });
    // A control of this kind stops the procedure, not its benign twin.
    expect(of("with", true)).toEqual({ analytic, outcome: "quiet", execution: "ran" });
  });
});

describe("the platforms of procedures and targets", () => {
  test("decide which trials there are", async () => {
    const playbooks = [
      shelf.playbook(
        "T1059.004",
        { id: "unix", platforms: ["linux", "macos"] },
        { id: "windows", platforms: ["windows"] },
      ),
    ];
    const inventory = labOf([
      { name: "tux" },
      { name: "apple", platform: "macos" },
      { name: "pane", platform: "windows" },
    ]);
    expect(await sketch({ playbooks, inventory })).toEqual([
      "procedure unix tux bash",
      "procedure unix apple bash",
      "procedure windows pane bash",
    ]);
  });
});

describe("the paths of interpreters that the inventory tells", () => {
  test("take the place of their names, in the act and in its requirement", async () => {
    const playbooks = [
      shelf.playbook("T1059.004", {
        id: "keys",
        platforms: ["windows"],
        interpreter: { program: "autohotkey", via: "file" },
      }),
    ];
    const inventory = labOf([
      { name: "told", platform: "windows", interpreters: { autohotkey: "C:\\Own Tools\\AutoHotkey64.exe" } },
      { name: "not-told", platform: "windows" },
    ]);
    const { trials } = await planOf({ playbooks, inventory });
    expect(
      trials.map(({ act, requires, variant }) => [act.program, requires[0]?.check, variant["program"]]),
    ).toEqual([
      [
        "C:\\Own Tools\\AutoHotkey64.exe",
        'if not exist "C:\\Own Tools\\AutoHotkey64.exe" exit /b 1',
        "autohotkey",
      ],
      ["autohotkey", "where /q autohotkey", "autohotkey"],
    ]);
  });
});

describe("network devices", () => {
  const device = (name: string, profile: string): TargetText => ({
    name,
    platform: "network",
    transport: {
      ...{ type: "cli", profile, host: "10.0.0.1", user: "op", hostKey: `SHA256:${"A".repeat(43)}` },
      authentication: { type: "agent" },
    },
  });
  const inventory = labOf([device("border", "frr"), device("leaf", "nxos"), { name: "tux" }]);
  const shown = {
    id: "version",
    platforms: ["network"],
    interpreter: { program: ["ios", "nxos", "frr"], via: "stdin" },
    run: "show version",
  };

  test("get the variants of their own kind", async () => {
    const playbooks = [shelf.playbook("T1059.004", shown)];
    const planned = ["procedure version leaf nxos", "procedure version border frr"];
    expect(await sketch({ playbooks, inventory })).toEqual(planned);
    expect(await sketch({ playbooks, inventory, selection: { variants: "first" } })).toEqual(planned);
  });

  test("a procedure for none of their kinds is named, and not planned", async () => {
    const junos = { ...shown, id: "junos", interpreter: { program: "junos", via: "stdin" } };
    const playbooks = [shelf.playbook("T1059.004", shown, junos)];
    expect(unplacedProcedures({ playbooks, inventory, selection: {} }).map(({ id }) => id)).toEqual([
      "junos",
    ]);
    expect(await sketch({ playbooks, inventory })).toHaveLength(2);
  });
});

describe("the plan of a campaign", () => {
  test("has the first variant of each step and no twins, and leaves each target alone between its steps", async () => {
    const playbooks = [
      shelf.playbook(
        "T1105",
        { id: "fetch", twin },
        {
          id: "show",
          arguments: { word: { type: "string", default: "a" } },
          variants: [{ word: "a" }, { word: "b" }],
        },
      ),
    ];
    const inventory = labOf([{ name: "h1" }, { name: "h2" }]);
    const selection = { campaign: campaignOf("t1105/show", "t1105/fetch") };
    const { trials } = await planOf({ playbooks, inventory, selection });
    expect(trials.map(({ procedure, target, twin: isTwin }) => [procedure, target, isTwin])).toEqual([
      ["show", "h1", false],
      ["show", "h2", false],
      ["fetch", "h1", false],
      ["fetch", "h2", false],
    ]);
    expect(trials.slice(0, 2).map(({ pauseMs }) => pauseMs)).toEqual([undefined, undefined]);
    for (const { pauseMs } of trials.slice(2)) {
      expect(pauseMs).toBeGreaterThanOrEqual(4_000);
      expect(pauseMs).toBeLessThanOrEqual(6_000);
    }
    expect((await planOf({ playbooks, inventory, selection })).trials).toEqual(trials);
  });
});

describe("a plan that cannot be made is refused before anything is touched", () => {
  test("when a name selects nothing: `selection-empty`, with every such name", async () => {
    const playbooks = [shelf.playbook("T1059.004", { id: "a" })];
    const error = await refusalOf({
      playbooks,
      selection: { procedures: ["wget"], targets: ["h1", "mainframe"] },
    });
    expect(error.code).toBe("selection-empty");
    expect(error.message).toBe("no procedure wget; no target mainframe");
    expect(error.exit).toBe(2);
    const misspelt = await refusalOf({ playbooks, selection: { targets: ["mainframe"] } });
    expect(misspelt.hint).toBe("The targets of lab lab: h1.");
  });

  test("when no procedure is left for a target: `selection-empty`, with what to look at", async () => {
    const playbooks = [shelf.playbook("T1059.004", { id: "a", platforms: ["windows"] })];
    const error = await refusalOf({ playbooks });
    expect(error.code).toBe("selection-empty");
    expect(error.hint).toContain("tyrian list");
  });

  test("when there is no playbook at all: `selection-empty`", async () => {
    expect((await refusalOf({ playbooks: [] })).code).toBe("selection-empty");
  });

  test("when a procedure has an effect that the lab does not allow: `effect-refused`, with the place", async () => {
    const playbook = shelf.playbook("T1105", {
      id: "fetch",
      effects: ["work-folder", "network"],
      cleanup: { run: "true", probe: "true" },
    });
    const error = await refusalOf({ playbooks: [playbook] });
    expect(error.code).toBe("effect-refused");
    expect(error.message).toBe(
      `the policy of lab lab does not allow what these do: ${playbook.file}: procedure fetch (network)`,
    );
    const inventory = labOf([{ name: "h1" }], ["work-folder", "network"]);
    expect((await planOf({ playbooks: [playbook], inventory })).trials).toHaveLength(1);
  });

  test("what a lab's policy does not name is refused where lint cannot read it, all in one error", async () => {
    const unread = ["computed-code", "unknown-command"].map((effect) => ({ id: effect, effects: [effect] }));
    const playbook = shelf.playbook("T1105", ...unread);
    const error = await refusalOf({ playbooks: [playbook] });
    expect(error.message).toContain("procedure computed-code (computed-code); ");
    expect(error.message).toContain("procedure unknown-command (unknown-command)");
  });

  test("when only its twin has such an effect: `effect-refused` too", async () => {
    const playbooks = [shelf.playbook("T1105", { id: "fetch", twin: { ...twin, effects: ["network"] } })];
    expect((await refusalOf({ playbooks })).code).toBe("effect-refused");
  });

  test("but not when the procedure with the effect is not selected", async () => {
    const playbooks = [shelf.playbook("T1105", { id: "fetch", effects: ["network"] }, { id: "quiet" })];
    expect(await sketch({ playbooks, selection: { procedures: ["quiet"] } })).toEqual([
      "procedure quiet h1 bash",
    ]);
  });

  test("when an analytic has no usable rule: `analytic-invalid`, with the playbook and the path", async () => {
    const playbook = shelf.playbook("T1105", { id: "a", expect: [{ analytic: "analytics/missing.yml" }] });
    const error = await refusalOf({ playbooks: [playbook], analytics: await loadAnalytics([playbook]) });
    expect(error.code).toBe("analytic-invalid");
    expect(error.message).toBe(`${playbook.file}: analytics/missing.yml has no usable rule`);
  });

  test("when a template has no value: `playbook-invalid`", async () => {
    const playbooks = [shelf.playbook("T1105", { id: "a", run: "echo {{nowhere}}" })];
    const error = await refusalOf({ playbooks });
    expect(error.code).toBe("playbook-invalid");
    expect(error.message).toContain("nowhere");
  });
});
