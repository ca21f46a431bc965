import { describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { event, matches, ruleText } from "./helpers.js";

describe("windash", () => {
  test.each([
    ["' -f'", "cmd /f", true],
    ["' -f'", "cmd –f", true],
    ["' -f'", "cmd —f", true],
    ["' -f'", "cmd ―f", true],
    ["' /f'", "cmd -f", true],
    ["' -f-g'", "cmd /f-g", true],
    ["' -f-g'", "cmd /f/g", false],
    ["'-a -b -c -d -e -f -g -h -i -j'", "/a -b /c -d /e -f /g -h /i –j", true],
    ["' - '", "cmd / ", false],
    ["'a/b'", "a-b", false],
  ])("%s and %s", (value, text, wanted) => {
    expect(matches(`CommandLine|contains|windash: ${value}`, { CommandLine: text })).toBe(wanted);
    expect(matches(`CommandLine|windash|contains: ${value}`, { CommandLine: text })).toBe(wanted);
  });
});

describe("encodings", () => {
  const base64 = (bytes: Buffer): string => bytes.toString("base64");

  test("base64 is the whole value", () => {
    expect(matches("A|base64: 'foo bar'", { A: "Zm9vIGJhcg==" })).toBe(true);
    expect(matches("A|base64|contains: 'ä?'".replace("?", ""), { A: `x${base64(Buffer.from("ä"))}` })).toBe(
      true,
    );
  });

  test.each([0, 1, 2, 3, 4, 5])("base64offset finds the text after %i bytes", (before) => {
    for (const word of ["foobar", "http://", "grüße", "IEX(", "ab"]) {
      const encoded = base64(
        Buffer.concat([Buffer.alloc(before, "x"), Buffer.from(word), Buffer.from("rest")]),
      );
      expect(matches(`A|base64offset|contains: '${word}'`, { A: encoded })).toBe(true);
    }
  });

  test("base64offset gives the three texts of the specification's example", () => {
    for (const text of ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]) {
      expect(matches("A|base64offset: '/bin/bash'", { A: text })).toBe(true);
    }
  });

  test("wide before base64offset finds PowerShell's encoded commands", () => {
    const command = base64(Buffer.from("$a; Invoke-Expression $b", "utf16le"));
    expect(matches("A|wide|base64offset|contains: 'Invoke-Expression'", { A: command })).toBe(true);
    expect(matches("A|utf16le|base64offset|contains: 'Invoke-Expression'", { A: command })).toBe(true);
    expect(matches("A|base64offset|contains: 'Invoke-Expression'", { A: command })).toBe(false);
  });

  test("utf16be and utf16 with its mark", () => {
    expect(matches("A|utf16be|base64: 'cmd'", { A: base64(Buffer.from([0, 0x63, 0, 0x6d, 0, 0x64])) })).toBe(
      true,
    );
    expect(
      matches("A|utf16|base64: 'cmd'", { A: base64(Buffer.from([0xff, 0xfe, 0x63, 0, 0x6d, 0, 0x64, 0])) }),
    ).toBe(true);
    expect(matches("A|wide|contains: 'cmd'", { A: "xc\0m\0d\0" })).toBe(true);
  });

  test("encoded values are compared without regard to case, unless cased", () => {
    expect(matches("A|base64: 'foo bar'", { A: "zm9vigjhcg==" })).toBe(true);
    expect(matches("A|base64|cased: 'foo bar'", { A: "zm9vigjhcg==" })).toBe(false);
  });

  test("windash before an encoding gives each dash", () => {
    const encoded = base64(Buffer.from("cmd /e"));
    expect(matches("A|windash|base64: 'cmd -e'", { A: encoded })).toBe(true);
    expect(matches("A|base64: 'cmd -e'", { A: encoded })).toBe(false);
  });
});

describe("numbers and dates", () => {
  test.each([
    ["lt", 5, 4, true],
    ["lt", 5, 5, false],
    ["lte", 5, "5", true],
    ["gt", 5, "5.5", true],
    ["gt", -3, -2, true],
    ["gte", 5, 4.9, false],
    ["gt", 5, "x", false],
    ["gt", 5, null, false],
    ["lt", 5, "", false],
    ["lt", 5, "0x2", false],
    ["gt", 5, [1, 6], true],
  ])("%s %d and %s", (operator, bound, value, wanted) => {
    expect(matches(`A|${operator}: ${bound}`, { A: value })).toBe(wanted);
  });

  test("a comparison with an absent field is false", () => {
    for (const operator of ["lt", "lte", "gt", "gte"]) expect(matches(`A|${operator}: 0`, {})).toBe(false);
  });

  test.each([
    ["minute: 7", "2026-11-24T23:07:59.123Z", true],
    ["hour: 23", "2026-11-24 23:07:59", true],
    ["hour: 23", "2026-11-24T23:07:59+05:00", true],
    ["hour: 0", "2026-11-24", false],
    ["day: 24", "2026-11-24", true],
    ["week: 48", "2026-11-24", true],
    ["week: 53", "2021-01-01", true],
    ["week: 1", "2024-12-30", true],
    ["month: 11", "2026-11-24", true],
    ["year: 2026", "2026-11-24", true],
    ["year: 2026", "on 2026-11-24", false],
    ["year: 2026", 1795490000000, false],
    ["hour|gte: 22", "2026-11-24T23:07:59Z", true],
    ["hour|lt: 6", "2026-11-24T23:07:59Z", false],
  ])("%s and %s", (line, value, wanted) => {
    expect(matches(`A|${line}`, { A: value })).toBe(wanted);
  });
});

