import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quote } from "../../src/playbook/quote.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { fillTemplate } from "../../src/playbook/template.js";
import { languageOf, type Language } from "../../src/playbook/language.js";
import { parsed, playbookText, scalar } from "./support.js";

function procedureOf(changes: Record<string, string>) {
  const [procedure] = parsed(playbookText(changes)).procedures;
  if (procedure === undefined) throw new Error("no procedure");
  return procedure;
}

test("variants are rows times programs, with defaults, each once", () => {
  const procedure = procedureOf({
    arguments: "{ word: { type: string, default: a }, count: { type: integer, default: 2 } }",
    variants: "[ {}, { word: b }, { word: a, count: 2 } ]",
    interpreter: "{ program: [bash, dash], via: stdin }",
  });
  expect(variantsOf(procedure)).toEqual([
    { word: "a", count: 2, program: "bash" },
    { word: "a", count: 2, program: "dash" },
    { word: "b", count: 2, program: "bash" },
    { word: "b", count: 2, program: "dash" },
  ]);
});

test("every template is filled with the quoting of its place", () => {
  const procedure = procedureOf({
    arguments: `{ word: { type: string, default: "it's a.b" }, count: { type: integer, default: 3 } }`,
    interpreter: "{ program: python3, via: file, options: [ -E, '{{work}}/x' ] }",
    run: scalar("print({{word}}, {{ count }}, {{work}}, {{{{x}})"),
    files:
      "[ { name: a.sh, content: 'echo {{word}}' }, { name: a.txt, content: '{{word}} {{count}}' }, { name: a.lua, content: 'print({{word}})', executable: true } ]",
    requires: "[ { check: 'test -n {{word}}' } ]",
    proof: scalar("X").replace(
      '"X"',
      `{ stdout: { contains: "{{word}}", matches: "^{{word}}$" }, command: { run: "cat {{work}}/f", stdout: { equals: "{{word}}" } } }`,
    ),
    cleanup: "{ run: 'rm -f {{work}}/f', probe: 'test ! -e {{work}}/f' }",
    timeout: "1.5",
  });
  const [variant] = variantsOf(procedure);
  const rendered = renderAction(procedure, variant ?? {}, "/w o/1");
  expect(rendered).toEqual({
    act: {
      program: "python3",
      options: ["-E", "/w o/1/x"],
      via: "file",
      code: `print("it's a.b", 3, "/w o/1", {{x}})`,
      files: [
        { name: "a.sh", content: `echo 'it'\\''s a.b'`, executable: false },
        { name: "a.txt", content: "it's a.b 3", executable: false },
        { name: "a.lua", content: `print("it's a.b")`, executable: true },
      ],
      timeoutMs: 1500,
    },
    proof: {
      exitCode: 0,
      stdout: { contains: "it's a.b", matches: "^it's a\\.b$" },
      command: { run: "cat '/w o/1'/f", stdout: { equals: "it's a.b" } },
    },
    cleanup: { run: "rm -f '/w o/1'/f", probe: "test ! -e '/w o/1'/f" },
    requires: [
      { check: "command -v 'python3'", description: "the interpreter python3" },
      { check: `test -n 'it'\\''s a.b'`, description: "" },
    ],
  });
});

test("a twin takes what it leaves out from its procedure, and expects quiet", () => {
  const procedure = procedureOf({
    effects: "[computed-code]",
    expect: "[ { analytic: analytics/rule.yml, outcome: logged, because: x } ]",
    twin: "{ name: other, run: echo bye, proof: { stdout: { contains: bye } } }",
  });
  const twin = twinAsProcedure(procedure);
  expect(twin).toMatchObject({ name: "other", run: "echo bye", effects: ["computed-code"], id: "only" });
  expect(twin?.expect).toEqual([{ analytic: "analytics/rule.yml", outcome: "quiet", execution: "ran" }]);
  expect(twin).not.toHaveProperty("twin");
  expect(twinAsProcedure(procedureOf({}))).toBeNull();
});

