import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutants } from "./list.js";

const src = join(import.meta.dirname, "../../../src");

test("every mutant stands where it says, once, and only once under its name", () => {
  const astray = mutants.filter(({ file, from }) => {
    return readFileSync(join(src, file), "utf8").split(from).length !== 2;
  });
  expect(astray.map(({ name }) => name)).toEqual([]);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
