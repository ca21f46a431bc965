import { describe, expect, test } from "vitest";
import { fieldsOf, now, plain, refused, run, sysmon } from "./helpers.js";

const events = plain(
  { user: "a", n: "1", host_name: "h1" },
  { user: "a", n: "3", host_name: "h2" },
  { user: "b", n: "10", host_name: "h1" },
  { user: "b", n: "x", tags: ["p", "q"] },
  { n: "7" },
);

function one(aggregation: string): unknown {
  return run(`* | stats ${aggregation} AS result`, events)[0]?.fields["result"];
}

describe("aggregations", () => {
  test.each([
    ["count", 5],
    ["count(user)", 4],
    ["count(eval(n>2))", 4],
    ['count(eval(user="a"))', 2],
    ["dc(user)", 2],
    ["distinct_count(user)", 2],
    ["values(user)", ["a", "b"]],
    ["list(user)", ["b", "b", "a", "a"]],
    ["sum(n)", 21],
    ["avg(n)", 5.25],
    ["min(n)", "1"],
    ["max(user)", "b"],
    ["range(n)", 9],
    // the greater of the two in the middle
    ["median(n)", 7],
    ["perc100(n)", 10],
    ["p0(n)", 1],
    ["first(n)", "7"],
    ["last(n)", "1"],
    ["earliest(n)", "1"],
    ["latest(n)", "7"],
    ["earliest_time(n)", now / 1000],
    ["latest(_time)", now / 1000 + 4],
    ["stdevp(n)", Math.sqrt((4.25 ** 2 + 2.25 ** 2 + 4.75 ** 2 + 1.75 ** 2) / 4)],
    ["sum(user)", undefined],
    ["values(nothing)", undefined],
    ["dc(nothing)", 0],
    ["sum(eval(n*2))", 42],
    ["values(eval(upper(user)))", ["A", "B"]],
  ])("%s", (aggregation, expected) => {
    expect(one(aggregation)).toEqual(expected);
  });

  // docs.splunk.com/Documentation/Splunk/9.2.1/SearchReference/Aggregatefunctions: perc<percent>, upperperc, exactperc.
  // limits.conf, perc_method: of the values in order the one at floor(percent / 100 * count), counted from 0.
  test("from a thousand values that differ Splunk estimates percentiles, exactperc apart", () => {
    const many = plain(...Array.from({ length: 1000 }, (_, n) => ({ n: String(n) })));
    const same = plain(...Array.from({ length: 2000 }, (_, n) => ({ n: String(n % 999) })));
    for (const name of ["perc100", "p100", "upperperc100", "median"]) {
      const query = `* | stats ${name}(n) AS result`;
      expect(refused(query, many)).toMatchObject({ code: "percentile-estimated", column: 11 });
      expect(run(query, same)).toHaveLength(1);
    }
    expect(run("* | stats exactperc100(n) AS result", many)[0]?.fields["result"]).toBe(999);
  });

  // Splunk Enterprise 10.0, Search Reference, "Aggregate functions": "the Splunk percentile functions use the nearest rank
  // algorithm", and under "Basic examples" perc50 of these is 5.5 and perc95 is 9.55.
  test("a percentile is given where both ways that Splunk documents agree, and refused where they do not", () => {
    const ten = plain(...Array.from({ length: 10 }, (_, n) => ({ n: String(n + 1) })));
    for (const [name, interpolated] of [
      ["perc50", "5.5"],
      ["p95", "9.55"],
      ["exactperc95", "9.55"],
      ["upperperc50", "5.5"],
    ]) {
      const { code, message } = refused(`* | stats ${name}(n) AS result`, ten);
      expect(code).toBe("percentile-ambiguous");
      expect(message).toContain(`by nearest rank and ${interpolated} interpolated`);
    }
    const eleven = [...ten, ...plain({ n: "11" })];
    const equal = plain({ n: "4" }, { n: "4" }, { n: "4" }, { n: "4" });
    for (const name of ["perc50", "p50", "exactperc50", "upperperc50"]) {
      expect(run(`* | stats ${name}(n) AS result`, eleven)[0]?.fields["result"]).toBe(6);
      expect(run(`* | stats ${name}(n) AS result`, equal)[0]?.fields["result"]).toBe(4);
    }
    expect(run("* | stats median(n) AS result", ten)[0]?.fields["result"]).toBe(6);
  });

  test("a percentage beyond a hundred is none", () => {
    expect(refused("* | stats perc101(n)").code).toBe("unknown-aggregation");
  });

  test("results are named as they are written, unless they are given a name", () => {
    const [row] = run("* | stats count dc(user) as users, sum(n) by user", events);
    expect(Object.keys(row?.fields ?? {})).toEqual(["user", "count", "users", "sum(n)"]);
  });

  test.each([
    ["c", "count"],
    ["c(user)", "count(user)"],
    ["SUM(n)", "sum(n)"],
    ["sum( n )", "sum(n)"],
  ])("what no example shows needs a name, or the way that examples write it: %s", (written, name) => {
    const { code, hint } = refused(`* | stats ${written}`);
    expect([code, hint]).toEqual(["aggregation-unnamed", `write ${name}, or add AS and a name`]);
    expect(run(`* | stats ${written} AS result`, events)[0]?.fields).toHaveProperty("result");
    expect(run(`* | stats ${written}`, events, { mode: "lenient" })[0]?.fields).toHaveProperty([name]);
  });

  // Search Manual, "Use stats with eval expressions and functions"; the command's own error says "You must specify a
  // rename for the aggregation specifier on the dynamically evaluated field".
  test("what is aggregated over eval() needs a name", () => {
    const query = "* | stats count(eval(n > 2)) by user";
    expect(refused(query)).toMatchObject({ code: "aggregation-unnamed", column: 11 });
    const [row] = run(query, events, { mode: "lenient" });
    expect(row?.fields).toEqual({ user: "a", "count(eval(n > 2))": 1 });
  });

  test("without rows stats gives one, with BY none", () => {
    expect(run("nothing=1 | stats count", events)).toEqual([{ fields: { count: 0 }, events: [] }]);
    expect(run("nothing=1 | stats count by user", events)).toEqual([]);
  });
});

