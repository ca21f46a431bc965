import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** What all agents' scripts have in common. Each folder of agents/ is copied to a host by itself. */

const agents = resolve(import.meta.dirname, "../../agents");
const folders = readdirSync(agents).filter((name) => statSync(join(agents, name)).isDirectory());
const scripts = folders.flatMap((folder) =>
  readdirSync(join(agents, folder))
    .filter((name) => name.endsWith(".sh"))
    .map((name) => join(folder, name)),
);

/**
 * Not asked for: what is set in the folder's settings.sh or used by those that source it (SC1091, SC2034, SC2154), and `a && b || c`
 * where `b` cannot fail or `c` is right then too (SC2015).
 */
const notAsked = "SC1091,SC2034,SC2154,SC2015";
const noShellcheck =
  spawnSync("shellcheck", ["--version"]).status === 0
    ? null
    : "shellcheck is not installed (apt-get install shellcheck)";

test("shellcheck has nothing to say about the scripts", ({ skip }) => {
  skip(noShellcheck !== null, noShellcheck ?? "");
  const words = ["--shell=sh", `--exclude=${notAsked}`, "--format=gcc", ...scripts];
  const { stdout, status } = spawnSync("shellcheck", words, { cwd: agents, encoding: "utf8" });
  expect([stdout, status]).toEqual(["", 0]);
});

describe.each(scripts)("%s", (script) => {
  test("is a script for any POSIX shell, and needs nothing outside its folder", () => {
    for (const shell of ["sh", "bash"]) expect(spawnSync(shell, ["-n", join(agents, script)]).status).toBe(0);
    const sourced = readFileSync(join(agents, script), "utf8").match(/^\s*\. .*$/gm) ?? [];
    expect(sourced.filter((line) => line.trim() !== '. "$here/settings.sh"')).toEqual([]);
  });
});

test.each(folders)("%s says what is collected, and how it is checked and undone", (folder) => {
  const page = readFileSync(join(agents, folder, "README.md"), "utf8");
  expect(page).toMatch(/collected|logged|switched on/i);
  expect(page).toMatch(/check\.(?:sh|ps1)/);
  expect(page).toMatch(/uninstall|## Undo/);
});
