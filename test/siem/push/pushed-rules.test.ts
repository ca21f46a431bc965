import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type OpenPush, PushedRules } from "../../../src/siem/push/pushed-rules.js";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-pushed-"));
  file = join(folder, "state", "pushed-rules.ndjson");
});
afterEach(() => rmSync(folder, { recursive: true }));

const push = (over: Partial<OpenPush> = {}): OpenPush => ({
  ...{ siem: "office", url: "https://siem.example", analytic: "a", title: "A word", id: null },
  ...over,
});

test("what was pushed is open until it is removed, in each SIEM by itself", async () => {
  const rules = new PushedRules(file);
  expect(await rules.open()).toEqual([]);
  await rules.note("pushing", push());
  await rules.note("pushed", push({ id: "r1" }));
  await rules.note("pushing", push({ siem: "cloud" }));
  await rules.note("removed", push());
  expect(await rules.open()).toEqual([push({ siem: "cloud" })]);
});

test("an id that is known stays known while the rule is pushed again", async () => {
  const rules = new PushedRules(file);
  await rules.note("pushed", push({ id: "r1" }));
  await rules.note("pushing", push());
  expect(await rules.find("office", "a")).toMatchObject({ id: "r1" });
});

test("a half line at the end is dropped, and a damaged one before it is an error with its place", async () => {
  const rules = new PushedRules(file);
  await rules.note("pushed", push({ id: "r1" }));
  appendFileSync(file, '{"at":"2026-');
  expect(await rules.open()).toHaveLength(1);
  await rules.note("removed", push());
  expect(await rules.open()).toEqual([]);
  writeFileSync(file, `{}\n${readFileSync(file, "utf8")}`);
  await expect(rules.open()).rejects.toMatchObject({
    code: "pushed-rules-invalid",
    message: expect.stringContaining("pushed-rules.ndjson:1 ") as string,
  });
});
