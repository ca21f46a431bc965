import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, "../..", name), "utf8"));

const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        integrity: z.string().optional(),
        resolved: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
        optionalDependencies: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })
  .parse(read("package-lock.json")).packages;

test("every optional dependency is in the lock file: with a hole, `npm ci` refuses it on another platform", () => {
  const holes = Object.entries(lock).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isResolved(path, name))
      .map((name) => `${path} -> ${name}`),
  );
  expect(holes).toEqual([]);
});

test("every package is pinned by its content", () => {
  const loose = Object.entries(lock).filter(([path, entry]) => path !== "" && entry.integrity === undefined);
  expect(loose.map(([path]) => path)).toEqual([]);
});

test("no package comes from anywhere but a registry", () => {
  const elsewhere = Object.values(lock).flatMap(({ resolved }) =>
    resolved === undefined || resolved.startsWith("https://registry.npmjs.org/") ? [] : [resolved],
  );
  expect(elsewhere).toEqual([]);
});

test("every package that would run code when it is installed is denied that by name", () => {
  const denied = z
    .object({ allowScripts: z.record(z.string(), z.literal(false)) })
    .parse(read("package.json")).allowScripts;
  const scripted = Object.entries(lock)
    .filter(([, entry]) => entry.hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
  expect(scripted.length).toBeGreaterThan(0);
  expect(scripted.filter((name) => denied[name] !== false && name !== "fsevents")).toEqual([]);
});

/** Node's own search: the package's folder, then each folder above it. */
function isResolved(from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (lock[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
    if (!folder.includes("/node_modules/")) return lock[`node_modules/${name}`] !== undefined;
  }
}
