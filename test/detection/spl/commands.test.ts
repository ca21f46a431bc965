import { describe, expect, test } from "vitest";
import { fieldsOf, ids, now, plain, refused, run } from "./helpers.js";

/** The rows of a query over events of the given fields, without Splunk's own fields. */
function rows(query: string, ...events: Record<string, unknown>[]): Record<string, unknown>[] {
  return fieldsOf(run(query, plain(...events)));
}

describe("fields of rows", () => {
  test.each([
    ["* | table b a", [{ b: "2", a: "1" }]],
    ["* | table a, nothing", [{ a: "1" }]],
    ["* | table *", [{ a: "1", ab: "3", b: "2" }]],
    ["* | fields a", [{ a: "1" }]],
    ["* | fields - a*", [{ b: "2" }]],
    ["* | fields + a*", [{ a: "1", ab: "3" }]],
    ["* | rename a AS x", [{ ab: "3", b: "2", x: "1" }]],
    ['* | rename a AS "my x", b AS y', [{ ab: "3", "my x": "1", y: "2" }]],
    ["* | rename a* AS z*", [{ b: "2", z: "1", zb: "3" }]],
    ["* | fillnull value=none c | table c", [{ c: "none" }]],
    ["* | fillnull c | table c", [{ c: "0" }]],
    ["* | eval c=a+b | table c", [{ c: 3 }]],
    ['* | regex a="^[0-9]$" | table a', [{ a: "1" }]],
    ['* | regex a!="^[0-9]$" | table a', []],
    ['* | regex "b=2" | table a', [{ a: "1" }]],
  ])("%s", (query, expected) => {
    expect(rows(query, { a: "1", ab: "3", b: "2" })).toEqual(expected);
  });

  test("fields keeps Splunk's own, table does not", () => {
    const [kept] = run("* | fields a", plain({ a: "1" }));
    expect(Object.keys(kept?.fields ?? {})).toEqual(["a", "_time", "_raw"]);
    const [tabled] = run("* | table a", plain({ a: "1" }));
    expect(tabled?.fields).toEqual({ a: "1" });
  });

  test("fillnull without names fills what any row has", () => {
    expect(rows("* | table a b | fillnull value=-", { a: "1" }, { b: "2" })).toEqual([
      { a: "1", b: "-" },
      { a: "-", b: "2" },
    ]);
  });

  test("filldown takes the value of the row before, newest first", () => {
    expect(rows("* | filldown a | table a", { a: "old" }, {}, { a: "new" })).toEqual([
      { a: "new" },
      { a: "new" },
      { a: "old" },
    ]);
  });
});

describe("order and number of rows", () => {
  const events = [{ n: "10", t: "b" }, { n: "9", t: "a" }, { n: "x", t: "a" }, { t: "c" }] as const;
  const order = (query: string): string[] => ids(query, plain(...events));

  test.each([
    ["* | sort n", ["2", "1", "3", "4"]],
    ["* | sort -n", ["3", "1", "2", "4"]],
    ["* | sort - n", ["3", "1", "2", "4"]],
    ["* | sort t, -n", ["3", "2", "1", "4"]],
    ["* | sort 2 t n", ["2", "3"]],
    ["* | sort limit=1 n", ["2"]],
    ["* | sort str(n)", ["1", "2", "3", "4"]],
    ["* | sort t desc", ["4", "1", "2", "3"]],
    // newest first
    ["* | head 2", ["4", "3"]],
    ["* | head limit=1", ["4"]],
    ["* | head 0", []],
    ["* | tail 2", ["1", "2"]],
    ["* | reverse", ["1", "2", "3", "4"]],
    ["* | dedup t", ["4", "3", "1"]],
    ["* | dedup 2 t", ["4", "3", "2", "1"]],
    ["* | dedup n", ["3", "2", "1"]],
    ["* | dedup n keepempty=true", ["4", "3", "2", "1"]],
    ["* | dedup t consecutive=true", ["4", "3", "1"]],
    ["* | sort n | head 1", ["2"]],
  ])("%s", (query, expected) => {
    expect(order(query)).toEqual(expected);
  });

  test("every three values have one order: numbers, addresses, texts", () => {
    const mixed = plain({ n: "10" }, { n: "1x" }, { n: "2" }, { n: "10.0.0.1" }, { n: "9.0.0.1" });
    expect(ids("* | sort n", mixed)).toEqual(["3", "1", "5", "4", "2"]);
  });

  test("addresses are ordered by their numbers", () => {
    const addresses = plain({ ip: "10.0.0.10" }, { ip: "10.0.0.9" }, { ip: "9.0.0.1" });
    expect(ids("* | sort ip", addresses)).toEqual(["3", "2", "1"]);
  });

  test("without a number sort does not cut what Splunk would cut", () => {
    const many = plain(...Array.from({ length: 10_001 }, (_, index) => ({ n: index })));
    expect(refused("* | sort n", many).code).toBe("sort-limit");
    expect(run("* | sort 0 n", many)).toHaveLength(10_001);
  });
});