describe("groups", () => {
  test("hold the events that they were made of; rows without the field are in none", () => {
    expect(run("* | stats count by user", events)).toEqual([
      { fields: { user: "a", count: 2 }, events: ["1", "2"] },
      { fields: { user: "b", count: 2 }, events: ["3", "4"] },
    ]);
  });

  test("a row with several values is in several groups", () => {
    expect(run("* | stats count by tags", events)).toEqual([
      { fields: { tags: "p", count: 1 }, events: ["4"] },
      { fields: { tags: "q", count: 1 }, events: ["4"] },
    ]);
  });

  test("a threshold", () => {
    expect(run("* | stats dc(host_name) AS hosts BY user | where hosts >= 2", events)).toEqual([
      { fields: { user: "a", hosts: 2 }, events: ["1", "2"] },
    ]);
  });

  test("a window of time", () => {
    const query = "* | bin _time span=2s | stats count by _time | sort _time";
    expect(run(query, events).map(({ fields }) => fields["count"])).toEqual([2, 2, 1]);
  });

  test("too many of them are an error", () => {
    expect(refused("* | stats count by n", events, { limits: { rows: 2 } }).code).toBe("row-limit");
    const many = plain(...Array.from({ length: 101 }, () => ({ a: "x" })));
    expect(refused("* | stats list(a)", many).code).toBe("list-limit");
  });
});

test("eventstats adds the results of its group to every row", () => {
  const rows = fieldsOf(
    run('user=* | eventstats count AS c by user | where c=2 AND user="a" | table n c', events),
  );
  expect(rows).toEqual([
    { n: "1", c: 2 },
    { n: "3", c: 2 },
  ]);
});

