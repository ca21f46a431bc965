import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPlaybooks, parsePlaybook } from "../../src/playbook/load.js";
import { place, playbookText, show } from "./support.js";

const fixtures = resolve(import.meta.dirname, "../fixtures/playbooks");
const good = join(fixtures, "good");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-load-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function placesOf(text: string): string[] {
  return parsePlaybook(text, "p.yaml").diagnostics.map(place);
}

async function codesOf(...paths: string[]): Promise<string[]> {
  return (await loadPlaybooks(paths)).diagnostics.map(({ code }) => code);
}

test("a sound playbook loads without a diagnostic", async () => {
  const { playbooks, diagnostics } = await loadPlaybooks([good]);
  expect(diagnostics).toEqual([]);
  expect(playbooks.map(({ id, file }) => [id, file])).toEqual([
    ["fixture.unix-shell", join(good, "playbook.yaml")],
  ]);
  expect(playbooks[0]?.hash).toBe(
    execFileSync("sha256sum", [join(good, "playbook.yaml")], { encoding: "utf8" }).slice(0, 64),
  );
});

test("each misspelling is reported where it stands, with what was meant", async () => {
  const { playbooks, diagnostics } = await loadPlaybooks([join(fixtures, "misspelt")]);
  expect(playbooks).toEqual([]);
  expect(diagnostics.map(show)).toEqual([
    "2:1 wrong-type technique: expected a text, found nothing ",
    '6:11 invalid-value procedures[0].guid: expected a GUID (8-4-4-4-12 hexadecimal digits), found the text "x" `uuidgen` makes one',
    '8:17 invalid-value procedures[0].platforms[0]: expected one of linux, windows, macos, network, hypervisor, cloud; found the text "linus" did you mean "linux"?',
    "9:18 invalid-key procedures[0].arguments.Word: a name here is made of lower-case letters, digits and underscores, a letter first ",
    '10:26 wrong-type procedures[0].requires[0].check: expected a text, found the number 3 write it in quotes: "3"',
    "11:29 wrong-type procedures[0].interpreter.program: expected a text or a list (each entry a text), found the number 3 ",
    "11:37 invalid-value procedures[0].interpreter.via: expected one of argument, stdin, file, encoded; found the number 3 ",
    '13:15 invalid-value procedures[0].effects[0]: expected one of work-folder, outside-work-folder, network, credentials, persistence, destructive, background-process, computed-code, unknown-command, configuration-read, configuration-change, cloud-read, cloud-change, lab-domain; found the text "netwrk" did you mean "network"?',
    "14:14 invalid-value procedures[0].timeout: expected more than 0, found the number 0 ",
    '15:5 unknown-key unknown key "prof" in procedures[0] did you mean "proof"?',
    '16:29 unknown-key unknown key "prob" in procedures[0].cleanup did you mean "probe"?',
    "17:13 invalid-value procedures[0].expect: expected at least 1 entries, found an empty list ",
    "25:12 invalid-value procedures[1].proof: a proof compares at least one text (stdout, stderr or command): an exit status alone proves nothing ",
    '26:14 wrong-type procedures[1].cleanup: expected "none" or a map with run and probe, found the text "non" did you mean "none"?',
    '27:73 invalid-value procedures[1].expect[0].outcome: expected one of detected, suppressed, other-alert, logged, blind, pending, undecided, quiet, false-alarm; found the text "detectd" did you mean "detected"?',
  ]);
});

