import { describe, expect, test } from "vitest";
import { evaluated, holds, now, refused } from "./helpers.js";

describe("comparisons of where", () => {
  test.each([
    // case counts, and names without quotes are fields
    ['a="X"', { a: "X" }, true],
    ['a="x"', { a: "X" }, false],
    ["a=b", { a: "X", b: "X" }, true],
    ["a=b", { a: "X", b: "Y" }, false],
    ["a=X", { a: "X" }, false],
    ['"a"="a"', {}, true],
    ["'my field'=\"x\"", { "my field": "x" }, true],
    ['a!="x"', { a: "y" }, true],
    ['a=="x"', { a: "x" }, true],
    // numbers
    ["n=10", { n: "10" }, true],
    ["n=10", { n: "10.0" }, true],
    ['n="10"', { n: "10" }, true],
    ['n="10"', { n: "10.0" }, false],
    ["n>9", { n: "10" }, true],
    ["n>m", { n: "10", m: "9" }, true],
    ["n>m", { n: "b10", m: "b9" }, false],
    ["-n < -9", { n: "10" }, true],
    ["n*2+1=21", { n: "10" }, true],
    ["n%3=1", { n: "10" }, true],
    // several values
    ['list="b"', { list: ["a", "b"] }, true],
    ['list="c"', { list: ["a", "b"] }, false],
    ['list IN ("b", "z")', { list: ["a", "b"] }, true],
    ['a IN ("x", "y")', { a: "x" }, true],
    ['NOT a IN ("x", "y")', { a: "z" }, true],
    ["n IN (10, 11)", { n: "10.0" }, true],
    ['in(a, "x")', { a: "x" }, true],
    ['a LIKE "x%"', { a: "xyz" }, true],
    // precedence: NOT, AND, OR, XOR
    ["NOT n=1 AND n=10", { n: "10" }, true],
    ["n=10 OR n=1 AND n=2", { n: "10" }, true],
    ["(n=10 OR n=1) AND n=2", { n: "10" }, false],
    ["n=10 XOR n=10", { n: "10" }, false],
    ["n=10 or n=1", { n: "1" }, true],
  ])("%s over %j: %s", (condition, fields, expected) => {
    expect(holds(condition, fields)).toBe(expected);
  });

  // Measured in Splunk 8.2.2, qiita.com/frozencatpisces/items/bb0adbf22712565c15e1: a comparison with NULL is false, and
  // NOT inverts that without regard to NULL.
  test("a comparison with something absent is false, and its opposite true", () => {
    expect(holds('a="x"')).toBe(false);
    expect(holds('a!="x"')).toBe(false);
    expect(holds("a=a")).toBe(false);
    expect(holds("a<5")).toBe(false);
    expect(holds('NOT a="x"')).toBe(true);
    expect(holds('NOT a!="x"')).toBe(true);
    expect(holds("NOT a!=a")).toBe(true);
    expect(holds('a="x" OR other="x"')).toBe(true);
    expect(holds('NOT (a="x" AND other="y")')).toBe(true);
    expect(holds("isnull(a)")).toBe(true);
    expect(holds("NOT isnull(a)")).toBe(false);
  });

  test("what NOT makes of a function of something absent is not documented, and ends the evaluation", () => {
    const event = [{ id: "1", time: now, fields: { other: "x" } }];
    for (const condition of ['NOT like(a, "x%")', 'NOT match(a, "x")', 'NOT a IN ("x")']) {
      expect(refused(`* | where ${condition}`, event).code).toBe("absent-undefined");
      expect(holds(condition.replace("NOT ", "isnull(a) OR NOT "))).toBe(true);
      expect(holds(condition.replace("NOT ", "isnotnull(a) AND NOT "))).toBe(false);
    }
    expect(holds('like(a, "x%")')).toBe(false);
    expect(holds('NOT (like(a, "x%") AND other="y")')).toBe(true);
  });

  test("what is not defined ends the evaluation", () => {
    const event = [{ id: "1", time: now, fields: { list: ["a", "b"] } }];
    for (const condition of ['list!="a"', 'list>"a"', "len(list)=1", 'list."x"="ax"']) {
      expect(refused(`* | where ${condition}`, event).code).toBe("multivalue-undefined");
    }
  });
});

