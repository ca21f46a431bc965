import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveSecret } from "../src/secrets.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-secrets-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const unresolved = { code: "secret-unresolved", exit: 2 };

test("a variable is given as it is, blanks included", async () => {
  const environment = { TOKEN: " a:b\n", EMPTY: "" };
  expect(await resolveSecret("env:TOKEN", { environment })).toBe(" a:b\n");
  await expect(resolveSecret("env:EMPTY", { environment })).rejects.toMatchObject(unresolved);
  await expect(resolveSecret("env:OTHER", { environment })).rejects.toThrow("env:OTHER");
});

test("one line end at the end of a file is no part of it, and no more than one", async () => {
  const file = join(folder, "secret");
  for (const [text, secret] of [
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n", "s3cret"],
    ["s3cret\n\n", "s3cret\n"],
    [" s3cret ", " s3cret "],
  ] as const) {
    writeFileSync(file, text);
    expect(await resolveSecret(`file:${file}`)).toBe(secret);
  }
  writeFileSync(file, "\n");
  await expect(resolveSecret(`file:${file}`)).rejects.toThrow("it is empty");
});

test("what is no small file is refused, and its content is not in the message", async () => {
  mkdirSync(join(folder, "folder"));
  const large = join(folder, "large");
  writeFileSync(large, "hush".repeat(100_000));
  for (const path of [join(folder, "folder"), join(folder, "missing"), "/dev/zero", large]) {
    const error = await resolveSecret(`file:${path}`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unresolved);
    expect(String(error)).not.toContain("hush");
  }
});

test("a command's output is the secret, and neither it nor the command's words are in a message", async () => {
  expect(await resolveSecret("command:printf 'a b\\n'")).toBe("a b");
  expect(await resolveSecret('command:printf %s "$X"', { environment: { X: "from:here" } })).toBe(
    "from:here",
  );
  for (const command of [
    "printf hush; echo hush >&2; exit 3",
    "kill -9 $$ # hush",
    "true hush",
    "missing-program hush",
  ]) {
    const error = await resolveSecret(`command:${command}`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unresolved);
    expect(String(error)).not.toContain("hush");
  }
});

test("a command that does not end, prints without end, or leaves a child behind is ended", async () => {
  const start = performance.now();
  await expect(resolveSecret("command:sleep 30 | cat", { deadlineMs: 200 })).rejects.toThrow("within 200 ms");
  await expect(resolveSecret("command:yes")).rejects.toThrow("printed more than");
  await expect(
    resolveSecret("command:(sleep 30; echo late) & echo early", { deadlineMs: 500 }),
  ).rejects.toMatchObject(unresolved);
  const signal = AbortSignal.timeout(100);
  await expect(resolveSecret("command:sleep 30 & wait", { signal })).rejects.toMatchObject({
    name: "TimeoutError",
  });
  expect(performance.now() - start).toBeLessThan(8000);
});
