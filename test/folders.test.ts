import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../src/folders.js";

const base = mkdtempSync(join(tmpdir(), "tyrian-folders-"));
afterAll(() => rmSync(base, { recursive: true }));

test("a folder is made with those around it, for this user only, and a second time changes nothing", () => {
  const folder = join(base, "a/b/c");
  makeFolder(folder);
  makeFolder(folder);
  for (const made of ["a", "a/b", "a/b/c"]) expect(statSync(join(base, made)).mode & 0o777).toBe(0o700);
});

test("a folder that is there stays as it is, also behind a link", () => {
  const folder = join(base, "open");
  mkdirSync(folder);
  const mode = statSync(folder).mode;
  symlinkSync(folder, join(base, "link"));
  makeFolder(folder);
  makeFolder(join(base, "link"));
  makeFolder(join(base, "link/inside"));
  expect(statSync(folder).mode).toBe(mode);
  expect(statSync(join(folder, "inside")).isDirectory()).toBe(true);
});

test.each([
  ["/proc/tyrian", "ENOENT"],
  ["/proc/tyrian/state/folder", "ENOENT"],
  [join(base, "file"), "EEXIST"],
  [join(base, "file/inside"), "ENOTDIR"],
  [join(base, "broken"), "ENOENT"],
  [join(base, "broken/inside"), "ENOENT"],
])("what cannot be made is an error at once: %s", (folder, code) => {
  writeFileSync(join(base, "file"), "");
  rmSync(join(base, "broken"), { force: true });
  symlinkSync("/proc/self/nowhere", join(base, "broken"));
  expect(() => makeFolder(folder)).toThrow(expect.objectContaining({ code }) as Error);
});

test("processes that make the same folders at once do not fail each other", async () => {
  const module = resolve(import.meta.dirname, "../src/folders.ts");
  const go = Date.now() + 1_500;
  const code = `const { makeFolder } = await import(${JSON.stringify(module)});
while (Date.now() < ${go});
for (let i = 0; i < 300; i += 1) makeFolder(\`${base}/race/\${i}/a/b\`);`;
  const words = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", code];
  await Promise.all([1, 2].map(() => promisify(execFile)(process.execPath, words)));
  expect(statSync(join(base, "race/299/a/b")).isDirectory()).toBe(true);
});