describe("one text, one refusal, at its exact place", () => {
  test.each([
    ["nothing at all", "", "1:1 file-empty"],
    ["only a comment", "# nothing\n", "1:1 file-empty"],
    ["a list", "- a\n", "1:1 wrong-type"],
    ["a bare word", "hello\n", "1:1 wrong-type"],
    ["a missing key, at its map", playbookText().replace("    run: echo hello\n", ""), "5:5 missing-key"],
    ["a key twice", playbookText({ tags: "[a]" }) + "    tags: [b]\n", "16:5 duplicate-key"],
    ["several documents", `${playbookText()}---\nid: other\n`, "16:1 yaml-several-documents"],
    ["text after the end mark", `${playbookText()}...\ngarbage\n`, "16:1 yaml-several-documents"],
    ["a tag", playbookText({ name: "!!binary aGk=" }), "7:11 yaml-tag"],
    ["an own tag", playbookText({ name: "!run x" }), "7:11 yaml-tag"],
    ["a tab as indentation", "\tid: x\n", "1:1 yaml-syntax"],
    ["a reserved character", playbookText({ name: "`x`" }), "7:11 yaml-syntax"],
    ["a key that is a list", "? [a]\n: 1\n", "1:3 yaml-syntax"],
    ["an alias without an anchor", playbookText({ name: "*nothing" }), "7:11 yaml-syntax"],
    ["a number for a text", playbookText({ run: "3" }), "10:10 wrong-type"],
    ["a truth value for a text", playbookText({ name: "true" }), "7:11 wrong-type"],
    ["a map for a text", playbookText({ run: "{ a: b }" }), "10:10 wrong-type"],
    ["a text for a list", playbookText({ effects: "network" }), "11:14 wrong-type"],
    [
      "a fraction for a whole number",
      playbookText({ proof: "{ exitCode: 1.5, stdout: { contains: a } }" }),
      "12:24 wrong-type",
    ],
    [
      "a file name with a folder",
      playbookText({ files: "[ { name: ../x, content: a } ]" }),
      "15:22 invalid-value",
    ],
    ["an unknown key of __proto__", playbookText({ __proto___: "x" }), "15:5 unknown-key"],
  ])("%s", (_, text, expected) => {
    const [first] = placesOf(text);
    expect(first).toBe(expected);
  });

  test("a key named __proto__ is unknown like any other", () => {
    expect(placesOf(playbookText().replace("    name:", "    __proto__: { run: x }\n    name:"))).toEqual([
      "7:5 unknown-key",
    ]);
  });

  test("columns are right in files with Windows line ends", () => {
    expect(placesOf(playbookText({ run: "3" }).replaceAll("\n", "\r\n"))).toEqual(["10:10 wrong-type"]);
  });

  test("a procedure id and a guid that are used twice", () => {
    const text = playbookText();
    const twice = text + text.slice(text.indexOf("  - id"));
    expect(parsePlaybook(twice, "p.yaml").diagnostics.map(show)).toEqual([
      '15:9 duplicate-id the procedure id "only" is already used at p.yaml:5 give each procedure of a playbook its own id',
      '16:11 duplicate-guid the procedure guid "4f0d1c2e-9a3b-4c5d-8e6f-0123456789ab" is already used at p.yaml:6 `uuidgen` makes a new one',
    ]);
  });
});