describe("fields out of texts", () => {
  test.each([
    [
      'rex field=a "(?<user>\\w+)@(?<domain>[\\w.]+)"',
      { a: "x bob@corp.example y" },
      { user: "bob", domain: "corp.example" },
    ],
    ['rex field=a max_match=0 "(?<n>\\d+)"', { a: "1 22 3" }, { n: ["1", "22", "3"] }],
    ['rex field=a max_match=2 "(?<n>\\d+)"', { a: "1 22 3" }, { n: ["1", "22"] }],
    ['rex field=a "(?<n>\\d+)"', { a: "none", n: "stays" }, { n: "stays" }],
    // docs.splunk.com/Documentation/Splunk/9.2.1/SearchReference/Rex: mode=sed, "s/<regex>/<replacement>/<flags>".
    ['rex field=a mode=sed "s/o/0/"', { a: "foo boo" }, { a: "f0o boo" }],
    ['rex field=a mode=sed "s/o/0/g"', { a: "foo boo" }, { a: "f00 b00" }],
    ['rex field=a mode=sed "s/o/0/3"', { a: "foo boo" }, { a: "foo b0o" }],
    ['rex mode=sed field=a "s/(\\w+) (\\w+)/\\2\\/\\1/"', { a: "x y" }, { a: "y/x" }],
    ['rex field=a mode=sed "s/(\\d{4}-){3}/XXXX-/g"', { a: "1111-2222-3333-4444" }, { a: "XXXX-4444" }],
    ['rex field=a mode=sed "s/z/0/g"', { a: ["z", "y"] }, { a: ["0", "y"] }],
    ['rex "a=(?<n>\\w+)"', { a: "raw" }, { n: "raw" }],
    ['rex field=a "C:\\\\\\\\(?<n>\\w+)"', { a: String.raw`C:\Windows\x` }, { n: "Windows" }],
    ['makemv delim="," a', { a: "1,2,,3" }, { a: ["1", "2", "3"] }],
    ['makemv delim="," allowempty=true a', { a: "1,,3" }, { a: ["1", "", "3"] }],
    ["makemv a", { a: "one" }, { a: "one" }],
    ["spath input=a", { a: '{"x":{"y":[{"z":1},{"z":2}]},"t":true}' }, { "x.y{}.z": ["1", "2"], t: "true" }],
    ["spath input=a path=x.y output=n", { a: '{"x":{"y":"v"}}' }, { n: "v" }],
    ["spath input=a x.y", { a: '{"x":{"y":"v"}}' }, { "x.y": "v" }],
    ["spath input=a", { a: "no json" }, { a: "no json" }],
    [
      'convert timeformat="%F" ctime(a) ctime(b) AS c',
      { a: "0", b: "86400" },
      { a: "1970-01-01", c: "1970-01-02" },
    ],
    ["convert ctime(a)", { a: "never" }, { a: "never" }],
    ["bin span=10 a", { a: "27" }, { a: "20-30" }],
    ["bucket a span=10 AS b", { a: "27" }, { a: "27", b: "20-30" }],
  ])("%s over %j", (command, fields, expected) => {
    expect(rows(`* | ${command}`, fields)[0]).toMatchObject(expected);
  });

  test("mvexpand makes a row of each value, all from the same event", () => {
    const expanded = run("* | mvexpand a | table a b", plain({ a: ["1", "2"], b: "x" }, { a: "3" }));
    expect(expanded).toEqual([
      { fields: { a: "1", b: "x" }, events: ["1"] },
      { fields: { a: "2", b: "x" }, events: ["1"] },
      { fields: { a: "3" }, events: ["2"] },
    ]);
  });

  // answers.splunk.com/answers/330237: "Why does mvexpand X remove events with X=NULL?"
  test("mvexpand takes away rows without the field", () => {
    expect(ids("* | mvexpand a", plain({ a: "1" }, { b: "2" }))).toEqual(["1"]);
  });

  test("more values than allowed are an error, not a part of them", () => {
    const query = '* | rex field=a max_match=0 "(?<n>.)"';
    expect(refused(query, plain({ a: "abc" }), { limits: { values: 2 } }).code).toBe("value-limit");
    expect(run(query, plain({ a: "ab" }), { limits: { values: 2 } })).toHaveLength(1);
  });

  test("times are grouped in the user's zone", () => {
    const event = [{ id: "1", time: now + 61_000, fields: {} }];
    const time = (span: string, timeZoneMinutes = 0): unknown =>
      run(`* | bin _time span=${span}`, event, { timeZoneMinutes })[0]?.fields["_time"];
    expect(time("1m")).toBe(now / 1000 + 60);
    expect(time("1h")).toBe(now / 1000);
    expect(time("1d", 120)).toBe(Date.UTC(2026, 10, 23, 22) / 1000);
    expect(time("1mon")).toBe(Date.UTC(2026, 10, 1) / 1000);
    expect(time("1w")).toBe(Date.UTC(2026, 10, 22) / 1000);
  });
});