describe("streamstats", () => {
  const column = (command: string): unknown[] =>
    run(`n=* | sort _time | streamstats ${command} | table r`, events.slice(0, 3)).map(
      ({ fields }) => fields["r"],
    );

  test.each([
    ["count AS r", [1, 2, 3]],
    ["sum(n) AS r", [1, 4, 14]],
    ["current=false sum(n) AS r", [undefined, 1, 4]],
    ["window=2 sum(n) AS r", [1, 4, 13]],
    ["window=1 current=f sum(n) AS r", [undefined, 1, 3]],
    ["count AS r by user", [1, 2, 1]],
  ])("%s", (command, expected) => {
    expect(column(command)).toEqual(expected);
  });
});

describe("tstats over Endpoint.Processes", () => {
  const cmd = sysmon({
    Image: String.raw`C:\Windows\System32\cmd.exe`,
    CommandLine: "cmd.exe /c whoami",
    ParentImage: String.raw`C:\Program Files\winword.exe`,
    User: String.raw`DOM\bob`,
  });
  const powershell = sysmon({ Image: String.raw`C:\x\powershell.exe`, CommandLine: "powershell -enc AAAA" });
  const network = { ...sysmon({ EventID: 3 }), logsource: { product: "windows", service: "sysmon" } };
  const bash = {
    id: "bash",
    time: now,
    fields: { Image: "/usr/bin/bash", CommandLine: "bash -i" },
    logsource: { product: "linux", category: "process_creation" },
  };
  const all = [cmd, powershell, network, bash];

  test("a detection of the usual form", () => {
    const query = `| tstats \`security_content_summariesonly\` count min(_time) as firstTime max(_time) as lastTime
        from datamodel=Endpoint.Processes
        where Processes.parent_process_name="winword.exe" \`process_cmd\`
        by Processes.dest Processes.user Processes.process Processes.process_name
      | \`drop_dm_object_name(Processes)\`
      | \`security_content_ctime(firstTime)\`
      | \`office_product_spawning_cmd_filter\``;
    expect(run(query, all)).toEqual([
      {
        fields: {
          dest: "ws1",
          user: "bob",
          process: "cmd.exe /c whoami",
          process_name: "cmd.exe",
          count: 1,
          firstTime: "2026-11-24T13:00:00",
          lastTime: now / 1000,
        },
        events: [cmd.id],
      },
    ]);
  });

  test("the model holds the process creations of every system, and nothing else", () => {
    const [row] = run("| tstats count from datamodel=Endpoint.Processes", all);
    expect(row).toEqual({ fields: { count: 3 }, events: [cmd.id, powershell.id, "bash"] });
  });

  test("what an event does not say is unknown in the model", () => {
    const query =
      "| tstats count from datamodel=Endpoint.Processes where Processes.parent_process_name=unknown";
    expect(run(query, all)[0]?.events).toEqual([powershell.id, "bash"]);
  });

  test("a group of time", () => {
    const query = "| tstats count from datamodel=Endpoint.Processes by _time span=1h, Processes.process_name";
    expect(run(query, all)).toHaveLength(3);
  });

  test.each([
    ["| tstats count from datamodel=Network_Traffic", "datamodel-unsupported"],
    ["| tstats count where index=main", "tstats-unsupported"],
    ["| tstats count from datamodel=Endpoint.Processes where Processes.proces=x", "unknown-field"],
    ["| tstats count from datamodel=Endpoint.Processes by process", "unknown-field"],
    ["| tstats count from datamodel=Endpoint.Processes by _time", "option-missing"],
    ["| tstats prestats=true count from datamodel=Endpoint.Processes", "option-unsupported"],
    ["a=1 | tstats count from datamodel=Endpoint.Processes", "command-misplaced"],
  ])("refused: %s", (query, code) => {
    expect(refused(query).code).toBe(code);
  });
});