test.each([
  ["echo {{nothing}}", /no argument "nothing"/],
  ["echo {{", /begins no placeholder/],
])("a template that cannot be filled is an error: %s", (run, message) => {
  const procedure = procedureOf({ run: scalar(run) });
  expect(() => renderAction(procedure, { program: "bash" }, "/w")).toThrow(message);
});

test("a text for an interpreter whose quoting is not known is an error", () => {
  const procedure = procedureOf({
    run: scalar("print {{work}}"),
    interpreter: "{ program: perl, via: argument }",
  });
  expect(() => renderAction(procedure, { program: "perl" }, "/w")).toThrow(/cannot be quoted for perl/);
});

test("languages are known by program name, version and busybox applet", () => {
  const programs: [string, string[], Language][] = [
    ["/usr/bin/bash", [], "shell"],
    ["busybox", ["sh"], "shell"],
    ["busybox", [], "unknown"],
    ["python3.12", [], "python"],
    ["lua5.4", [], "lua"],
    ["gjs", [], "javascript"],
    ["C:\\Windows\\System32\\CMD.EXE", [], "batch"],
    ["pwsh", [], "powershell"],
    ["cscript", [], "unknown"],
    ["perl", [], "unknown"],
    ["constructor", [], "unknown"],
  ];
  expect(programs.map(([program, options]) => languageOf(program, options))).toEqual(
    programs.map(([, , language]) => language),
  );
});

test("texts without placeholders are filled with themselves, and escapes with two braces", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const template = text.replaceAll("{{", "{{{{");
      expect(fillTemplate(template, {}, "raw")).toMatchObject({ text, problems: [] });
    }),
  );
});

/** A program that prints several literals, each with a NUL behind it: no value holds one. */
const printers: Readonly<
  Record<"shell" | "python" | "javascript" | "lua", (literals: readonly string[]) => string>
> = {
  shell: (literals) => literals.map((literal) => `printf '%s\\0' ${literal}`).join("\n"),
  python: (literals) =>
    `import sys\nfor x in [${literals.join(",")}]: sys.stdout.buffer.write(x.encode() + b"\\0")`,
  javascript: (literals) => `for (const x of [${literals.join(",")}]) process.stdout.write(x + "\\0")`,
  lua: (literals) => `for _, x in ipairs({${literals.join(",")}}) do io.write(x, "\\0") end`,
};

function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status === 0;
}

describe("any text comes through the real interpreter exactly", () => {
  const awkward = [
    ..."'\"\\$`\n\r!%*~#&;|<>(){}[]^?=-éß",
    "{{",
    "}}",
    "{{work}}",
    "]]",
    "--",
    "\u2028",
    "\u{feff}",
    "😀",
    "\\n",
    "$(id)",
    "\x7f",
    "\x1b",
  ];
  const values = fc
    .sample(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.string({ unit: fc.constantFrom(...awkward), maxLength: 12 }),
      ),
      { numRuns: 1500, seed: 1 },
    )
    .map((text) => text.replaceAll("\0", ""));

  const interpreters = [
    ["bash", "shell", ["-s"]],
    ["dash", "shell", []],
    ["zsh", "shell", ["-s"]],
    ["busybox", "shell", ["sh"]],
    ["python3", "python", ["-"]],
    ["node", "javascript", ["-"]],
    ["lua", "lua", ["-"]],
  ] as const;
  for (const [program, language, options] of interpreters) {
    test(program, ({ skip }) => {
      skip(!isInstalled(program), "it is not installed");
      const code = printers[language](values.map((value) => String(quote(value, language))));
      const output = execFileSync(program, options, { input: code, maxBuffer: 1 << 24 });
      expect(output.toString("utf8").split("\0").slice(0, -1)).toEqual(values);
    });
  }

  test("regular expressions", () => {
    const wrong = values.filter(
      (value) => !new RegExp(`^${String(quote(value, "regular-expression"))}$`).test(value),
    );
    expect(wrong).toEqual([]);
  });
});
