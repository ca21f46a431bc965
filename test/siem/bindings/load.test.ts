import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadBindings } from "../../../src/siem/bindings/load.js";
import { acceptedAt, placeOf, rulesAt } from "../../../src/siem/bindings/place.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "tyrian-bindings-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const load = (text: string) => loadBindings(write("bindings.yaml", text));

const sigma = (id: string): string => `title: Echo
id: ${id}
logsource: { product: linux, category: process_creation }
detection:
  selection:
    CommandLine|contains: echo
  condition: selection
`;
const ONE = "00000000-0000-4000-8000-0000000000a1";
const TWO = "00000000-0000-4000-8000-0000000000a2";

describe("an analytic", () => {
  test("is named by its id, by its file, or by one rule of its file", async () => {
    write("one.yml", sigma(ONE));
    write("two.yml", `${sigma("00000000-0000-4000-8000-0000000000a3")}---\n${sigma(TWO)}`);
    const bindings = await load(`bindings:
  - { analytic: some-id, rules: { office: a } }
  - { analytic: one.yml, rules: { office: b } }
  - { analytic: "two.yml#${TWO}", rules: { office: c } }
`);
    expect(bindings.map(({ analytic }) => analytic)).toEqual(["some-id", ONE, TWO]);
  });

  test("that the file does not have is refused where it is named", async () => {
    write("one.yml", sigma(ONE));
    const refused = load("bindings:\n  - analytic: one.yml#other\n  - analytic: nowhere.yml\n");
    await expect(refused).rejects.toMatchObject({
      code: "bindings-invalid",
      diagnostics: [
        expect.objectContaining({ line: 2, column: 15, code: "analytic-missing" }),
        expect.objectContaining({
          line: 3,
          column: 15,
          message: expect.stringContaining("cannot be read") as string,
        }),
      ],
    });
  });

  test("is bound once, and a rule stands for one analytic in a place", async () => {
    const refused = load(`bindings:
  - { analytic: a, rules: { office: r, "office@lab": s } }
  - { analytic: b, rules: { office: s, "office@lab": s } }
  - { analytic: a }
`);
    await expect(refused).rejects.toMatchObject({
      diagnostics: [
        expect.objectContaining({ line: 3, column: 54, code: "duplicate-rule" }),
        expect.objectContaining({ line: 4, code: "duplicate-analytic" }),
      ],
    });
  });
});

test("what is wrong in the file is told with its place and a suggestion", async () => {
  const refused = load(`bindings:
  - analytic: a
    rules: { "office at home": r }
    acceptedMises: []
  - analytic: b
    acceptedMisses:
      - { owner: ana, ticket: SOC-1, expires: soon }
`);
  await expect(refused).rejects.toMatchObject({
    code: "bindings-invalid",
    diagnostics: expect.arrayContaining([
      expect.objectContaining({ line: 3, message: expect.stringContaining("NAME@ENVIRONMENT") as string }),
      expect.objectContaining({ line: 4, hint: expect.stringContaining("acceptedMisses") as string }),
      expect.objectContaining({ line: 7, message: expect.stringContaining("2026-12-31") as string }),
    ]) as unknown,
  });
});

describe("the rules of a place", () => {
  const bindings = [
    { analytic: "a", rules: { office: "r", "office@lab": "r-lab" }, acceptedMisses: [] },
    { analytic: "b", rules: { cloud: "q" }, acceptedMisses: [] },
  ];

  test("are the environment's own, else those of the SIEM", () => {
    expect(rulesAt(placeOf("office@lab"), bindings, {})).toEqual({ a: "r-lab" });
    expect(rulesAt(placeOf("office@production"), bindings, {})).toEqual({ a: "r" });
    expect(rulesAt(placeOf("office"), bindings, {})).toEqual({ a: "r" });
  });

  test("stand beside those of the configuration, and never against them", () => {
    expect(rulesAt(placeOf("office"), bindings, { c: "s" })).toEqual({ c: "s", a: "r" });
    expect(() => rulesAt(placeOf("office"), bindings, { a: "other" })).toThrow(/a is bound to r, and in/);
    expect(() => rulesAt(placeOf("office"), bindings, { c: "r" })).toThrow(/would stand for c and for a/);
  });
});

test("a gap is accepted where it says so, or everywhere", () => {
  const miss = { owner: "ana", ticket: "SOC-1", expires: "2026-12-31" };
  const bindings = [
    { analytic: "a", rules: {}, acceptedMisses: [miss, { ...miss, ticket: "SOC-2", at: "office@lab" }] },
  ];
  const tickets = (name: string) => acceptedAt(placeOf(name), bindings).map(({ ticket }) => ticket);
  expect(tickets("office@lab")).toEqual(["SOC-1", "SOC-2"]);
  expect(tickets("office")).toEqual(["SOC-1"]);
  expect(tickets("embedded")).toEqual(["SOC-1"]);
});
