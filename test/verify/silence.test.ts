import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { Observation } from "../../src/model/observation.js";
import {
  alertOf,
  begin,
  end,
  harmless,
  root,
  base64Rule,
  exec,
  rule,
  said,
  sentinel,
  shippedOf,
  statusOf,
  T0,
  twin,
  verdictOf,
} from "./builders.js";

const matching = exec(["bash", "-c", "echo x | base64"], { sequence: root.sequence });
const matched = [begin, matching, end];
/** An event of somebody else on the host. */
const stranger = exec(["base64"], { session: "8", sequence: 9 });

function outcomeOf(
  events: HostEvent[],
  over: Partial<Observation> = {},
  trial = {},
): [string, string | null] {
  return said(verdictOf(shippedOf(events, [], over), { trial }));
}

describe("a miss of a SIEM to which records travel", () => {
  test("is logged when all of the act's records arrived and two answers agree that there is no alert", () => {
    expect(outcomeOf(harmless)).toEqual(["logged", "clause"]);
  });

  test("needs no deadline when nothing can be under way any more", () => {
    expect(outcomeOf(harmless, { deadlineAt: T0 + 900_000 })).toEqual(["logged", "clause"]);
  });

  test.each<[string, Partial<Observation>, string]>([
    ["one answer alone says so", { agreeing: 1 }, "siem"],
    ["the answer is partial", { state: "partial", stateDetail: "x" }, "siem"],
    ["the SIEM was asked too much", { state: "rate-limited", stateDetail: "x" }, "siem"],
    ["the SIEM cannot be reached", { state: "unreachable", stateDetail: "x" }, "siem"],
    ["records were lost", { sensor: { lostBefore: 1, lostAfter: 2, running: true, detail: "" } }, "host-log"],
    [
      "the count of losses began anew",
      { sensor: { lostBefore: 1, lostAfter: 0, running: true, detail: "" } },
      "host-log",
    ],
    ["the SIEM says nothing of the rule", { rules: [] }, "rule-present"],
  ])("is undecided when %s", (_name, over, link) => {
    expect(outcomeOf(harmless, over)).toEqual(["undecided", link]);
    expect(outcomeOf(harmless, over, twin)).toEqual(["undecided", link]);
  });

  test("is undecided when a number is missing, before the deadline and after it", () => {
    const gap = [begin, root, sentinel("end", "run-0001", { sequence: end.sequence + 1 })];
    expect(outcomeOf(gap)).toEqual(["undecided", "ingest"]);
    expect(outcomeOf(gap, { deadlineAt: T0 + 900_000 })).toEqual(["undecided", "ingest"]);
    expect(outcomeOf(gap, {}, twin)).toEqual(["undecided", "ingest"]);
  });

  test("is decided without the begin sentinel, and undecided without the end", () => {
    expect(outcomeOf([root, end])).toEqual(["logged", "clause"]);
    expect(outcomeOf([root, end], {}, twin)[0]).toBe("quiet");
    expect(outcomeOf([begin, root])).toEqual(["undecided", "ingest"]);
  });

  test("is undecided when the act's processes outlived the end sentinel", () => {
    const verdict = verdictOf(shippedOf(harmless, []), { execution: { outlived: true } });
    expect(said(verdict)).toEqual(["undecided", "attribution"]);
  });
});

describe("telemetry that did not arrive", () => {
  test("is blind after the deadline when the host sent nothing at all", () => {
    expect(outcomeOf([])).toEqual(["blind", "ingest"]);
    expect(outcomeOf([], {}, twin)).toEqual(["undecided", "ingest"]);
  });

  test.each<[string, HostEvent[], Partial<Observation>]>([
    ["the deadline is still to come", [], { deadlineAt: T0 + 900_000 }],
    ["other records of the host arrived", [stranger], {}],
    ["one answer alone says so", [], { agreeing: 1 }],
    ["the answer is partial", [], { state: "partial", stateDetail: "x" }],
    ["the sensor lost records", [], { sensor: { lostBefore: 0, lostAfter: 9, running: true, detail: "" } }],
  ])("is undecided when %s", (_name, events, over) => {
    expect(outcomeOf(events, over)[0]).toBe("undecided");
  });

  test.each([
    ["does not say for which events", alertOf("base64", null)],
    ["names no host", alertOf("base64", null, { host: null })],
    ["stands for events that the SIEM did not show", alertOf("base64", [exec(["base64"])])],
  ])(
    "is not blind when an alert of the rule exists that %s: something of the host was seen",
    (_name, alert) => {
      expect(verdictOf(shippedOf([], [alert])).outcome).toBe("undecided");
    },
  );

  test("names the same alert in whatever order they are listed", () => {
    const alerts = [
      alertOf("base64", null),
      alertOf("base64", null),
      alertOf("base64", null, { host: null }),
    ];
    const [one, ...others] = [alerts, alerts.toReversed(), [...alerts, ...alerts]].map(
      (listed) => verdictOf(shippedOf([], listed)).evidence,
    );
    for (const other of others) expect(other).toEqual(one);
  });

  test("is blind although the rule fired on another host, or before the act", () => {
    const decoys = [
      alertOf("base64", null, { host: "h2" }),
      alertOf("base64", null, { createdAt: T0 - 60_000, updatedAt: T0 - 60_000 }),
    ];
    expect(verdictOf(shippedOf([], decoys)).outcome).toBe("blind");
  });

  test("is blind when the host recorded nothing of the act between its gapless sentinels", () => {
    const next = sentinel("end", "run-0001", { sequence: begin.sequence + 1 });
    expect(outcomeOf([begin, next])).toEqual(["blind", "host-log"]);
    expect(outcomeOf([begin, next], {}, twin)[0]).toBe("undecided");
  });

  test("is undecided when the rule reads a log source whose way no sentinel has gone", () => {
    const other = rule(
      "other",
      "{ selection: { CommandLine|contains: base64 }, condition: selection }",
      "{ product: linux, service: sudo }",
    );
    const over = { rules: [statusOf({ rule: "other" })] };
    const next = sentinel("end", "run-0001", { sequence: begin.sequence + 1 });
    expect(said(verdictOf(shippedOf(harmless, [], over), { rule: other }))).toEqual(["undecided", "ingest"]);
    expect(said(verdictOf(shippedOf([begin, next], [], over), { rule: other }))).toEqual([
      "undecided",
      "ingest",
    ]);
  });
});

