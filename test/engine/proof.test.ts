import { describe, expect, test } from "vitest";
import { checkProof, type ProofMaterial } from "../../src/engine/proof.js";
import type { Proof } from "../../src/model/playbook.js";

/** What an act left: it printed two lines, complained once, and ended well. */
const left: ProofMaterial = {
  exitCode: 0,
  stdout: "one\nanswer 42\n",
  stderr: "careful\n",
  command: null,
};

function check(proof: Partial<Proof>, material: Partial<ProofMaterial> = {}) {
  return checkProof({ exitCode: 0, ...proof }, { ...left, ...material });
}

describe("each check of a proof says what it wanted and what it found:", () => {
  test.each<[string, Partial<Proof>, Partial<ProofMaterial>, string, string, boolean]>([
    ["exit code", {}, {}, "0", "0", true],
    ["exit code", { exitCode: 3 }, { exitCode: 3 }, "3", "3", true],
    ["exit code", {}, { exitCode: 1 }, "0", "1", false],
    ["exit code", {}, { exitCode: null }, "0", "none", false],
    ["stdout equals", { stdout: { equals: "x" } }, { stdout: "x" }, "x", "x", true],
    ["stdout equals", { stdout: { equals: "x" } }, { stdout: "xy" }, "x", "xy", false],
    ["stdout contains", { stdout: { contains: "42" } }, {}, "42", left.stdout, true],
    ["stdout contains", { stdout: { contains: "43" } }, {}, "43", left.stdout, false],
    ["stdout matches", { stdout: { matches: "^answer \\d+$" } }, {}, "^answer \\d+$", left.stdout, true],
    ["stdout matches", { stdout: { matches: "^\\d+$" } }, {}, "^\\d+$", left.stdout, false],
    ["stderr equals", { stderr: { equals: "careful" } }, {}, "careful", "careful\n", true],
    ["stderr contains", { stderr: { contains: "42" } }, {}, "42", "careful\n", false],
    [
      "proof command contains",
      { command: { run: "cat file", stdout: { contains: "kept" } } },
      { command: "kept\n" },
      "kept",
      "kept\n",
      true,
    ],
    [
      "proof command equals",
      { command: { run: "cat file", stdout: { equals: "kept" } } },
      { command: "lost\n" },
      "kept",
      "lost\n",
      false,
    ],
  ])("%s of %j against %j", (name, proof, material, wanted, found, met) => {
    const { checks } = check(proof, material);
    expect(checks.find((one) => one.check === name)).toEqual({ check: name, wanted, found, met });
  });
});

describe("a proof", () => {
  test("is met only when every check holds", () => {
    const proof: Partial<Proof> = {
      stdout: { contains: "42", matches: "^one$" },
      stderr: { equals: "careful" },
    };
    expect(check(proof)).toMatchObject({ met: true, checks: { length: 4 } });
    for (const material of [{ exitCode: 1 }, { stdout: "42" }, { stderr: "" }]) {
      const { met, checks } = check(proof, material);
      expect(met).toBe(false);
      expect(checks.filter((one) => !one.met)).toHaveLength(1);
    }
  });

  test("forgives the one line feed with which programs end their output, and no other difference", () => {
    const equal = (stdout: string): boolean => check({ stdout: { equals: "x" } }, { stdout }).met;
    expect(["x", "x\n"].map(equal)).toEqual([true, true]);
    expect(["x\n\n", "\nx", "x ", "X", ""].map(equal)).toEqual([false, false, false, false, false]);
  });

  test("is not met by a command that gave no output, and says why it gave none", () => {
    const command = { run: "cat file", stdout: { matches: ".*" } };
    expect(check({ command }).checks[1]).toMatchObject({ found: "could not be run", met: false });
    expect(check({ command }, { commandProblem: "exits 1" }).checks[1]).toMatchObject({
      found: "exits 1",
      met: false,
    });
  });

  test("is not met by an expression that is none, instead of failing the trial before its cleanup", () => {
    expect(check({ stdout: { matches: "(" } })).toMatchObject({ met: false, checks: [{}, { wanted: "(" }] });
  });

  test("quotes the beginning of a long output, and its length", () => {
    const { checks } = check({ stdout: { contains: "y" } }, { stdout: "x".repeat(5_000) });
    expect(checks[1]?.found).toBe(`${"x".repeat(200)}... (5000 characters)`);
  });
});
