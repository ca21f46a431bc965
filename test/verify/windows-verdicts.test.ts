import { describe, expect, test } from "vitest";
import { compileSpl } from "../../src/detection/spl/rule/compile.js";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { HostEvent } from "../../src/model/event.js";
import type { RuleStatus } from "../../src/model/observation.js";
import type { Trial } from "../../src/model/trial.js";
import { decide } from "../../src/verify/decide.js";
import type { Verdict } from "../../src/model/verdict.js";
import { alertOf, executionOf, observationOf, rule, statusOf } from "./builders.js";
import { acted, activity, lookText, started, told, windowsTrial } from "./windows-events.js";

const windows = "{ product: windows, category: process_creation }";
const scripts = rule(
  "scripts",
  "{ selection: { CommandLine|contains: .vbs }, condition: selection }",
  windows,
);
const child = rule(
  "child",
  String.raw`{ selection: { Image|endswith: '\cmd.exe', ParentImage|endswith: '\cscript.exe' }, condition: selection }`,
  windows,
);
const script = "cscript //Nologo C:\\Windows\\Temp\\tmpAAAAAAAAAA\\script.vbs";

/** The verdict of one analytic, which the embedded SIEM evaluated over all that the host's sensor told. */
function verdictOn(
  compiled: CompiledRule,
  events: HostEvent[],
  over: Partial<Trial> = {},
  alone = true,
  status: Partial<RuleStatus> = {},
): Verdict {
  const outcome = over.twin === true ? "quiet" : "detected";
  const trial: Trial = {
    ...windowsTrial,
    ...over,
    expectations: [{ analytic: compiled.id, outcome, execution: "ran" }],
  };
  const isRaised = status.present !== false && status.evaluatedBy !== "siem-rule";
  const alerts = events
    .filter((event) => isRaised && compiled.matches(event))
    .map((event) => alertOf(compiled.id, [event]));
  const observation = observationOf(events, alerts, {
    rules: [{ ...statusOf(), rule: compiled.id, evaluatedBy: "embedded", ...status }],
    background: { [compiled.id]: { matches: 0, observedHours: 1, perDay: 0 } },
  });
  const execution = executionOf({ housekeeping: 2, ...(alone ? { alone } : {}) });
  const [verdict] = decide({ trial, execution, observation, rules: new Map([[compiled.id, compiled]]) });
  if (verdict === undefined) throw new Error("no verdict");
  return verdict;
}

describe("a verdict on Windows", () => {
  test("credits the rule that fired for the act's own process", () => {
    const { all, act } = acted([script]);
    expect(verdictOn(scripts, all)).toMatchObject({ outcome: "detected", attribution: "exact" });
    expect(verdictOn(scripts, all).evidence).toContain(act[0]?.id);
  });

  test("gives no credit, and no false alarm, for the wrapper's own script, which the rule looks for too", () => {
    const { all } = acted(["cmd /d /c ver"]);
    expect(all.filter((event) => scripts.matches(event))).toHaveLength(1);
    expect(verdictOn(scripts, all).outcome).toBe("logged");
    expect(verdictOn(scripts, all, { twin: true }).outcome).toBe("quiet");
  });

  test("is undecided where the wrapper's script could be taken for the act's", () => {
    const { all } = acted(["cmd /d /c ver"]);
    const twice = [...all, started(lookText, { sequence: (all[2] as HostEvent).sequence + 0.5 })];
    for (const twin of [false, true]) {
      expect(verdictOn(scripts, twice, { twin }).outcome).toBe("undecided");
      expect(verdictOn(scripts, all, { twin }, false).outcome).toBe("undecided");
    }
  });

  test("of silence is undecided while the rule looks for what ran in a session that is not told", () => {
    const { all } = acted(["cmd /d /c ver"]);
    const beside = (text: string): HostEvent[] => [
      ...all,
      started(text, { session: null, sequence: (all[2] as HostEvent).sequence + 0.5 }),
    ];
    for (const twin of [false, true])
      expect(verdictOn(scripts, beside(script), { twin })).toMatchObject({
        outcome: "undecided",
        cause: { link: "attribution" },
      });
    expect(verdictOn(scripts, beside("whoami"), { twin: true }).outcome).toBe("quiet");
  });
});