describe("hostile files", () => {
  test("aliases that multiply are refused at once", () => {
    const levels = Array.from(
      { length: 12 },
      (_, index) => `a${index + 1}: &a${index + 1} [${"*a".concat(String(index), ",").repeat(9)}]`,
    );
    // Written out, either would take longer than any deadline.
    expect(placesOf(`a0: &a0 [x]\n${levels.join("\n")}\n`)[0]).toMatch(/yaml-aliases$/);
    // Fewer aliases than are counted, but exponential: two to the twentieth.
    const doubling = Array.from(
      { length: 10 },
      (_, index) => `a${index + 1}: &a${index + 1} [*a${index},*a${index}]`,
    );
    expect(placesOf(`a0: &a0 [x]\n${doubling.join("\n")}\n`)[0]).toMatch(/yaml-syntax$/);
  });

  test.each([
    ["lists in brackets", "[".repeat(100_000)],
    ["maps in braces", "{a: ".repeat(50_000)],
    ["lists on one line", "- ".repeat(100_000)],
    ["keys on one line", "? ".repeat(100_000)],
    [
      "lines that go deeper and deeper",
      Array.from({ length: 700 }, (_, index) => `${" ".repeat(index)}a:`).join("\n"),
    ],
  ])("nesting does not end the process: %s", (_, text) => {
    expect(placesOf(text)[0]).toMatch(/yaml-too-deep$/);
  });

  test("a map with very many keys takes no quadratic time", () => {
    const started = performance.now();
    const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join("\n");
    expect(placesOf(text).length).toBeGreaterThan(1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("an anchor that holds itself is refused", () => {
    expect(placesOf("id: &a [*a]\n").length).toBeGreaterThan(0);
  });

  test("a file of 10 MB is refused by its size", async () => {
    const file = join(folder, "playbook.yaml");
    writeFileSync(file, "");
    truncateSync(file, 10_000_000);
    const { diagnostics } = await loadPlaybooks([file]);
    expect(diagnostics.map(show)).toEqual([
      "1:1 file-too-large the file is too large: expected at most 262144 bytes, found 10000000 bytes split it into playbooks of one technique each, if it is a playbook",
    ]);
  });

  test("a device and a pipe are not waited for", async () => {
    const pipe = join(folder, "playbook.yaml");
    execFileSync("mkfifo", [pipe]);
    expect(await codesOf(pipe, "/dev/zero")).toEqual(["file-unreadable", "file-unreadable"]);
  });

  test("bytes that are no text are refused where they stand", async () => {
    const binary = join(folder, "binary.yaml");
    const latin = join(folder, "latin.yaml");
    writeFileSync(binary, Buffer.from("id: a\nname: \0\n"));
    writeFileSync(latin, Buffer.concat([Buffer.from("id: a\nname: é"), Buffer.from([0xe9, 0x0a])]));
    const { diagnostics } = await loadPlaybooks([binary, latin]);
    expect(diagnostics.map(place)).toEqual(["2:7 file-not-text", "2:8 file-not-text"]);
  });

  test("whatever the text is, parsing does not throw", () => {
    const words = fc.constantFrom(
      "id",
      ": ",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&a ",
      "*a",
      "!t ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "?",
      "procedures",
      "run",
      "\t",
      "---",
      "...",
      "%",
      "@",
      "é",
      "\0",
      "\u2028",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.array(words, { maxLength: 60 }).map((list) => list.join("")),
        ),
        (text) => {
          const { playbook, diagnostics } = parsePlaybook(text, "p.yaml");
          expect(playbook === null).toBe(diagnostics.length > 0);
          for (const { line, column } of diagnostics)
            expect(line >= 1 && column >= 1 && line <= text.split("\n").length + 1).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("a playbook of the shelf with pieces cut out, doubled and moved does not throw", () => {
    const text = readFileSync(
      resolve(import.meta.dirname, "../../playbooks/T1059.011-lua/playbook.yaml"),
      "utf8",
    );
    const change = fc.tuple(fc.nat(text.length), fc.nat(60), fc.nat(text.length), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = changes.reduce((before, [from, length, to, keep]) => {
          const piece = before.slice(from, from + length);
          const rest = keep ? before : before.slice(0, from) + before.slice(from + length);
          return rest.slice(0, to) + piece + rest.slice(to);
        }, text);
        const { playbook, diagnostics } = parsePlaybook(changed, "p.yaml");
        expect(playbook === null).toBe(diagnostics.length > 0);
        const lines = changed.split("\n");
        for (const { line, column, message } of diagnostics) {
          expect(line <= lines.length && column <= (lines[line - 1] ?? "").length + 1, message).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a sound playbook with any one character changed does not throw", () => {
    const text = playbookText();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (index, character) => {
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        const { playbook, diagnostics } = parsePlaybook(changed, "p.yaml");
        expect(playbook === null).toBe(diagnostics.length > 0);
      }),
      { numRuns: 400 },
    );
  });
});

describe("files and folders", () => {
  test("all problems of all files are listed, and sound playbooks are still returned", async () => {
    const { playbooks, diagnostics } = await loadPlaybooks([
      good,
      join(fixtures, "misspelt"),
      join(folder, "gone"),
      folder,
    ]);
    expect(playbooks.map(({ id }) => id)).toEqual(["fixture.unix-shell"]);
    const codes = diagnostics.map(({ code }) => code);
    expect(codes.slice(0, 2)).toEqual(["file-unreadable", "no-playbooks"]);
    expect(codes).toHaveLength(17);
  });

  test("a file that is named twice is loaded once", async () => {
    const { playbooks, diagnostics } = await loadPlaybooks([
      good,
      join(good, "playbook.yaml"),
      `${good}/../good`,
    ]);
    expect(diagnostics).toEqual([]);
    expect(playbooks).toHaveLength(1);
  });

  test("copies clash by id and by guid; the first is kept", async () => {
    cpSync(good, join(folder, "a"), { recursive: true });
    cpSync(good, join(folder, "b"), { recursive: true });
    const { playbooks, diagnostics } = await loadPlaybooks([folder]);
    expect(playbooks.map(({ file }) => file)).toEqual([join(folder, "a/playbook.yaml")]);
    expect(diagnostics.map(place)).toEqual(["1:5 duplicate-id", "6:11 duplicate-guid"]);
    expect(diagnostics[1]?.message).toContain(`${join(folder, "a/playbook.yaml")}:6`);
  });

  test("a playbook with the other extension is pointed out", async () => {
    writeFileSync(join(folder, "playbook.yml"), "");
    expect((await loadPlaybooks([folder])).diagnostics[0]?.hint).toBe(
      `rename ${join(folder, "playbook.yml")}`,
    );
  });

  test("folders that link to themselves end", async () => {
    cpSync(good, join(folder, "a"), { recursive: true });
    symlinkSync(folder, join(folder, "a", "loop"));
    expect((await loadPlaybooks([folder])).playbooks).toHaveLength(1);
  });

  test("a folder without permission is reported", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root may read everything");
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0);
    expect(await codesOf(join(folder, "closed"))).toEqual(["file-unreadable"]);
  });

  describe("the analytic's path", () => {
    async function analytic(path: string): Promise<string[]> {
      const place_ = join(folder, "playbooks/one");
      mkdirSync(place_, { recursive: true });
      writeFileSync(
        join(place_, "playbook.yaml"),
        playbookText({ expect: `[ { analytic: ${JSON.stringify(path)} } ]` }),
      );
      return (await loadPlaybooks([place_])).diagnostics.map(show);
    }

    test.each([
      ["analytics/none.yml", /^14:27 analytic-missing .* does not exist/],
      ["../../../../../../etc/passwd", /^14:27 analytic-missing .* outside/],
      ["/etc/passwd", /^14:27 analytic-missing .* outside/],
      ["../two/rule.yml", /^14:27 analytic-missing .* outside/],
      [".", /^14:27 analytic-missing .* outside/],
      ["analytics\0/../rule.yml", /^14:27 analytic-missing .* outside/],
    ])("%j is refused", async (path, expected) => {
      expect(await analytic(path)).toEqual([expect.stringMatching(expected)]);
    });

    test("a link out of the folder is followed, and refused", async () => {
      mkdirSync(join(folder, "playbooks/one/analytics"), { recursive: true });
      symlinkSync("/etc/passwd", join(folder, "playbooks/one/analytics/rule.yml"));
      expect(await analytic("analytics/rule.yml")).toEqual([expect.stringMatching(/outside/)]);
    });

    test("a folder is no rule", async () => {
      mkdirSync(join(folder, "playbooks/one/analytics/rule.yml"), { recursive: true });
      expect(await analytic("analytics/rule.yml")).toEqual([expect.stringMatching(/is not a file/)]);
    });

    test("an analytics folder beside a folder above is allowed", async () => {
      mkdirSync(join(folder, "analytics"));
      writeFileSync(join(folder, "analytics/rule.yml"), "title: x\n");
      expect(await analytic("../../analytics/rule.yml")).toEqual([]);
    });
  });
});