describe("tables", () => {
  const tables = {
    hosts: [
      { name: "a", owner: "alice", zone: "dmz" },
      { name: "b", owner: "bob", zone: "lan" },
      { name: "b", owner: "ben", zone: "lan" },
    ],
  };
  const options = { tables };
  const looked = (command: string, fields: Record<string, unknown>): Record<string, unknown> | undefined =>
    fieldsOf(run(`* | ${command}`, plain(fields), options))[0];

  test.each([
    ["lookup hosts name OUTPUT owner", { name: "a" }, { name: "a", owner: "alice" }],
    ["lookup hosts name AS h OUTPUT owner AS who zone", { h: "a" }, { h: "a", who: "alice", zone: "dmz" }],
    ["lookup hosts name", { name: "a" }, { name: "a", owner: "alice", zone: "dmz" }],
    ["lookup hosts name OUTPUT owner", { name: "b" }, { name: "b", owner: ["bob", "ben"] }],
    ["lookup hosts name OUTPUT owner", { name: "z", owner: "old" }, { name: "z", owner: "old" }],
    ["lookup hosts name OUTPUT owner", { name: "a", owner: "old" }, { name: "a", owner: "alice" }],
    ["lookup hosts name OUTPUTNEW owner", { name: "a", owner: "old" }, { name: "a", owner: "old" }],
  ])("%s over %j", (command, fields, expected) => {
    expect(looked(command, fields)).toEqual(expected);
  });

  test("inputlookup makes rows that no event stands behind", () => {
    const made = run("| inputlookup hosts where zone=dmz | table name", [], options);
    expect(made).toEqual([{ fields: { name: "a" }, events: [] }]);
    expect(run("name=x | inputlookup append=true hosts", plain({ name: "x" }), options)).toHaveLength(4);
  });

  test("a subsearch over a table filters events", () => {
    const events = plain({ name: "a" }, { name: "c" });
    expect(ids("* [| inputlookup hosts | fields name]", events, options)).toEqual(["1"]);
    expect(ids("* NOT [| inputlookup hosts | fields name]", events, options)).toEqual(["2"]);
  });

  test("a table or column that was not given is named", () => {
    expect(refused("* | lookup host name", [], options)).toMatchObject({
      code: "unknown-lookup",
      column: 5,
      hint: 'did you mean "hosts"?',
    });
    expect(refused("* | lookup hosts nam", [], options).code).toBe("unknown-column");
  });
});

describe("two pipelines", () => {
  const events = plain(
    { kind: "start", pid: "1", user: "bob" },
    { kind: "net", pid: "1", ip: "10.0.0.1" },
    { kind: "net", pid: "1", ip: "10.0.0.2" },
    { kind: "start", pid: "2", user: "eve" },
  );
  const joined = (type: string): [string[], Record<string, unknown>][] =>
    run(`kind=start | join ${type} pid [search kind=net | table pid ip] | table user ip`, events).map(
      (row) => [[...row.events], row.fields],
    );

  test("an inner join keeps what has a partner, and the events of both", () => {
    expect(joined("")).toEqual([[["1", "2"], { user: "bob", ip: "10.0.0.1" }]]);
  });

  test("a left join keeps the others too", () => {
    expect(joined("type=left")).toHaveLength(2);
    expect(joined("type=outer")[1]).toEqual([["4"], { user: "eve" }]);
  });

  test("max=0 joins every partner", () => {
    expect(joined("max=0")).toHaveLength(2);
  });

  test("append adds the rows of another search", () => {
    expect(ids("kind=start | append [search kind=net]", events)).toEqual(["1", "4", "2", "3"]);
  });

  test("events that are given once are read once", () => {
    function* once(): Iterable<(typeof events)[number]> {
      yield* events;
    }
    expect(ids("kind=start | append [search kind=net]", once())).toHaveLength(4);
  });
});