describe("a verdict on what processes of Windows did", () => {
  const decoded = rule(
    "decoded",
    "{ selection: { ScriptBlockText|contains: FromBase64String }, condition: selection }",
    "{ product: windows, category: ps_script }",
  );
  const { all, act } = told(["powershell.exe -NoProfile -Command x"]);
  const [shell] = act as [HostEvent];
  const block = (ScriptBlockText: string, pid = shell.pid): HostEvent =>
    activity("ps_script", { pid, time: shell.time + 1, fields: { ScriptBlockText } });
  const wanted = block("[Convert]::FromBase64String('aGk=')");
  const harmless = block("Write-Output hi");

  test("credits a script block of the act's own process", () => {
    expect(verdictOn(decoded, [...all, wanted])).toMatchObject({
      ...{ outcome: "detected", attribution: "exact" },
      evidence: expect.arrayContaining([wanted.id]),
    });
    expect(verdictOn(decoded, [...all, wanted], { twin: true }).outcome).toBe("false-alarm");
  });

  test("credits none of another process, whose text is the same", () => {
    const other = block(String(wanted.fields["ScriptBlockText"]), 4711);
    for (const twin of [false, true])
      expect(verdictOn(decoded, [...all, harmless, other], { twin }).outcome).toBe("undecided");
  });

  test("is undecided of one that may be the act's, and names it", () => {
    const late = { ...wanted, time: (all.at(-1) as HostEvent).time + 5 };
    for (const twin of [false, true])
      expect(verdictOn(decoded, [...all, harmless, late], { twin })).toMatchObject({
        ...{ outcome: "undecided", evidence: [late.id] },
        cause: { link: "attribution", detail: expect.stringContaining("FromBase64String") },
      });
  });

  test("of silence is undecided, whatever of it arrived: no sentinel proves that all did", () => {
    for (const twin of [false, true]) {
      expect(verdictOn(decoded, [...all, harmless], { twin })).toMatchObject({
        ...{ outcome: "undecided", evidence: [harmless.id] },
        cause: { link: "ingest", detail: expect.stringContaining("no sentinel proves") },
      });
      expect(verdictOn(decoded, all, { twin })).toMatchObject({ outcome: "undecided" });
    }
    expect(verdictOn(scripts, [...all, harmless]).outcome).toBe("logged");
    expect(verdictOn(scripts, [...all, harmless], { twin: true }).outcome).toBe("quiet");
  });

  test("is the same for a query, whose kinds of events its search tells", () => {
    const query = (text: string): CompiledRule => {
      const { rule: compiled } = compileSpl(text, "query.spl");
      if (compiled === null) throw new Error("the query does not compile");
      return compiled;
    };
    const loaded = activity("image_load", {
      pid: shell.pid,
      fields: {
        EventID: "7",
        ProcessGuid: String(shell.fields["ProcessGuid"]),
        ImageLoaded: "C:\\jscript.dll",
      },
    });
    const events = [...all.map((event) => ({ ...event, fields: { ...event.fields, EventID: "1" } })), loaded];
    const found = query("index=* EventCode=7 ImageLoaded=*jscript.dll");
    expect(verdictOn(found, events)).toMatchObject({ outcome: "detected", attribution: "exact" });
    const missed = query("index=* EventCode=7 ImageLoaded=*vbscript.dll");
    expect(verdictOn(missed, events)).toMatchObject({ outcome: "undecided", evidence: [loaded.id] });
    const creations = query("index=* EventCode=1 CommandLine=*vbscript*");
    expect(verdictOn(creations, events).outcome).toBe("logged");
  });

  test("of silence is a miss where the event that the rule looks for is there, or the rule is not", () => {
    const deployed = { evaluatedBy: "siem-rule" } as const;
    const inVain = verdictOn(decoded, [...all, wanted], {}, true, deployed);
    expect(inVain).toMatchObject({ outcome: "logged", cause: { link: "exception" } });
    expect(verdictOn(decoded, [...all, wanted], { twin: true }, true, deployed).outcome).toBe("undecided");
    const absent = verdictOn(decoded, [...all, harmless], {}, true, { present: false });
    expect(absent).toMatchObject({ outcome: "logged", cause: { link: "rule-present" } });
  });

  test("is no less sure of created processes for what they did besides", () => {
    const anything = rule(
      "anything",
      "{ selection: { EventID: 1 }, condition: selection }",
      "{ product: windows }",
    );
    expect(verdictOn(anything, [...all, harmless], { twin: true }).outcome).toBe("undecided");
    expect(verdictOn(child, [...all, harmless, wanted], { twin: true }).outcome).toBe("quiet");
  });
});

