import { describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import type { Execution } from "../../src/model/execution.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { refineExecution } from "../../src/verify/prevention.js";
import {
  alertOf,
  exec,
  executionOf,
  observationOf,
  said,
  sentinel,
  shippedOf,
  trialOf,
  twin,
  verdictOf,
} from "./builders.js";

/** What the simulator found wrong in the verifier. */
describe("findings of the simulator", () => {
  // ordinary r1003-00052: the other trial's begin sentinel or first process was lost on the way, and its exec was credited to ours.
  test("another trial's process is not ours although its begin sentinel was lost", () => {
    const otherRoot = exec(["bash", "-c", "base64 -d"], { ppid: 55 });
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const theirs = exec(["base64", "-d"], { ppid: otherRoot.pid });
    const bracket = bracketOf(trialOf(), [otherRoot, begin, root, theirs, sentinel("end", "run-0001")]);
    expect("act" in bracket ? bracket.act.map(({ id }) => id) : []).not.toContain(theirs.id);
  });

  // lossless, seed 1, r1-00005: the begin sentinel was the last to arrive, and by then nobody looked any more.
  test("a refusal by a declared control is a prevention although the begin sentinel is not here", () => {
    const control = {
      id: "locked",
      description: "",
      refuses: { errors: ["EACCES" as const], paths: ["/opt/locked/"] },
    };
    const trial = trialOf({ controls: [control] });
    const root = exec(["bash", "-c", "true"]);
    const refused = exec([], {
      kind: "exec-refused",
      error: "EACCES",
      ppid: root.pid,
      fields: { TargetFilename: "/opt/locked/tool" },
    });
    const execution = executionOf({
      status: "failed",
      reason: { code: "proof-not-met", message: "its output was not as expected" },
    });
    const observation = observationOf([root, refused, sentinel("end", "run-0001")], []);
    expect(refineExecution(trial, execution, observation).status).toBe("prevented");
  });

  // By reading: src/engine/left-running.ts, `choose` where any process may be of the act (`doubt=any`).
  test("what the wrapper looks through is not the act's, in each of its three ways", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const looking = [
      exec(["grep", "-ls", "resident set  *[0-9]", "/proc/1/limits"], { ppid: 555 }),
      exec(["grep", "-ls", "^7$", "/proc/1/sessionid"], { ppid: 556 }),
      exec(["grep", "-s", "", "/proc/1/stat"], { ppid: 557 }),
    ];
    const bracket = bracketOf(trialOf(), [begin, root, ...looking, sentinel("end", "run-0001")]);
    expect("act" in bracket ? bracket.act.map(({ id }) => id) : []).toEqual([root.id]);
  });

  // lossless with 2 % lost by the kernel, seed 1, r1-00066: a record was dropped unnumbered where nobody counts what is dropped.
  test("a twin is not proved quiet where nothing tells what the sensor lost", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const observation = shippedOf([begin, root, sentinel("end", "run-0001")], [], {
      sensor: { lostBefore: null, lostAfter: null, running: true, detail: "it cannot be asked" },
    });
    expect(verdictOf(observation, { trial: twin })).toMatchObject({
      outcome: "undecided",
      cause: { link: "host-log", detail: expect.stringContaining("cannot be asked") as string },
    });
  });

  // harsh r1000-00085: all that the other trial did before our bracket was lost, and it ended after us.
  test("a trial that ended after ours, and whose beginning was lost, may have acted all the while", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const theirs = exec(["base64", "-d"], { ppid: 4242 });
    const end = sentinel("end", "run-0001");
    const after = [sentinel("begin", "other", { ppid: 55 }), sentinel("end", "other", { ppid: 55 })];
    const stateWith = (...later: typeof after): string =>
      bracketOf(trialOf(), [begin, root, theirs, end, ...later]).state;
    expect(stateWith(...after.slice(1))).toBe("overlap");
    // Unless the engine knows that nobody else used the session.
    const known = { housekeeping: null, alone: true };
    expect(bracketOf(trialOf(), [begin, root, theirs, end, ...after.slice(1)], known).state).toBe("closed");
    expect(stateWith(...after)).toBe("closed");
    // The next trial, whose begin sentinel was lost: its act begins after our end.
    const [, ended] = after;
    const started = exec(["bash", "-c", "true"], { ppid: 55, sequence: (ended?.sequence ?? 0) - 0.5 });
    expect(stateWith(started, ...after.slice(1))).toBe("closed");
  });

  // harsh r50005-00055: another trial of the same session lost both its sentinels, and its wrapper is in no record.
  test("what nobody is seen to have started earns nothing where others may have used the session", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const theirs = exec(["base64", "-d"], { ppid: 4242 });
    const events = [begin, root, theirs, sentinel("end", "run-0001")];
    const alert = alertOf("base64", [theirs]);
    const told = (alerts: Alert[], execution: Partial<Execution> = {}): [string, string | null] =>
      said(verdictOf(shippedOf(events, alerts), { execution }));
    expect(told([alert])).toEqual(["undecided", "attribution"]);
    // The rule looks for it: that there is no alert is no miss of ours.
    expect(told([])).toEqual(["undecided", "attribution"]);
    expect(told([alert], { alone: true })).toEqual(["detected", null]);
    const another = alertOf("another", [exec(["ls"], { ...theirs, argv: ["ls"], fields: {} })]);
    const quieter = [begin, root, exec(["ls"], { ...theirs, argv: ["ls"], fields: {} }), ...events.slice(3)];
    expect(said(verdictOf(shippedOf(quieter, [])))).toEqual(["logged", "clause"]);
    // Whether another analytic fired for this act (other-alert) is not known either.
    expect(said(verdictOf(shippedOf(quieter, [another])))).toEqual(["undecided", "attribution"]);
  });

  // By reading: an alert that stands, for what may be the act's, beside one that was folded.
  test("a folded alert is no suppression where another stands for what may be the act's", () => {
    const [begin, end] = [sentinel("begin", "run-0001"), sentinel("end", "run-0001")];
    const root = exec(["bash", "-c", "true"]);
    const ours = exec(["base64", "-d"], { ppid: root.pid });
    const untold = exec(["base64", "-d"], { ppid: 4242 });
    const folded = alertOf("base64", [ours], { foldedInto: "earlier" });
    const standing = alertOf("base64", [untold]);
    const told = (events: HostEvent[]): [string, string | null] =>
      said(
        verdictOf(
          shippedOf([begin, ...events, { ...end, sequence: untold.sequence + 1 }], [folded, standing]),
        ),
      );
    expect(told([root, ours, untold])).toEqual(["undecided", "attribution"]);
  });

  // By reading: numbers of processes are given again, also while an act runs.
  test("a process that has the number of one of the act's, and another parent, is not told to be the act's", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const ours = exec(["id"], { ppid: root.pid, pid: 777 });
    const again = exec(["whoami"], { ppid: root.pid, pid: 777 });
    const theirs = exec(["base64", "-d"], { ppid: 4242, pid: 777 });
    const child = exec(["base64", "-d"], { ppid: 777 });
    const bracket = bracketOf(trialOf(), [
      begin,
      root,
      ours,
      again,
      theirs,
      child,
      sentinel("end", "run-0001"),
    ]);
    expect("act" in bracket && [bracket.act, bracket.unplaced]).toEqual([
      [root, ours, again],
      [theirs, child],
    ]);
  });

  // Another analytic's alert cannot make a twin's silence anything else.
  test("a twin is quiet though another analytic fired for what nobody is seen to have started", () => {
    const begin = sentinel("begin", "run-0001");
    const root = exec(["bash", "-c", "true"]);
    const untold = exec(["ls"], { ppid: 4242 });
    const events = [begin, root, untold, sentinel("end", "run-0001")];
    const told = (rule: string): string =>
      verdictOf(shippedOf(events, [alertOf(rule, [untold])]), { trial: twin }).outcome;
    expect([told("another"), told("base64")]).toEqual(["quiet", "undecided"]);
  });

  // The same where a control refused: an act that may have gone on was not stopped there.
  test("a refusal is no prevention when something ran after it that may be the act's", () => {
    const controls = [
      { id: "c", description: "", refuses: { errors: ["EACCES" as const], paths: ["/tmp/"] } },
    ];
    const begin = sentinel("begin", "run-0001");
    const refused = exec(["bash", "-c", "true"], {
      ...{ kind: "exec-refused", error: "EACCES", fields: { TargetFilename: "/tmp/x" } },
    });
    const later = exec(["/tmp/y"], { ppid: 4242 });
    const end = sentinel("end", "run-0001");
    const failed = executionOf({ status: "failed", reason: { code: "proof-not-met", message: "" } });
    const statusWith = (events: HostEvent[], over: Partial<Observation> = {}): string =>
      refineExecution(trialOf({ controls }), failed, shippedOf(events, [], over)).status;
    const another = { host: begin.host, sensor: "auditd" as const, sequence: later.sequence };
    expect(statusWith([begin, refused, end], { otherRecords: [another] })).toBe("prevented");
    expect(statusWith([begin, refused, later, end])).toBe("failed");
    // By reading: the record of what ran afterwards was lost on the way.
    expect(statusWith([begin, refused, end])).toBe("failed");
    const hostLog = (...events: HostEvent[]) => ({
      hostLog: { state: "complete" as const, detail: "", events },
    });
    expect(statusWith([begin, refused, end], hostLog(begin, refused, later, end))).toBe("failed");
    expect(statusWith([begin, refused, end], hostLog(begin, refused, end))).toBe("prevented");
    expect(statusWith([begin, refused])).toBe("failed");
  });
});