describe("a rule that matches and gave no alert", () => {
  test("was excepted or differs from its text, where a deployed rule was evaluated", () => {
    expect(outcomeOf(matched)).toEqual(["logged", "exception"]);
    expect(outcomeOf(matched, {}, twin)).toEqual(["quiet", "exception"]);
  });

  test.each<[string, Parameters<typeof statusOf>[0], string]>([
    [
      "a throttle was open",
      { throttles: [{ from: T0 - 1, until: T0 + 99_000, openedBy: "earlier" }] },
      "suppression",
    ],
    ["it remembers what it has seen", { stateful: true }, "exception"],
    ["it was only asked by us", { evaluatedBy: "on-demand" }, "evaluated"],
  ])("is undecided when %s", (_name, over, link) => {
    expect(outcomeOf(matched, { rules: [statusOf(over)] })).toEqual(["undecided", link]);
  });

  test("was not withheld by a throttle that had ended before the records came", () => {
    const throttle = { from: T0 - 900_000, until: T0 - 1, openedBy: null };
    expect(outcomeOf(matched, { rules: [statusOf({ throttles: [throttle] })] })).toEqual([
      "logged",
      "exception",
    ]);
  });

  test("is undecided when an alert of it may be the trial's, whenever the copy of the record that we see was indexed", () => {
    const copied = { ...matching, ingestedAt: T0 + 55_000 };
    const alert = alertOf("base64", null, { createdAt: T0 + 50_000, updatedAt: T0 + 50_000 });
    expect(said(verdictOf(shippedOf([begin, copied, end], [alert])))).toEqual(["undecided", "attribution"]);
  });

  test("is decided although an alert that cannot be ours was last changed before the act", () => {
    const earlier = alertOf("base64", null, { createdAt: T0 - 90_000, updatedAt: T0 - 90_000 });
    expect(said(verdictOf(shippedOf(harmless, [earlier])))).toEqual(["logged", "clause"]);
    const next = sentinel("end", "run-0001", { sequence: begin.sequence + 1 });
    expect(said(verdictOf(shippedOf([begin, next], [earlier])))).toEqual(["blind", "host-log"]);
  });
});

describe("a twin's silence", () => {
  test("is quiet when its telemetry arrived, the rule was evaluated and no throttle was open", () => {
    expect(outcomeOf(harmless, {}, twin)).toEqual(["quiet", null]);
  });

  test.each<[string, Parameters<typeof statusOf>[0]]>([
    ["the rule is absent", { present: false }],
    ["the rule is disabled", { enabled: false }],
    ["a throttle was open", { throttles: [{ from: T0 - 1, until: T0 + 99_000, openedBy: null }] }],
  ])("is undecided when %s", (_name, over) => {
    expect(outcomeOf(harmless, { rules: [statusOf(over)] }, twin)[0]).toBe("undecided");
  });
});

describe("another analytic's alert", () => {
  test("makes a miss other-alert when it stands for events of this act alone", () => {
    expect(verdictOf(shippedOf(harmless, [alertOf("another", [root])])).outcome).toBe("other-alert");
  });

  test("earns nothing by others' events, by a mixture, or by naming none", () => {
    const foreign = [alertOf("another", [stranger]), alertOf("another", []), alertOf("another", null)];
    const part = alertOf("another", [root], { sourcesWhole: false });
    for (const alert of [...foreign, alertOf("another", [root, stranger]), part])
      expect(verdictOf(shippedOf(harmless, [alert])).outcome).not.toBe("other-alert");
  });

  test("does not make the named analytic's own absence more or less proved", () => {
    const other = alertOf("another", [root]);
    expect(said(verdictOf(shippedOf(harmless, [other], { agreeing: 1 })))).toEqual(["undecided", "siem"]);
    expect(base64Rule.matches(root)).toBe(false);
  });
});