describe("a verdict on Windows, where a sentinel was lost", () => {
  const { all } = acted([script]);
  const quietAct = acted(["cmd /d /c ver"]).all;

  test("credits what ran after the act's shell where the begin was lost, and knows that it is all", () => {
    expect(verdictOn(scripts, all.slice(1)).outcome).toBe("detected");
    expect(verdictOn(scripts, quietAct.slice(1)).outcome).toBe("logged");
    expect(verdictOn(scripts, quietAct.slice(1), { twin: true }).outcome).toBe("quiet");
    const gap = quietAct.filter((_event, index) => index !== 0 && index !== 2);
    expect(verdictOn(scripts, gap).outcome).toBe("undecided");
  });

  test("credits what ran until the wrapper's look where the end was lost, and proves nothing by silence", () => {
    expect(verdictOn(scripts, all.slice(0, -1)).outcome).toBe("detected");
    for (const twin of [false, true])
      expect(verdictOn(scripts, quietAct.slice(0, -1), { twin })).toMatchObject({
        outcome: "undecided",
        cause: { detail: expect.stringContaining("no end sentinel") },
      });
  });
});

describe("a verdict on a host that Wine plays", () => {
  const wine = { fidelity: "wine" } as const;

  test("is undecided where the rule needs what that sensor does not tell; elsewhere that is a miss", () => {
    const { all } = acted(["cmd /d /c ver"]);
    for (const twin of [false, true]) {
      expect(verdictOn(child, all, { ...wine, twin })).toMatchObject({
        outcome: "undecided",
        cause: { link: "fields", detail: expect.stringContaining("ParentImage") },
      });
    }
    expect(verdictOn(child, all).outcome).toBe("logged");
  });

  test("is decided where the rule's answer is the same whatever those fields hold", () => {
    const { all } = acted(["hostname"]);
    expect(verdictOn(child, all, { ...wine, twin: true }).outcome).toBe("quiet");
  });

  test("is undecided where the rule fired because a field is not told", () => {
    const unless = rule(
      "unless",
      String.raw`{ selection: { CommandLine|contains: .vbs }, known: { ParentImage|endswith: '\explorer.exe' }, condition: selection and not known }`,
      windows,
    );
    const { all } = acted([script]);
    expect(verdictOn(unless, all).outcome).toBe("detected");
    expect(verdictOn(unless, all, wine).outcome).toBe("undecided");
    expect(verdictOn(unless, acted([script, script]).all, wine).outcome).toBe("undecided");
  });

  test("is undecided where the rule reads quotes or blanks of a command line that Wine took apart", () => {
    const blanks = rule(
      "blanks",
      "{ selection: { CommandLine|contains: 'note.vbs a' }, condition: selection }",
      windows,
    );
    const quotes = rule(
      "quotes",
      `{ selection: { CommandLine|contains: '"' }, condition: selection }`,
      windows,
    );
    const note = started("cscript note.vbs a", { argv: ["cscript", "note.vbs", "a"] });
    const with_ = (event: HostEvent): HostEvent[] => {
      const { all } = acted(["hostname"]);
      return [...all, { ...event, sequence: (all[2] as HostEvent).sequence + 0.5 }];
    };
    expect(verdictOn(quotes, with_(note), { ...wine, twin: true }).outcome).toBe("undecided");
    expect(verdictOn(blanks, with_(note), wine).outcome).toBe("undecided");
    expect(verdictOn(scripts, with_(note), wine).outcome).toBe("detected");
  });

  test("is undecided of a log source that there is none of", () => {
    const loads = rule(
      "loads",
      String.raw`{ selection: { ImageLoaded|endswith: '\vbscript.dll' }, condition: selection }`,
      "{ product: windows, category: image_load }",
    );
    const { all } = acted([script]);
    expect(verdictOn(loads, all)).toMatchObject({
      outcome: "undecided",
      cause: { link: "ingest", detail: expect.stringContaining("no sentinel proves that one") },
    });
    expect(verdictOn(loads, all, wine)).toMatchObject({
      outcome: "undecided",
      cause: { link: "fields", detail: expect.stringContaining("created processes only") },
    });
  });

  test("knows the command line of the act's own process from the plan", () => {
    const quotes = rule(
      "quotes",
      `{ selection: { CommandLine|contains: '"' }, condition: selection }`,
      windows,
    );
    const planned = { ...started(script), argv: script.split(" ") };
    const { all } = acted([]);
    const events = [...all, { ...planned, sequence: (all[1] as HostEvent).sequence + 0.5 }];
    expect(verdictOn(quotes, events, { ...wine, twin: true }).outcome).toBe("quiet");
  });
});
