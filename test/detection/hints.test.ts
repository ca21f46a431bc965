import { describe, expect, test } from "vitest";
import { parseSigmaFile } from "../../src/detection/sigma/collection-file.js";
import { parseSpl } from "../../src/detection/spl/parse.js";

const head = "title: t\nid: i\nlogsource: { product: linux }\n";

/** Rules whose refusals say by their code alone what to do. */
const rules: Readonly<Record<string, string>> = {
  "no detection": head,
  "no condition": `${head}detection: { s: { A: x } }\n`,
  "no title": `logsource: { product: linux }\ndetection: { s: { A: x }, condition: s }\n`,
  "no log source": `title: t\nlogsource: { definition: none }\ndetection: { s: { A: x }, condition: s }\n`,
  "a word too many": `${head}detection: { s: { A: x }, condition: s and nott s }\n`,
  "a key twice": `${head}detection:\n  s: { A: x }\n  s: { A: y }\n  condition: s\n`,
  "an address range": `${head}detection: { s: { A|cidr: 10.0.0.0/40 }, condition: s }\n`,
  "an expression": `${head}detection: { s: { A|re: '(x' }, condition: s }\n`,
  "a modifier twice": `${head}detection: { s: { A|contains|contains: x }, condition: s }\n`,
  "no YAML": "title: [\n",
  nothing: "",
  "a list": "- a\n",
};

const queries = [
  "",
  "index=a | stats",
  "index=a (b",
  "index=a ]",
  'x="y',
  "`open",
  "| where a>",
  "a!=",
  "* | where lower()=1",
];

describe("every refusal says what to do", () => {
  test.each(Object.entries(rules))("of a rule: %s", (_, text) => {
    const errors = parseSigmaFile(text, "rule.yml").diagnostics.filter(
      ({ severity }) => severity === "error",
    );
    expect(errors).not.toEqual([]);
    for (const { code, message, hint } of errors)
      expect(hint.length, `${code}: ${message}`).toBeGreaterThan(10);
  });

  test.each(queries)("of a query: %j", (text) => {
    const errors = parseSpl(text, "query.spl").diagnostics.filter(({ severity }) => severity === "error");
    expect(errors).not.toEqual([]);
    for (const { code, message, hint } of errors)
      expect(hint.length, `${code}: ${message}`).toBeGreaterThan(10);
  });
});
