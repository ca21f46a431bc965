import { describe, expect, test } from "vitest";
import { at, matchesOf, matchTimes } from "./workbench.js";

describe("temporal: each of the rules matched in the timespan, in any order", () => {
  const section = `
type: temporal
rules: [a, b, c]
group-by: [User]
timespan: 10s`;
  const kinds = (list: readonly [number, string][], User = "bob"): ReturnType<typeof at>[] =>
    list.map(([second, kind]) => at(second, kind, { User }));

  test("in any order", () => {
    expect(
      matchTimes(
        section,
        kinds([
          [1, "c"],
          [2, "a"],
          [3, "b"],
        ]),
      ),
    ).toEqual([3]);
    expect(
      matchTimes(
        section,
        kinds([
          [1, "a"],
          [2, "a"],
          [3, "b"],
        ]),
      ),
    ).toEqual([]);
  });

  test("in one group", () => {
    expect(
      matchTimes(section, [
        ...kinds([
          [1, "a"],
          [2, "b"],
        ]),
        ...kinds([[3, "c"]], "eve"),
      ]),
    ).toEqual([]);
  });

  test("one event may match several rules", () => {
    expect(
      matchTimes(
        section,
        kinds([
          [1, "a b"],
          [2, "c"],
        ]),
      ),
    ).toEqual([2]);
  });

  test("a condition counts the rules", () => {
    const two = `${section}\ncondition:\n  gte: 2`;
    expect(
      matchTimes(
        two,
        kinds([
          [1, "a"],
          [2, "a"],
          [3, "c"],
        ]),
      ),
    ).toEqual([3]);
  });

  test("a condition may say which rules", () => {
    const expression = `${section}\ncondition: a and (b or c)`;
    expect(
      matchTimes(
        expression,
        kinds([
          [1, "a"],
          [2, "c"],
        ]),
      ),
    ).toEqual([2]);
    expect(
      matchTimes(
        expression,
        kinds([
          [1, "b"],
          [2, "c"],
        ]),
      ),
    ).toEqual([]);
  });

  test("the rules may be named by the condition alone", () => {
    const expression = `type: temporal\ntimespan: 10s\ncondition: a and b`;
    expect(matchTimes(expression, [at(1, "a"), at(2, "b")])).toEqual([2]);
  });
});

describe("temporal_ordered: the rules matched in the order in which they are listed", () => {
  const section = `
type: temporal_ordered
rules: [a, b, c]
timespan: 10s`;
  const times = (...list: readonly [number, string][]): number[] =>
    matchTimes(
      section,
      list.map(([second, kind], index) => at(second, kind, {}, `${kind}${index}`)),
    );

  test("in the order of the list only", () => {
    expect(times([1, "a"], [2, "b"], [3, "c"])).toEqual([3]);
    expect(times([1, "b"], [2, "a"], [3, "c"])).toEqual([]);
    expect(times([1, "c"], [2, "b"], [3, "a"])).toEqual([]);
  });

  test("other events may stand between, and rules may match again", () => {
    expect(times([1, "a"], [2, "c"], [3, "a"], [4, "b"], [5, "b"], [6, "c"])).toEqual([6]);
  });

  test("the whole sequence lies within the timespan", () => {
    expect(times([0, "a"], [5, "b"], [10, "c"])).toEqual([10]);
    expect(times([0, "a"], [5, "b"], [10.001, "c"])).toEqual([]);
    // The later start counts, and the earlier ones that no longer fit do not.
    expect(times([0, "a"], [3, "a"], [5, "b"], [12, "c"])).toEqual([12]);
  });

  test("events of the same time stand in whichever order fits", () => {
    expect(times([1, "c"], [1, "b"], [1, "a"])).toEqual([1]);
    expect(times([1, "b"], [2, "a"], [2, "b"], [2, "c"])).toEqual([2]);
  });

  test("but one event does not serve twice", () => {
    expect(times([1, "a b"], [2, "c"])).toEqual([]);
    expect(times([1, "a b"], [1, "a b"], [2, "c"])).toEqual([2]);
    expect(times([1, "a b c"], [1, "a b"])).toEqual([]);
    expect(times([1, "a"], [2, "b c"], [3, "b c"])).toEqual([3]);
  });

  test("a condition with and says no more than the list", () => {
    const expression = `type: temporal_ordered\ntimespan: 10s\ncondition: a and b`;
    expect(matchTimes(expression, [at(1, "a"), at(2, "b")])).toEqual([2]);
    expect(matchTimes(expression, [at(1, "b"), at(2, "a")])).toEqual([]);
  });
});

describe("aliases: one name for fields that the rules' events name differently", () => {
  const section = `
type: temporal
rules: [a, b]
group-by: [internal_ip, remote_ip]
timespan: 10s
aliases:
  internal_ip:
    a: destination.ip
    b: source.ip
  remote_ip:
    a: source.ip
    b: destination.ip`;
  const connection = (
    second: number,
    kind: string,
    source: string,
    destination: string,
  ): ReturnType<typeof at> => at(second, kind, { source: { ip: source }, destination: { ip: destination } });

  test("the example of the specification", () => {
    const there = connection(1, "a", "10.0.0.1", "10.0.0.2");
    expect(matchesOf(section, [there, connection(2, "b", "10.0.0.2", "10.0.0.1")])).toMatchObject([
      { group: { internal_ip: "10.0.0.2", remote_ip: "10.0.0.1" } },
    ]);
    expect(matchesOf(section, [there, connection(2, "b", "10.0.0.1", "10.0.0.2")])).toEqual([]);
  });

  test("a rule that the alias does not name has the alias itself as its field", () => {
    const partial = section.replaceAll(/\n {4}b: .*/g, "");
    const direct = at(2, "b", { internal_ip: "2", remote_ip: "1" });
    expect(matchTimes(partial, [connection(1, "a", "1", "2"), direct])).toEqual([2]);
  });

  test("an alias may be the field of the condition", () => {
    const counted = `
type: value_count
rules: [a, b]
timespan: 10s
aliases:
  who:
    a: User
    b: Account
condition:
  field: who
  gte: 2`;
    expect(matchTimes(counted, [at(1, "a", { User: "x" }), at(2, "b", { Account: "y" })])).toEqual([2]);
    expect(matchTimes(counted, [at(1, "a", { User: "x" }), at(2, "b", { Account: "x" })])).toEqual([]);
  });
});
