import { describe, expect, test } from "vitest";
import { correlate, type CorrelationMatch } from "../../../../src/detection/sigma/correlation/evaluator.js";
import { at, baseRule, compiledCorrelations, timed } from "./workbench.js";

function chain(
  ...sections: readonly string[]
): (list: readonly ReturnType<typeof at>[]) => CorrelationMatch[] {
  const { collection, named } = compiledCorrelations(
    [...["failed", "success"].map(baseRule), ...sections].join("---\n"),
  );
  return (list) => correlate([named("outer")], timed(collection, list));
}

/** The example of the specification: multiple failed logins are followed by a successful one. */
const followed = chain(
  `
title: Failed logins and then a successful one
name: outer
correlation:
  type: temporal_ordered
  rules: [many_failed, success]
  group-by: [User]
  timespan: 10m
`,
  `
title: Many failed logins
name: many_failed
correlation:
  type: event_count
  rules: [failed]
  group-by: [User]
  timespan: 10m
  condition:
    gte: 3
`,
);
const login = (second: number, kind: string, User = "bob"): ReturnType<typeof at> =>
  at(second, kind, { User });

describe("a correlation may read correlations", () => {
  test("the example of the specification", () => {
    const failures = [1, 2, 3].map((second) => login(second, "failed"));
    expect(followed([...failures, login(60, "success")])).toMatchObject([
      {
        group: { User: "bob" },
        from: 1000,
        to: 60_000,
        value: 2,
        sources: ["failed@1", "failed@2", "failed@3", "success@60"],
        sourceCount: 4,
      },
    ]);
    expect(followed([...failures, login(60, "success", "eve")])).toEqual([]);
    expect(followed([login(0, "success"), ...failures])).toEqual([]);
    expect(followed([...failures.slice(1), login(60, "success")])).toEqual([]);
  });

  test("a match stands at the end of its window, and is near as long as the outer timespan says", () => {
    const failures = [0, 300, 600].map((second) => login(second, "failed"));
    expect(followed([...failures, login(1200, "success")])).toMatchObject([
      { from: 0, to: 1_200_000, sourceCount: 4 },
    ]);
    expect(followed([...failures, login(1201, "success")])).toEqual([]);
  });

  test("a success in the same second as the last failure follows it", () => {
    expect(
      followed([1, 2, 3].map((second) => login(second, "failed")).concat(login(3, "success"))),
    ).toHaveLength(1);
  });

  test("an event that completes a correlation does not follow it", () => {
    const again = chain(
      `
title: Many failed logins and another
name: outer
correlation:
  type: temporal_ordered
  rules: [many_failed, failed]
  timespan: 10m
`,
      `
title: Many failed logins
name: many_failed
correlation:
  type: event_count
  rules: [failed]
  timespan: 10m
  condition:
    gte: 3
`,
    );
    const failures = [1, 2, 3].map((second) => login(second, "failed"));
    expect(again(failures)).toEqual([]);
    expect(again([...failures, login(4, "failed")])).toMatchObject([{ to: 4000, sourceCount: 4 }]);
  });

  const bursts = (
    inner: string,
    outer: string,
  ): ((list: readonly ReturnType<typeof at>[]) => CorrelationMatch[]) =>
    chain(
      `
title: Bursts
name: outer
correlation:
  type: event_count
  rules: [burst]
  ${outer}
  timespan: 1h
  condition:
    gte: 2
`,
      `
title: A burst
name: burst
correlation:
  type: event_count
  rules: [failed]
  ${inner}
  timespan: 10s
  condition:
    gte: 3
`,
    );

  test("event_count counts a burst once, however many events it has", () => {
    const twoBursts = bursts("group-by: [User]", "group-by: [User]");
    const burst = (start: number): ReturnType<typeof at>[] =>
      [0, 1, 2, 3, 4, 5].map((second) => login(start + second, "failed"));
    expect(twoBursts(burst(0))).toEqual([]);
    expect(twoBursts([...burst(0), ...burst(100)])).toMatchObject([
      { to: 102_000, value: 2, sourceCount: 6 },
    ]);
  });

  test("only the outer group-by counts: the other fields of a match are those of its source events", () => {
    const byUser = bursts("group-by: [Host]", "group-by: [User]");
    const failed = (second: number, Host: string, User: string): ReturnType<typeof at> =>
      at(second, "failed", { Host, User });
    const burst = (start: number, Host: string, users: readonly string[]): ReturnType<typeof at>[] =>
      users.map((User, second) => failed(start + second, Host, User));
    const matches = byUser([
      ...burst(0, "h1", ["bob", "eve", "bob"]),
      ...burst(100, "h2", ["bob", "tom", "tom"]),
    ]);
    expect(matches.map(({ group }) => group)).toEqual([{ User: "bob" }]);
  });

  test("aliases of the inner and of the outer correlation lead to the events' fields", () => {
    const aliased = chain(
      `
title: Outer
name: outer
correlation:
  type: temporal
  rules: [inner, success]
  group-by: [who]
  timespan: 10m
  aliases:
    who:
      inner: account
      success: User
`,
      `
title: Inner
name: inner
correlation:
  type: event_count
  rules: [failed]
  group-by: [Host]
  timespan: 10m
  aliases:
    account:
      failed: TargetUserName
  condition:
    gte: 2
`,
    );
    const failures = [1, 2].map((second) => at(second, "failed", { Host: "h", TargetUserName: "bob" }));
    expect(aliased([...failures, login(3, "success")])).toMatchObject([
      { group: { who: "bob" }, sourceCount: 3 },
    ]);
    expect(aliased([...failures, login(3, "success", "eve")])).toEqual([]);
  });

  test("a source event that several inner matches share is counted once", () => {
    const twice = chain(
      `
title: Outer
name: outer
correlation:
  type: temporal
  rules: [two, three]
  timespan: 1m
`,
      ...[2, 3].map(
        (count) => `
title: ${count} failures
name: ${count === 2 ? "two" : "three"}
correlation:
  type: event_count
  rules: [failed]
  timespan: 1m
  condition:
    gte: ${count}
`,
      ),
    );
    const matches = twice([1, 2, 3].map((second) => login(second, "failed")));
    expect(matches).toMatchObject([
      { to: 3000, sourceCount: 3, sources: ["failed@1", "failed@2", "failed@3"] },
    ]);
  });

  test("a chain over a flood counts each source event once, and lists the latest", () => {
    const { collection, named } = compiledCorrelations(
      [
        baseRule("failed"),
        baseRule("success"),
        "title: Many\nname: many\ncorrelation:\n  type: event_count\n  rules: [failed]\n  timespan: 1m\n  condition: {gte: 2}\n",
        "title: Outer\nname: outer\ncorrelation:\n  type: temporal\n  rules: [many, success]\n  timespan: 1h\n",
      ].join("---\n"),
    );
    const failures = Array.from({ length: 500 }, (_, second) => at(second, "failed"));
    const matches = correlate([named("outer")], timed(collection, [...failures, at(500, "success")]), {
      mostSources: 2,
    });
    expect(matches).toMatchObject([
      { from: 0, to: 500_000, sourceCount: 501, sources: ["failed@499", "success@500"] },
    ]);
  });
});
