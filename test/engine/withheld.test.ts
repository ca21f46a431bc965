import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Mark, WithheldTargets } from "../../src/engine/withheld.js";
import { freshFolder, tidy } from "./workbench.js";

/** A target is withheld from when a trial is armed on it until that trial is proved clean: a small file says so. */

afterEach(tidy);

const mark: Mark = {
  trial: "run-0001",
  run: "run",
  folder: "/runs/run",
  armedAt: "2026-11-24T12:00:00.000Z",
};

function fresh(lab = "lab"): { folder: string; withheld: WithheldTargets } {
  const folder = join(freshFolder(), "state", "withheld");
  return { folder, withheld: new WithheldTargets(folder, lab) };
}

describe("a mark", () => {
  test("is there for every process until it is cleared", async () => {
    const { folder, withheld } = fresh();
    expect(await withheld.markOf("h1")).toBeNull();
    await withheld.mark("h1", mark);
    expect(await new WithheldTargets(folder, "lab").markOf("h1")).toEqual(mark);
    await withheld.persist("h1");
    expect(await withheld.markOf("h1")).toEqual(mark);
    await withheld.clear("h1");
    expect(await withheld.markOf("h1")).toBeNull();
    await withheld.clear("h1");
  });

  test("withholds its own target in its own lab, and no other", async () => {
    const { folder, withheld } = fresh();
    await withheld.mark("h1", mark);
    expect(await withheld.markOf("h2")).toBeNull();
    expect(await new WithheldTargets(folder, "other-lab").markOf("h1")).toBeNull();
  });

  test("is replaced by a later one, whole", async () => {
    const { folder, withheld } = fresh();
    await withheld.mark("h1", { ...mark, folder: "/a/much/longer/path/than/the/next/one" });
    await withheld.mark("h1", { ...mark, trial: "run-0002" });
    expect(await withheld.markOf("h1")).toEqual({ ...mark, trial: "run-0002" });
    expect(readdirSync(folder)).toEqual(["lab.h1.json"]);
  });

  test("is for its owner's eyes only", async () => {
    const { folder, withheld } = fresh();
    await withheld.mark("h1", mark);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "lab.h1.json")).mode & 0o777).toBe(0o600);
  });
});

describe("a mark that cannot be read withholds the target too:", () => {
  test.each([
    ["empty", ""],
    ["cut short", JSON.stringify(mark).slice(0, 20)],
    ["without its trial", JSON.stringify({ ...mark, trial: undefined })],
    ["with something that is unknown", JSON.stringify({ ...mark, more: 1 })],
    ["not an object", "null"],
  ])("%s", async (_name, text) => {
    const { folder, withheld } = fresh();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "lab.h1.json");
    writeFileSync(file, text);
    await expect(withheld.markOf("h1")).rejects.toMatchObject({
      name: "TyrianError",
      code: "target-dirty",
      message: `the mark ${file} cannot be read: it is not a mark`,
      hint: expect.stringContaining("delete the file"),
    });
  });

  test("not even a file", async () => {
    const { folder, withheld } = fresh();
    mkdirSync(join(folder, "lab.h1.json"), { recursive: true });
    await expect(withheld.markOf("h1")).rejects.toMatchObject({ name: "TyrianError", code: "target-dirty" });
  });
});

test("a mark is not written where no folder can be made, and that is said at once", async () => {
  const withheld = new WithheldTargets("/proc/tyrian/withheld", "lab");
  await expect(withheld.mark("h1", mark)).rejects.toMatchObject({ code: "journal-write-failed" });
});

test("a mark that cannot be written, put on disk or removed is an error of our own, with the file's name", async () => {
  const folder = join(freshFolder(), "a-file");
  writeFileSync(folder, "");
  const withheld = new WithheldTargets(folder, "lab");
  for (const change of [
    () => withheld.mark("h1", mark),
    () => withheld.persist("h1"),
    () => withheld.clear("h1"),
  ]) {
    await expect(change()).rejects.toMatchObject({
      name: "TyrianError",
      code: "journal-write-failed",
      message: expect.stringContaining(join(folder, "lab.h1.json")),
    });
  }
});