describe("functions", () => {
  const fields = {
    a: "Abc",
    n: "10.567",
    list: ["b", "a", "b"],
    path: String.raw`C:\Windows\cmd.exe`,
    text: "one=1, two=22",
    ip: "10.1.2.3",
  };
  test.each([
    // conditions
    ['if(a="Abc", "yes", "no")', "yes"],
    ['if(absent="x", "yes", "no")', "no"],
    ['case(a="x", 1, a="Abc", 2, true(), 3)', 2],
    ['case(a="x", 1)', undefined],
    ['validate(a="Abc", "not Abc", n>100, "too small")', "too small"],
    ['coalesce(absent, null(), a, "z")', "Abc"],
    ['nullif(a, "Abc")', undefined],
    ['nullif(a, "x")', "Abc"],
    ['if(like(a, "A%"), 1, 0)', 1],
    ['if(like(a, "a%"), 1, 0)', 0],
    ['if(like(a, "A_c"), 1, 0)', 1],
    ['if(like(a, "A_"), 1, 0)', 0],
    ['if(like(path, "%\\\\cmd.exe"), 1, 0)', 1],
    ['if(match(a, "b"), 1, 0)', 1],
    ['if(match(a, "^b"), 1, 0)', 0],
    ['if(match(path, "(?i)WINDOWS\\\\\\\\cmd"), 1, 0)', 1],
    ['if(cidrmatch("10.0.0.0/8", ip), 1, 0)', 1],
    ['if(cidrmatch("11.0.0.0/8", ip), 1, 0)', 0],
    ['if(searchmatch("a=abc"), 1, 0)', 1],
    ['if(searchmatch("a=abc n>11"), 1, 0)', 0],
    ["if(isnull(absent), 1, 0)", 1],
    ["if(isnotnull(a), 1, 0)", 1],
    ["if(isnum(n), 1, 0)", 1],
    ["if(isnum(a), 1, 0)", 0],
    ["if(isstr(a), 1, 0)", 1],
    ["if(isint(n), 1, 0)", 0],
    // text
    ["lower(a)", "abc"],
    ["upper(a)", "ABC"],
    ["len(a)", 3],
    ['len("a😀")', 2],
    ["substr(a, 2)", "bc"],
    ["substr(a, 1, 2)", "Ab"],
    ["substr(a, -2)", "bc"],
    ['trim("  x ")', "x"],
    ['trim("--x-", "-")', "x"],
    ['ltrim("  x ")', "x "],
    ['rtrim("xyy", "y")', "x"],
    ['replace(text, "(\\w+)=(\\d+)", "\\2:\\1")', "1:one, 22:two"],
    ['replace(a, "x", "y")', "Abc"],
    ['replace("aaa", "a*", "-")', "--"],
    ['split("a;b", ";")', ["a", "b"]],
    ['split("a", ";")', "a"],
    ['tonumber("0A", 16)', 10],
    ['tonumber("x")', undefined],
    ["tonumber(n)", 10.567],
    ['tostring(1234567, "commas")', "1,234,567"],
    ['tostring(3725, "duration")', "01:02:05"],
    ['tostring(255, "hex")', "0xFF"],
    ['tostring(a="Abc")', "True"],
    ["tostring(5)", "5"],
    ['md5("a")', "0cc175b9c0f1b6a831c399e269772661"],
    ['urldecode("a%20b%C3%A9")', "a bé"],
    ['a."-".n', "Abc-10.567"],
    ['"a" + "b"', "ab"],
    ['"a" + 1', undefined],
    // several values
    ["mvcount(list)", 3],
    ["mvcount(a)", 1],
    ["mvcount(absent)", undefined],
    ["mvindex(list, 0)", "b"],
    ["mvindex(list, -2)", "a"],
    ["mvindex(list, 0, 1)", ["b", "a"]],
    ["mvindex(list, 9)", undefined],
    ['mvjoin(list, "-")', "b-a-b"],
    ["mvappend(list, a)", ["b", "a", "b", "Abc"]],
    ["mvdedup(list)", ["b", "a"]],
    ["mvsort(list)", ["a", "b", "b"]],
    ['mvfind(list, "^a")', 1],
    ['mvfilter(list="b")', ["b", "b"]],
    // numbers
    ["round(n)", 11],
    ["round(n, 1)", 10.6],
    ["round(-2.5)", -3],
    ["round(1.005, 2)", 1.01],
    ["floor(n)", 10],
    ["ceiling(n)", 11],
    ["abs(-3)", 3],
    ["pow(2, 10)", 1024],
    ["sqrt(9)", 3],
    ["log(100)", 2],
    ["1/0", undefined],
    ["0.1+0.2", 0.1 + 0.2],
    ["max(1, n, 3)", "10.567"],
    ['max(1, "x")', "x"],
    ["min(5, 2)", 2],
    // time
    ["now()", now / 1000],
    ['strftime(0, "%Y-%m-%dT%H:%M:%S")', "1970-01-01T00:00:00"],
    ['strftime(1.5, "%s %3N %A %b")', "1 500 Thursday Jan"],
    // docs.splunk.com/Documentation/SplunkCloud/latest/SearchReference/Commontimeformatvariables: "The default is %9N",
    // and of %Q "The default is milliseconds, %3Q".
    ['strftime(1.5, "%N %6N %9N")', "500000000 500000 500000000"],
    ['strftime(1.5, "%Q %6Q %9Q")', "500 500000 500000000"],
    ['strptime("1970-01-01 00:00:01.25", "%Y-%m-%d %H:%M:%S.%N")', 1.25],
    ['strftime(_time, "%H")', "13"],
    ['strptime("2026-11-24 13:00:00", "%Y-%m-%d %H:%M:%S")', now / 1000],
    ['strptime("24/Nov/2026:13:00:00 +0200", "%d/%b/%Y:%H:%M:%S %z")', now / 1000 - 7200],
    ['strptime("31.02.2026", "%d.%m.%Y")', undefined],
    ['strptime("soon", "%Y")', undefined],
    ['relative_time(_time, "-1d@d")', Date.UTC(2026, 10, 23) / 1000],
    ['relative_time(_time, "@w1")', Date.UTC(2026, 10, 23) / 1000],
    ['relative_time(_time, "-1mon@mon")', Date.UTC(2026, 9, 1) / 1000],
    ['relative_time(_time, "+15m")', now / 1000 + 900],
  ])("%s", (expression, expected) => {
    expect(evaluated(expression, fields, { now })).toEqual(expected);
  });

  test("the zone counts for hours and days", () => {
    expect(evaluated('strftime(_time, "%H %z")', {}, { timeZoneMinutes: 120 })).toBe("15 +0200");
    const day = evaluated('relative_time(_time, "@d")', {}, { timeZoneMinutes: 120 });
    expect(day).toBe(Date.UTC(2026, 10, 23, 22) / 1000);
  });

  test("with an absent argument the result is absent", () => {
    for (const call of [
      "lower(absent)",
      'replace(absent, "a", "b")',
      "round(absent)",
      'absent."x"',
      "absent+1",
    ]) {
      expect(evaluated(call)).toBeUndefined();
    }
  });

  test("a later assignment sees an earlier one, and null takes a field away", () => {
    expect(evaluated('"x", result=result."y"')).toBe("xy");
    expect(evaluated('null(), result=coalesce(result, "none")')).toBe("none");
    expect(holds("isnull(b)", { b: null })).toBe(true);
  });
});

