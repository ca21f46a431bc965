import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Verdict } from "../../src/model/verdict.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, type Outcome, whyNoLab } from "./house.js";
import { playbookOf } from "./playbooks.js";

/** Analytics other than one Sigma rule, from the playbook to the verdict and again from the journal (`House.run` replays). */

const shellStart = `title: A shell starts
id: shell-start
name: shell_start
logsource: { product: linux, category: process_creation }
detection:
  selection: { Image|endswith: [/dash, /sh] }
  condition: selection
level: informational
`;

const threeStarts = (group: string): string => `${shellStart}---
title: Three shells in a minute
id: three-shells
correlation:
  type: event_count
  rules: [shell_start]
  group-by: [${group}]
  timespan: 1m
  condition: { gte: 3 }
level: high
`;
const done = "proof: { stdout: { contains: done } }";

const query = `\`\`\`
title: A sum is computed by expr
id: expr-sum
logsource: { product: linux, category: process_creation }
level: high
tags: [attack.t1059.004]
\`\`\`
index=* process_name=expr CommandLine="*424242*"
| stats count min(_time) AS firstTime BY host process_name CommandLine
| convert ctime(firstTime)
`;

const filtered = `title: A sum is computed by expr
id: expr-filtered
logsource: { product: linux, category: process_creation }
detection:
  selection: { Image|endswith: /expr }
  condition: selection
level: high
---
title: Sums of the number that is known
logsource: { product: linux }
filter:
  rules: [expr-filtered]
  selection: { CommandLine|contains: '424242' }
  condition: not selection
`;

function verdicts({ results }: Outcome): Verdict[] {
  return results.trials.flatMap(({ verdicts: each }) => each);
}

describe.each(["root", "rootless"] as const)(
  "on real hosts of the %s lab",
  skippedFor(whyNoLab()),
  (kind) => {
    // Of one user are the wrapper's shells and the login's, too. Without root the sensor knows no users.
    const group = kind === "root" ? "User" : "ParentImage";
    let house: House;
    beforeAll(async () => {
      house = await openHouse(1, kind);
    });
    afterAll(async () => {
      await house?.close();
    });

    test("a correlation fires for three starts of the trial, and not for two beside the procedure's and the wrapper's", async () => {
      const playbook = playbookOf({
        run: "for word in one two three; do dash -c 'echo done'; done",
        twin: `{ name: Two, run: "for word in one two; do dash -c 'echo done'; done", ${done} }`,
      });
      const [detected, quiet] = verdicts(await house.run(playbook, { "rule.yml": threeStarts(group) }));
      expect(detected).toMatchObject({
        analytic: "three-shells",
        outcome: "detected",
        attribution: "exact",
        tier: "alert",
        met: true,
      });
      // The alert, and of its events the trial's own.
      expect(detected?.evidence).toHaveLength(4);
      expect(quiet).toMatchObject({ outcome: "quiet", met: true, cause: { link: "clause" } });
      expect(quiet?.cause?.detail).toContain("2 of 3 events (shell_start: 2)");
    });

    test("a miss says how many of how many in which window, by the trial's own events", async () => {
      const playbook = playbookOf({
        run: "dash -c 'echo done'",
        expect: "[ { analytic: analytics/rule.yml, outcome: logged, because: one is not enough } ]",
      });
      const [missed] = verdicts(await house.run(playbook, { "rule.yml": threeStarts(group) }));
      expect(missed).toMatchObject({ outcome: "logged", met: true, cause: { link: "clause" } });
      expect(missed?.cause?.detail).toContain(
        `needs at least 3 events of shell_start within 1m with the same ${group}; the nearest group, ${group}=`,
      );
      expect(missed?.cause?.detail).toContain("had 1 of 3 events");
    });

    test("a group-by field that the sensor lacks is a fault of the fields: no silence is proved by it", async () => {
      const playbook = playbookOf({
        run: "for word in one two three; do dash -c 'echo done'; done",
        expect: "[ { analytic: analytics/rule.yml, outcome: logged, because: the field is not there } ]",
        twin: `{ name: One, run: "dash -c 'echo done'", ${done} }`,
      });
      const rule = threeStarts("IntegrityLevel");
      const [missed, twin] = verdicts(await house.run(playbook, { "rule.yml": rule }));
      expect(missed).toMatchObject({ outcome: "logged", cause: { link: "fields" } });
      expect(missed?.cause?.detail).toContain("3 of shell_start have no value in a group-by field");
      expect(twin).toMatchObject({ outcome: "undecided", cause: { link: "fields" } });
    });

    test("programs in order are told from the same programs in another order", async () => {
      const ordered = [
        ["first_sum", "111111"],
        ["second_sum", "222222"],
      ].map(
        ([name, word]) =>
          `title: ${name}\nname: ${name}\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection: { Image|endswith: /expr, CommandLine|contains: '${word}' }\n  condition: selection\n---\n`,
      );
      const rule = `${ordered.join("")}title: One after the other
id: in-order
correlation:
  type: temporal_ordered
  rules: [first_sum, second_sum]
  group-by: [${group}]
  timespan: 30s
level: medium
`;
      // Far enough apart for the clock of the kernel's audit.
      const playbook = playbookOf({
        run: "expr 111111 + 1 >/dev/null; sleep 0.1; expr 222222 + 1 >/dev/null; echo done",
        twin: `{ name: Reversed, run: "expr 222222 + 1 >/dev/null; sleep 0.1; expr 111111 + 1 >/dev/null; echo done", ${done} }`,
      });
      const [detected, quiet] = verdicts(await house.run(playbook, { "rule.yml": rule }));
      expect(detected).toMatchObject({ outcome: "detected", attribution: "exact" });
      expect(quiet).toMatchObject({ outcome: "quiet", cause: { link: "clause" } });
      expect(quiet?.cause?.detail).toContain("no second_sum came after first_sum");
    });

    test("a query of SPL fires for the procedure, and its twin is quiet", async () => {
      const playbook = playbookOf({
        run: "expr 424242 + 1 >/dev/null; echo done",
        expect: "[ { analytic: analytics/expr-sum.spl } ]",
        twin: `{ name: Another sum, run: 'expr 1 + 1 >/dev/null; echo done', ${done} }`,
      });
      const [detected, quiet] = verdicts(await house.run(playbook, { "expr-sum.spl": query }));
      expect(detected).toMatchObject({
        analytic: "expr-sum",
        title: "A sum is computed by expr",
        outcome: "detected",
        attribution: "exact",
        met: true,
      });
      expect(quiet).toMatchObject({ outcome: "quiet", met: true });
    });

    test("a filter in the rule's file takes out what it names", async () => {
      const playbook = playbookOf(
        { id: "other", run: "expr 1 + 1 >/dev/null; echo done" },
        {
          id: "known",
          run: "expr 424242 + 1 >/dev/null; echo done",
          expect: "[ { analytic: analytics/rule.yml, outcome: logged, because: it is filtered } ]",
        },
      );
      const found = verdicts(await house.run(playbook, { "rule.yml": filtered }));
      expect(found.map(({ outcome, met }) => [outcome, met])).toEqual([
        ["detected", true],
        ["logged", true],
      ]);
    });
  },
);
