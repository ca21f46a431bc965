import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JournalEvent } from "../../src/model/journal-event.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, whyNoLab } from "./house.js";
import { playbookOf, ruleOf } from "./playbooks.js";

/** Credit goes to the trial whose own process fired the analytic, however that process left its lineage. */

const rule = { "rule.yml": ruleOf("rule", "{ Image|endswith: /expr, CommandLine|contains: '424242' }") };
const background = { effects: "[background-process]", cleanup: '{ run: "true", probe: "! pgrep -x expr" }' };
const doubleFork = `import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        os.closerange(0, 64)
        time.sleep(0.3)
        os.execv("/usr/bin/expr", ["expr", "424242", "+", "1"])
    os._exit(0)
print("done")`;

describe.each(["root", "rootless"] as const)(
  "on real hosts of the %s lab",
  skippedFor(whyNoLab()),
  (kind) => {
    let house: House;
    beforeAll(async () => {
      house = await openHouse(2, kind);
    });
    afterAll(async () => {
      await house?.close();
    });

    test("a child that daemonised, changed its folder, left its session or forked twice is still the trial's", async () => {
      const playbook = playbookOf(
        { id: "plain", run: "expr 424242 + 1 >/dev/null; echo done" },
        {
          id: "daemonised",
          run: "(cd /; sleep 0.2; expr 424242 + 1) >/dev/null 2>&1 &\necho done",
          ...background,
        },
        { id: "folder", run: "cd / && expr 424242 + 1 >/dev/null; echo done" },
        {
          id: "setsid",
          run: "setsid sh -c 'sleep 0.2; expr 424242 + 1' </dev/null >/dev/null 2>&1 &\necho done",
          ...background,
        },
        { id: "double-fork", program: "python3", run: doubleFork, ...background },
      );
      const { results } = await house.run(playbook, rule, { selection: { targets: ["h1"] } });
      expect(
        results.trials.map(({ procedure, verdicts }) => [
          procedure,
          verdicts[0]?.outcome,
          verdicts[0]?.attribution,
        ]),
      ).toEqual(
        ["plain", "daemonised", "folder", "setsid", "double-fork"].map((procedure) => [
          procedure,
          "detected",
          "exact",
        ]),
      );
      expect(results.trials.map(({ cleanup }) => cleanup.status)).toEqual(
        Array.from({ length: 5 }, () => "clean"),
      );
      const evidence = results.trials.map(({ verdicts }) => verdicts[0]?.evidence[1]);
      expect(new Set(evidence).size).toBe(5);
    });

    test("a child that cleared its environment is waited for, and ended when it stays", async () => {
      const playbook = playbookOf(
        {
          id: "cleared",
          run: "env -i setsid sh -c 'sleep 0.4; expr 424242 + 1' </dev/null >/dev/null 2>&1 &\necho done",
          ...background,
        },
        { id: "stays", run: "env -i setsid sleep 77 </dev/null >/dev/null 2>&1 &\necho done", ...background },
      );
      const { results } = await house.run(playbook, rule, { selection: { targets: ["h1"] } });
      const [cleared, stays] = results.trials;
      expect(cleared?.verdicts[0]).toMatchObject({ outcome: "detected", attribution: "exact" });
      expect(stays?.execution).toMatchObject({ status: "ran", outlived: true });
      expect(stays?.verdicts[0]).toMatchObject({ outcome: "undecided", cause: { link: "attribution" } });
      expect(stays?.cleanup.status).toBe("clean");
      expect(house.inside("h1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).not.toContain("sleep 77");
    });

    test("of two trials on one connection each has its own events, and the silent one gets no credit from the other", async () => {
      const playbook = playbookOf(
        { id: "loud", run: "expr 424242 + 1 >/dev/null; echo done" },
        {
          id: "silent",
          run: "expr 1 + 1 >/dev/null; echo done",
          expect: "[ { analytic: analytics/rule.yml, outcome: logged } ]",
        },
      );
      const { results, events } = await house.run(playbook, rule, { selection: { targets: ["h1"] } });
      expect(results.trials.map(({ verdicts }) => verdicts[0]?.outcome)).toEqual(["detected", "logged"]);
      expect(new Set(sessionsOf(events)).size).toBe(1);
    });

    test("prerequisites, proof and cleanup that would fire the analytic earn no credit", async () => {
      const playbook = playbookOf({
        run: "echo done > file; cat file",
        effects: "[work-folder]",
        proof: '{ command: { run: "expr 424242 + 1", stdout: { contains: "424243" } } }',
        cleanup: '{ run: "expr 424242 + 1", probe: "expr 424242 + 1 && [ ! -e file ]" }',
        expect: "[ { analytic: analytics/rule.yml, outcome: logged } ]",
      });
      const { results } = await house.run(playbook, rule, { selection: { targets: ["h1"] } });
      expect(results.trials[0]?.execution.status).toBe("ran");
      expect(results.trials[0]?.verdicts[0]?.outcome).toBe("logged");
      expect(results.trials[0]?.verdicts[0]?.background?.matches).toBe(0);
    });

    test("a second run in parallel on the same and on another host steals no credit and loses none", async () => {
      const loud = playbookOf({ run: "sleep 0.3; expr 424242 + 1 >/dev/null; sleep 0.3; echo done" });
      const silent = playbookOf({
        run: "sleep 0.6; expr 1 + 1 >/dev/null; echo done",
        expect: "[ { analytic: analytics/rule.yml, outcome: logged } ]",
      });
      const [first, second] = await Promise.all([house.run(loud, rule), house.run(silent, rule)]);
      expect(
        first.results.trials.map(({ target, verdicts }) => [
          target,
          verdicts[0]?.outcome,
          verdicts[0]?.attribution,
        ]),
      ).toEqual([
        ["h1", "detected", "exact"],
        ["h2", "detected", "exact"],
      ]);
      expect(second.results.trials.map(({ verdicts }) => verdicts[0]?.outcome)).toEqual(["logged", "logged"]);
      // Tyrian's own trials, of whichever run, are no background.
      expect(second.results.trials.map(({ verdicts }) => verdicts[0]?.background?.matches)).toEqual([0, 0]);
      for (const target of ["h1", "h2"]) expect(heldApart(first.events, second.events, target)).toBe(true);
    });
  },
);

function sessionsOf(events: readonly JournalEvent[]): (string | null)[] {
  return events.flatMap((event) =>
    event.type === "trial-observed" ? event.observation.events.map(({ session }) => session) : [],
  );
}

/** Whether the two runs' trials on a target did not overlap between armed and cleaned. */
function heldApart(a: readonly JournalEvent[], b: readonly JournalEvent[], target: string): boolean {
  const span = (events: readonly JournalEvent[]): [number, number] => {
    const plan = events.find((event) => event.type === "run-started")?.plan;
    const trial = plan?.trials.find((candidate) => candidate.target === target)?.id;
    const at = (type: JournalEvent["type"]): number =>
      Date.parse(
        events.find((event) => event.type === type && "trial" in event && event.trial === trial)?.at ?? "",
      );
    return [at("trial-armed"), at("trial-cleaned")];
  };
  const [startA, endA] = span(a);
  const [startB, endB] = span(b);
  return endA <= startB || endB <= startA;
}