describe("regular expressions of rules end", () => {
  test.each(["(a+)+$", "(a|a)*b", "(.*a){20}", "(a*)*c"])("%s", (pattern) => {
    const text = "a".repeat(20_000);
    expect(holds(`match(text, "${pattern}x")`, { text })).toBe(false);
    expect(evaluated(`replace(text, "${pattern}x", "")`, { text: "a".repeat(2000) })).toBe("a".repeat(2000));
  });

  test("finding every match ends too, or is refused", () => {
    const event = [{ id: "1", time: now, fields: { text: "a".repeat(10_000) } }];
    expect(refused('* | eval b=replace(text, "a.*z|a", "b")', event).code).toBe("regex-unsafe");
    expect(refused('* | rex field=text max_match=0 "(?<b>a.*z|a)"', event).code).toBe("regex-unsafe");
    expect(evaluated('len(replace(text, "a", "bb"))', { text: "a".repeat(30_000) })).toBe(60_000);
  });

  test("what has no linear time is refused", () => {
    expect(refused('* | where match(a, "(?=b)")')).toMatchObject({ code: "regex-unsafe", column: 20 });
    expect(refused('* | where match(a, "(a)\\1")').code).toBe("regex-unsafe");
    expect(refused('* | where match(a, "(")').code).toBe("regex-invalid");
    expect(refused('* | eval b=replace(a, "[", "")').code).toBe("regex-invalid");
  });
});