describe("neq", () => {
  test.each([
    ["A|neq: x", "y", true],
    ["A|neq: x", "X", false],
    ["A|neq: 5", 5, false],
    ["A|neq: 5", "6", true],
    ["A|neq: [x, y]", "y", false],
    ["A|neq: [x, y]", "z", true],
    ["A|contains|neq: x", "axa", false],
    ["A|neq|contains: x", "axa", false],
  ])("%s and %s", (line, value, wanted) => {
    expect(matches(line, { A: value })).toBe(wanted);
  });

  test("it is true over an absent field, as not is", () => {
    expect(matches("A|neq: x", {})).toBe(true);
  });
});

describe("cidr", () => {
  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["192.168.1.128/25", "192.168.1.127", false],
    ["192.168.1.128/25", "192.168.1.200", true],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "::1", false],
    ["1.2.3.4", "1.2.3.4", true],
    ["fe80::/10", "fe80::1%eth0", true],
    ["fe80::/10", "FEBF::1", true],
    ["fe80::/10", "fec0::1", false],
    ["2001:db8::/32", "2001:0db8:0:0::1", true],
    ["::1/128", "0:0:0:0:0:0:0:1", true],
    ["::ffff:0:0/96", "::ffff:10.0.0.1", true],
    ["10.0.0.0/8", "10.0.0.0/8", false],
    ["10.0.0.0/8", "10.1", false],
    ["10.0.0.0/8", "host", false],
    ["10.0.0.0/8", "", false],
  ])("%s and %s", (range, address, wanted) => {
    expect(matches(`Ip|cidr: '${range}'`, { Ip: address })).toBe(wanted);
  });
});

describe("fieldref", () => {
  test.each([
    ["A|fieldref: B", { A: "x", B: "X" }, true],
    ["A|fieldref: B", { A: "x", B: "y" }, false],
    ["A|fieldref: B", { A: "x" }, false],
    ["A|fieldref: B", { B: "x" }, false],
    ["A|fieldref: B", {}, false],
    ["A|fieldref: B", { A: 1, B: "1" }, true],
    ["A|fieldref|cased: B", { A: "x", B: "X" }, false],
    ["A|fieldref|neq: B", { A: "x", B: "y" }, true],
    ["A|fieldref|neq: B", { A: "x", B: "x" }, false],
    ["A|fieldref|startswith: B", { A: "xyz", B: "x" }, true],
    ["A|fieldref|endswith: B", { A: "xyz", B: "yz" }, true],
    ["A|fieldref|contains: B", { A: "xyz", B: "y" }, true],
    ["A|fieldref|contains: B", { A: "y", B: "xyz" }, false],
    ["A|fieldref: b.c", { A: "x", b: { c: "x" } }, true],
  ])("%s with %j", (line, fields, wanted) => {
    expect(matches(line, fields)).toBe(wanted);
  });
});

describe("expand", () => {
  const withPlaceholders = (line: string, value: string): boolean | null => {
    const text = ruleText(`s:\n  ${line}\ncondition: s`);
    const placeholders = { admins: ["root", "adm*"], host: ["web"] };
    return compileSigma(text, "a.yml", { placeholders }).rule?.matches(event({ A: value })) ?? null;
  };

  test.each([
    ["A|expand: '%admins%'", "admin7", true],
    ["A|expand: '%admins%'", "root", true],
    ["A|expand: '%admins%'", "user", false],
    ["A|expand: '%admins%@%host%'", "root@web", true],
    ["A|expand|contains: '%host%'", "my web host", true],
    ["A|contains|expand: '%host%'", "my web host", true],
    [String.raw`A|expand: '\%host%'`, "%host%", true],
    [String.raw`A|expand: '\%x%host%'`, "%xweb", true],
    ["A: '%host%'", "%host%", true],
    ["A: '%host%'", "web", false],
  ])("%s and %s", (line, value, wanted) => {
    expect(withPlaceholders(line, value)).toBe(wanted);
  });

  test("a placeholder without a value refuses the rule", () => {
    expect(withPlaceholders("A|expand: '%other%'", "x")).toBeNull();
    expect(withPlaceholders("A|expand: '%constructor%'", "x")).toBeNull();
  });
});

describe("re", () => {
  test.each([
    ["A|re: 'b+'", "abbc", true],
    ["A|re: 'B+'", "abbc", false],
    ["A|re|i: 'B+'", "abbc", true],
    ["A|re|ignorecase: 'B+'", "abbc", true],
    ["A|re: '(?i)B+'", "abbc", true],
    ["A|re: 'a(?i:B)c'", "abc", true],
    ["A|re: 'a(?i:B)C'", "abc", false],
    ["A|re: '^b$'", "a\nb\nc", false],
    ["A|re|m: '^b$'", "a\nb\nc", true],
    ["A|re: 'a.b'", "a\nb", false],
    ["A|re|s: 'a.b'", "a\nb", true],
    ["A|re|i|s: 'A.B'", "a\nb", true],
    [String.raw`A|re: '\d{2,3}\.\d'`, "1.2 12.3", true],
    [String.raw`A|re: '\\\\server'`, String.raw`\\server`, true],
    ["A|re: 'ä'", "Ä", false],
    ["A|re|i: 'ä'", "Ä", true],
    ["A|re: 5", "15", true],
  ])("%s and %s", (line, value, wanted) => {
    expect(matches(line, { A: value })).toBe(wanted);
  });

  test("all asks for each expression, neq for none", () => {
    expect(matches("A|re|all: ['a', 'b']", { A: "xbxa" })).toBe(true);
    expect(matches("A|re|all: ['a', 'b']", { A: "xb" })).toBe(false);
    expect(matches("A|re|neq: 'a'", { A: "b" })).toBe(true);
  });
});
