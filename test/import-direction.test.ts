import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";

/** The floors of the house (design: "src/, lowest floor first"). A folder imports from floors below it and from itself. */
const floors: Record<string, number> = {
  "errors.ts": 0,
  "config.ts": 0,
  "folders.ts": 0,
  "version.ts": 0,
  "secrets.ts": 1,
  attack: 0,
  model: 1,
  playbook: 2,
  detection: 2,
  transport: 2,
  journal: 2,
  plan: 3,
  telemetry: 3,
  lab: 3,
  report: 3,
  siem: 4,
  verify: 5,
  engine: 6,
  dispatch: 7,
  web: 8,
  cli: 9,
};

const source = resolve(import.meta.dirname, "../src");

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

const imports = sourceFiles(source).flatMap((file) => {
  const text = readFileSync(file, "utf8");
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    (match) => match[1] as string,
  );
  return specifiers.map((specifier) => ({ file, specifier }));
});

function folderOf(path: string): string {
  return relative(source, path).split(sep)[0] as string;
}

test("every folder of src has a floor", () => {
  const unknown = readdirSync(source).filter((name) => floors[name] === undefined);
  expect(unknown).toEqual([]);
});

test("a folder imports from floors below it and from itself, never sideways or up", () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ file, specifier }) => ({
      file,
      from: folderOf(file),
      to: folderOf(resolve(file, "..", specifier).replace(/\.js$/, ".ts")),
    }))
    .filter(({ from, to }) => from !== to && !((floors[to] ?? 99) < (floors[from] ?? -1)))
    .map(({ file, from, to }) => `${relative(source, file)}: ${from} imports ${to}`);
  expect(wrong).toEqual([]);
});

test("only dispatch imports bullmq and ioredis", () => {
  const wrong = imports
    .filter(({ specifier }) => /^(bullmq|ioredis)(\/|$)/.test(specifier))
    .map(({ file }) => folderOf(file))
    .filter((folder) => folder !== "dispatch");
  expect(wrong).toEqual([]);
});

test("only the cli prints or exits", () => {
  const wrong = sourceFiles(source)
    .filter((file) => folderOf(file) !== "cli")
    .filter((file) =>
      /\bconsole\.\w+\(|process\.(exit\(|stdout\.write|stderr\.write)/.test(readFileSync(file, "utf8")),
    )
    .map((file) => relative(source, file));
  expect(wrong).toEqual([]);
});
