import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { pythonWith } from "../python.js";
import { skippedFor } from "../../skipped.js";
import { cases } from "./cases.js";

/**
 * The same rules and events through pySigma, the reference implementation, and through ours. pySigma parses and applies modifiers
 * and conditions; what it ends with is compared with the events by evaluate.py.
 */

/** What only one of the two takes, and why that is right. */
const onlyOurs = [
  // The specification does not restrict what is encoded; these texts are characters of the Basic Multilingual Plane.
  /only allowed for ascii strings/,
  /only allowed for valid Unicode strings/,
  // Ours bounds the number of alternatives, not of dashes.
  /windash modifier expands at most three dash occurrences/,
];
const onlyTheirs = [
  // An empty text encoded is contained in everything: such a rule matches all, and is refused.
  /^value-empty: "base64(offset)?" needs/,
];

const RULES = Number(process.env["TYRIAN_PEER_RULES"] ?? 3_000);

type Answer = { matches: boolean[] } | { refused: string } | { unknown: string };

const found = await pythonWith("pysigma", "2.0.1");

describe("beside pySigma", skippedFor("reason" in found ? found.reason : null), () => {
  const list = fc.sample(cases, { numRuns: RULES, seed: Number(process.env["TYRIAN_PEER_SEED"] ?? 1) });
  let answers: Answer[] = [];

  beforeAll(() => {
    if ("reason" in found) return;
    const program = join(import.meta.dirname, "evaluate.py");
    const { stdout, stderr, status } = spawnSync(found.python, [program], {
      input: `${list.map((one) => JSON.stringify(one)).join("\n")}\n`,
      encoding: "utf8",
      maxBuffer: 1e9,
      timeout: 600_000,
    });
    if (status !== 0) throw new Error(stderr);
    answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Answer);
  }, 660_000);

  test("every rule is taken by both, or by one of them for a reason that is known", () => {
    expect(answers).toHaveLength(list.length);
    const surprises = list.flatMap(({ rule }, index): unknown[] => {
      const answer = answers[index];
      const { rule: ours, diagnostics } = compileSigma(rule, "generated.yml");
      const problem = diagnostics.find(({ severity }) => severity === "error");
      if (answer === undefined || "unknown" in answer) return [{ rule, answer }];
      if ("refused" in answer) {
        const known = ours === null || onlyOurs.some((pattern) => pattern.test(answer.refused));
        return known ? [] : [{ rule, answer }];
      }
      const said = `${problem?.code}: ${problem?.message}`;
      return ours !== null || onlyTheirs.some((pattern) => pattern.test(said)) ? [] : [{ rule, said }];
    });
    expect(surprises).toEqual([]);
  });

  test("the rules that both take match the same events", () => {
    const differences: unknown[] = [];
    let matched = 0;
    let compared = 0;
    list.forEach(({ rule, events }, index) => {
      const answer = answers[index];
      const { rule: ours } = compileSigma(rule, "generated.yml");
      if (ours === null || answer === undefined || !("matches" in answer)) return;
      events.forEach((fields, at) => {
        const logsource = { product: "windows", category: "process_creation" };
        const matches = ours.matches({ id: "generated", logsource, fields });
        compared += 1;
        matched += matches ? 1 : 0;
        if (matches !== answer.matches[at]) differences.push({ rule, fields, ours: matches });
      });
    });
    expect(differences.slice(0, 5)).toEqual([]);
    // Both answers must be frequent, or the comparison says little.
    expect(compared).toBeGreaterThan(RULES * 3);
    expect(matched / compared).toBeGreaterThan(0.1);
    process.stdout.write(
      `pySigma 2.0.1: ${compared} answers compared over ${list.length} rules, ${matched} matches\n`,
    );
  });
});
