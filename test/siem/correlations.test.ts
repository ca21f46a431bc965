import { describe, expect, test } from "vitest";
import type { CompiledRule } from "../../src/detection/rule.js";
import { type CorrelationRule, isCorrelationRule } from "../../src/detection/sigma/correlation/rule.js";
import type { Alert } from "../../src/model/alert.js";
import type { HostEvent } from "../../src/model/event.js";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { AlertBook } from "../../src/siem/embedded/alerts.js";
import { BackgroundBook } from "../../src/siem/embedded/background.js";
import { BackgroundCorrelations } from "../../src/siem/embedded/background-correlations.js";
import { type Correlated, Correlations } from "../../src/siem/embedded/correlations.js";
import { exec, sentinel, T0 } from "../verify/builders.js";

/** The correlations of the embedded SIEM, apart from its logs: what is raised when, and what is background. */

/** Three programs of one user within ten seconds. */
function threeStarts(): CorrelationRule {
  const text = `title: Start
name: start
logsource: { product: linux, category: process_creation }
detection: { selection: { Image|endswith: /expr }, condition: selection }
---
title: Three starts
id: three
correlation:
  type: event_count
  rules: [start]
  group-by: [User]
  timespan: 10s
  condition: { gte: 3 }
level: high
`;
  const { rule, diagnostics } = compileAnalytic({ file: "three.yml", text });
  if (rule === null || !isCorrelationRule(rule)) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** A start so many milliseconds after T0. */
function start(ms: number, over: Partial<HostEvent> & { user?: string } = {}): HostEvent {
  const { user = "op", ...rest } = over;
  const event = exec(["/usr/bin/expr"], { time: T0 + ms, ...rest });
  return { ...event, fields: { ...event.fields, User: user } };
}

function basesOf(rule: CorrelationRule, event: HostEvent): CompiledRule[] {
  return rule.baseRules.filter((base) => base.matches(event));
}

function feed(correlations: Correlations, rule: CorrelationRule, events: readonly HostEvent[]): Correlated[] {
  return events.flatMap((event) => correlations.add(event, basesOf(rule, event)));
}

const idsOf = (found: readonly Correlated[]): string[][] => found.map(({ match }) => [...match.sources]);

describe("a correlation", () => {
  const rule = threeStarts();

  test("is looked at when its host has moved on by the tolerance, or when all has come", () => {
    const events = [start(0), start(1000), start(2000)];
    const moving = new Correlations([rule]);
    expect(feed(moving, rule, events)).toEqual([]);
    expect(feed(moving, rule, [exec(["/usr/bin/id"], { time: T0 + 7000 })])).toEqual([]);
    expect(idsOf(feed(moving, rule, [exec(["/usr/bin/id"], { time: T0 + 7001 })]))).toEqual([
      events.map(({ id }) => id),
    ]);
    const settled = new Correlations([rule]);
    feed(settled, rule, events);
    expect(idsOf(settled.settle("h1"))).toEqual([events.map(({ id }) => id)]);
    expect(settled.settle("h1")).toEqual([]);
  });

  test("counts what comes out of order within the tolerance, and says what came too late", () => {
    const correlations = new Correlations([rule]);
    feed(correlations, rule, [start(2000), start(0), start(1000)]);
    expect(correlations.settle("h1")).toHaveLength(1);
    expect(correlations.late("three", "h1")).toBe(0);
    feed(correlations, rule, [start(500)]);
    expect(correlations.late("three", "h1")).toBe(1);
    expect([correlations.late("three", "h2"), correlations.late("other", "h1")]).toEqual([0, 0]);
  });

  test("of several events of one moment and the end sentinel's loses none", () => {
    const correlations = new Correlations([rule]);
    feed(correlations, rule, [start(0), start(0), start(0)]);
    expect(correlations.settle("h1")).toHaveLength(1);
  });

  test("is evaluated for each host by itself, and for each group", () => {
    const correlations = new Correlations([rule]);
    feed(correlations, rule, [start(0), start(1), start(2, { host: "h2" }), start(3, { user: "root" })]);
    expect([
      ...correlations.settle("h1"),
      ...correlations.settle("h2"),
      ...correlations.settle("h3"),
    ]).toEqual([]);
  });

  test("goes on with what it has seen when other rules are loaded, and begins anew when it is replaced", () => {
    const correlations = new Correlations([rule]);
    feed(correlations, rule, [start(0), start(1000)]);
    correlations.use([rule, { ...threeStarts(), id: "other" }]);
    feed(correlations, rule, [start(2000)]);
    expect(correlations.settle("h1")).toHaveLength(1);
    const replaced = threeStarts();
    correlations.use([replaced]);
    feed(correlations, replaced, [start(3000)]);
    expect(correlations.settle("h1")).toEqual([]);
  });
});

describe("the alert of a correlation", () => {
  const rule = threeStarts();
  const everything = { rules: ["three"], hosts: ["h1"], from: -Infinity, to: Infinity };

  function alertsOf(events: readonly HostEvent[]): Alert[] {
    const book = new AlertBook();
    const correlations = new Correlations([rule]);
    const raise = (found: readonly Correlated[], now: number): void => {
      for (const each of found) book.addCorrelated(each, now);
    };
    for (const event of events) raise(correlations.add(event, basesOf(rule, event)), event.time);
    raise(correlations.settle("h1"), T0 + 1_000_000);
    return book.between(everything).alerts;
  }

  test("stands for the events of its window, and names its host and rule", () => {
    const events = [start(0), start(1), start(2)];
    expect(alertsOf(events)).toEqual([
      expect.objectContaining({
        rule: "three",
        title: "Three starts",
        tier: "alert",
        host: "h1",
        sourceEvents: events.map(({ id }) => id),
        sourcesWhole: true,
        foldedInto: null,
      }),
    ]);
  });

  test("grows while the correlation goes on matching, and is another one after that", () => {
    const burst = [start(0), start(1000), start(2000), start(3000), start(9000)];
    const later = [start(60_000), start(60_001), start(60_002)];
    const alerts = alertsOf([...burst, ...later]);
    expect(alerts.map(({ sourceEvents }) => sourceEvents)).toEqual([
      burst.map(({ id }) => id),
      later.map(({ id }) => id),
    ]);
    expect(alerts[0]?.updatedAt).toBeGreaterThan(alerts[0]?.createdAt ?? Infinity);
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(2);
  });

  test("is found by when it was last changed", () => {
    const book = new AlertBook();
    const correlations = new Correlations([rule]);
    feed(correlations, rule, [start(0), start(1), start(2)]);
    for (const each of correlations.settle("h1")) book.addCorrelated(each, 1000);
    feed(correlations, rule, [start(3)]);
    for (const each of correlations.settle("h1")) book.addCorrelated(each, 2000);
    expect(book.between({ ...everything, from: 1500 }).alerts).toMatchObject([
      { createdAt: 1000, updatedAt: 2000 },
    ]);
    expect(book.between({ ...everything, to: 500 }).alerts).toEqual([]);
  });

  test("of a flood names the latest events, and says that these are not all", () => {
    const flood = Array.from({ length: 1500 }, (_, ms) => start(ms));
    const [alert] = alertsOf(flood);
    expect(alert?.sourceEvents).toHaveLength(1000);
    expect(alert?.sourceEvents?.at(-1)).toBe(flood.at(-1)?.id);
    expect(alert?.sourcesWhole).toBe(false);
  });
});

describe("the background of a correlation", () => {
  const rule = threeStarts();

  function backgroundOf(events: readonly HostEvent[]): number {
    const book = new BackgroundBook();
    const background = new BackgroundCorrelations([rule], book);
    for (const event of events) {
      book.observe(event);
      background.observe(event, basesOf(rule, event));
    }
    background.settle("h1");
    return book.of("three", "h1").background.matches;
  }

  test("is what others did alone: neither Tyrian's events nor a mixture counts", () => {
    const others = [start(0, { session: "5" }), start(1000, { session: "5" })];
    const ours = [
      // The login's own shell comes before the words that tell whose the session is.
      start(2000, { session: "7" }),
      sentinel("begin", "session", { session: "7", time: T0 + 2001 }),
      start(3000, { session: "7" }),
      start(4000, { session: "7" }),
    ];
    expect(backgroundOf([...others, ...ours])).toBe(0);
    expect(backgroundOf([...others, ...ours, start(5000, { session: "5" })])).toBe(1);
  });

  test("is counted once for each timespan", () => {
    const burst = Array.from({ length: 9 }, (_, index) => start(index * 1000, { session: "5" }));
    expect(backgroundOf(burst)).toBe(1);
    expect(backgroundOf([...burst, ...[60_000, 60_001, 60_002].map((ms) => start(ms))])).toBe(2);
  });
});
