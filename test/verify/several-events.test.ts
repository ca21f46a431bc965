import { describe, expect, test } from "vitest";
import type { CompiledRule } from "../../src/detection/rule.js";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Trial } from "../../src/model/trial.js";
import type { Verdict } from "../../src/model/verdict.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import {
  alertOf,
  begin,
  exec,
  observationOf,
  root,
  said,
  sentinel,
  shippedOf,
  statusOf,
  verdictOf,
} from "./builders.js";

/** Verdicts over rules that need several events: a trial is judged by its own. */

function compiled(text: string, file = "rule.yml"): CompiledRule {
  const { rule, diagnostics } = compileAnalytic({ file, text });
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

function counting(condition: string): CompiledRule {
  return compiled(`title: Decoding
name: decode
logsource: { product: linux, category: process_creation }
detection: { selection: { Image|endswith: /base64 }, condition: selection }
---
title: Decoded again and again
id: many
correlation:
  type: event_count
  rules: [decode]
  group-by: [User]
  timespan: 1m
  condition: ${condition}
level: medium
`);
}

const three = counting("{ gte: 3 }");

/** Started by the trial's own shell. */
function decode(sequence: number, over: Partial<HostEvent> = {}): HostEvent {
  const event = exec(["base64", "-d"], { sequence, ppid: root.pid, ...over });
  return { ...event, fields: { ...event.fields, User: "op", ...over.fields } };
}

const own = [decode(3), decode(4), decode(5)] as const;
/** The end sentinel that follows an act at once: no number is missing. */
function endOf(act: readonly HostEvent[]): HostEvent {
  return sentinel("end", "run-0001", {
    sequence: Math.max(root.sequence, ...act.map(({ sequence }) => sequence)) + 1,
  });
}
const others = [20, 21, 22].map((sequence) => decode(sequence, { session: "8" }));
const twinFor = (analytic: string): Partial<Trial> => ({
  twin: true,
  expectations: [{ analytic, outcome: "quiet", execution: "ran" }],
});
const twin = twinFor("many");

interface Case {
  readonly rule?: CompiledRule;
  readonly alerts?: readonly Alert[];
  readonly trial?: Partial<Trial>;
  readonly deployed?: true;
}

/** The verdict of a trial that did these things, by the embedded SIEM or by a rule that is deployed elsewhere. */
function judged(
  act: readonly HostEvent[],
  { rule = three, alerts = [], trial = {}, deployed }: Case = {},
): Verdict {
  const observation = deployed === true ? shippedOf : observationOf;
  const status = statusOf({ rule: rule.id, evaluatedBy: deployed === true ? "siem-rule" : "embedded" });
  const background = { [rule.id]: { matches: 0, observedHours: 1, perDay: 0 } };
  return verdictOf(
    observation([begin, root, ...act, endOf(act)], [...alerts], { rules: [status], background }),
    {
      rule,
      trial,
    },
  );
}

describe("an alert over several events", () => {
  test("is the trial's when its own events alone satisfy the rule, whatever else it stands for", () => {
    for (const sources of [own, [...others, ...own], [...own, ...others]]) {
      const verdict = judged(own, { alerts: [alertOf("many", [...sources])] });
      expect(verdict).toMatchObject({ outcome: "detected", attribution: "exact", cause: null });
      expect(verdict.evidence.slice(1)).toEqual(own.map(({ id }) => id));
    }
  });

  test("is timed from the event that completed what the rule needs", () => {
    const createdAt = own[2].ingestedAt + 5;
    const alert = alertOf("many", [...own], { createdAt, updatedAt: createdAt, evaluatedAt: createdAt });
    expect(judged(own, { alerts: [alert] }).latency).toMatchObject({ rule: 5, alert: 0 });
  });

  test("that needed others' events is no credit: by the rule's own text the trial is a miss, and a twin quiet", () => {
    const alerts = [alertOf("many", [others[0] as HostEvent, ...own.slice(0, 2)])];
    const missed = judged(own.slice(0, 2), { alerts });
    expect(said(missed)).toEqual(["logged", "clause"]);
    expect(missed.cause?.detail).toContain("User=op, had 2 of 3 events (decode: 2) between");
    expect(missed.cause?.detail).toContain(
      `The alert ${alerts[0]?.id} needed others' events of the same group (User=op).`,
    );
    const quiet = judged(own.slice(0, 2), { alerts, trial: twin });
    expect(said(quiet)).toEqual(["quiet", "clause"]);
    expect(quiet.cause?.detail).toContain("2 of 3 events");
    expect(quiet.met).toBe(true);
  });

  test("that needed others' events is undecided where another form of the rule may be deployed, and names the group", () => {
    const alerts = [alertOf("many", [others[0] as HostEvent, ...own.slice(0, 2)])];
    for (const trial of [{}, twin]) {
      const verdict = judged(own.slice(0, 2), { alerts, trial, deployed: true });
      expect(said(verdict)).toEqual(["undecided", "attribution"]);
      expect(verdict.attribution).toBe("ambiguous");
      expect(verdict.cause?.detail).toContain("others' of the same group (User=op)");
      expect(verdict.cause?.detail).toContain("2 of 3 events");
    }
  });

  test("that does not name all of its sources is undecided when those that it names are too few", () => {
    const alerts = [alertOf("many", own.slice(0, 2), { sourcesWhole: false })];
    expect(said(judged(own.slice(0, 2), { alerts }))).toEqual(["undecided", "attribution"]);
  });

  test("of a twin's own events is a false alarm that says how many there were", () => {
    const verdict = judged(own, { alerts: [alertOf("many", [...own])], trial: twin });
    expect(said(verdict)).toEqual(["false-alarm", "clause"]);
    expect(verdict.cause?.detail).toMatch(/it is too broad: .* had 3 events .*: it matched/);
  });
});

describe("without an alert", () => {
  test("a trial is missed by as many events as it lacks, and by none it is missed by the clause of the nearest", () => {
    expect(judged(own.slice(0, 1)).cause?.detail).toContain("1 of 3 events");
    const none = judged([]);
    expect(said(none)).toEqual(["logged", "clause"]);
    expect(none.cause?.nearest?.unmet[0]?.clause).toContain("Image|endswith");
  });

  test("events that satisfy a rule alone are undecided when others may have been counted with them", () => {
    const exactly = counting("{ eq: 3 }");
    for (const trial of [{}, twin]) {
      const verdict = judged(own, { rule: exactly, trial });
      expect(said(verdict)).toEqual(["undecided", "evaluated"]);
      expect(verdict.cause?.detail).toContain("others' of the same group (User=op)");
    }
  });

  test("an event that was lost on the way is the cause only when the rule would have been satisfied with it", () => {
    const judgedWith = (arrived: readonly HostEvent[], recorded: readonly HostEvent[]): Verdict =>
      verdictOf(
        shippedOf([begin, root, ...arrived, endOf(recorded)], [], {
          rules: [statusOf({ rule: "many" })],
          hostLog: { state: "complete", detail: "", events: [begin, root, ...recorded, endOf(recorded)] },
        }),
        { rule: three },
      );
    expect(said(judgedWith(own.slice(0, 2), own))).toEqual(["logged", "ingest"]);
    const short = judgedWith(own.slice(0, 1), own.slice(0, 2));
    expect(said(short)).toEqual(["logged", "clause"]);
    expect(short.cause?.detail).toContain("1 of 3 events");
    expect(short.cause?.untested.map(({ link }) => link)).toContain("ingest");
  });

  test("a deployed rule that stays silent for enough events is another form of it; of a twin others may be the reason", () => {
    expect(said(judged(own, { deployed: true }))).toEqual(["logged", "exception"]);
    expect(said(judged(own, { deployed: true, trial: twin }))).toEqual(["undecided", "evaluated"]);
  });

  test("events without the group-by field leave a twin's silence unproved", () => {
    const nameless = own.map((event) => ({ ...event, fields: { Image: "/usr/bin/base64" } }));
    expect(said(judged(nameless))).toEqual(["logged", "fields"]);
    expect(said(judged(nameless, { trial: twin }))).toEqual(["undecided", "fields"]);
  });
});

test("a query whose evaluation ends over the trial's events decides nothing", () => {
  const query = compiled('index=* | where User!="x"', "query.spl");
  const several = { ...own[0], fields: { ...own[0].fields, User: ["a", "b"] } } as unknown as HostEvent;
  for (const trial of [{}, twinFor(query.id)]) {
    const verdict = judged([several], { rule: query, trial });
    expect(said(verdict)).toEqual(["undecided", "evaluated"]);
    expect(verdict.cause?.detail).toContain("cannot be evaluated over these events; 1:");
  }
});
