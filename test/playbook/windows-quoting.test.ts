import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Act } from "../../src/model/trial.js";
import { actArguments, encodedCommand } from "../../src/playbook/act-arguments.js";
import { quote } from "../../src/playbook/quote.js";
import { windowsBatchLine, windowsCommandLine } from "../../src/playbook/windows-command-line.js";

/**
 * Values arrive as data in the interpreters of Windows. None of them is here: what judges are readers of each language's
 * literals, written from its rules and sharing nothing with what writes them.
 */

const awkward = [
  ..."'\"\\$`!%*~#&;|<>(){}[]^?=- \té€\u2018\u2019\u201c\u2013",
  "😀",
  "%%",
  "%OS%",
  '\\"',
  "$(id)",
  "^&",
  "\x7f",
];
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(...awkward), maxLength: 15 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\0", "")),
);
const line = value.map((text) => text.replace(/[\r\n]/g, ""));

/** One operand or a chain of them: a literal of each form, joined by an operator. Null for anything else. */
function readChain(
  text: string,
  operator: string,
  forms: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[],
): string | null {
  let rest = text.startsWith("(") && text.endsWith(")") ? text.slice(1, -1) : text;
  let out = "";
  for (let first = true; rest !== ""; first = false) {
    if (!first) {
      if (!rest.startsWith(operator)) return null;
      rest = rest.slice(operator.length);
    }
    let found = false;
    for (const [form, read] of forms) {
      const match = form.exec(rest);
      if (match === null) continue;
      out += read(match);
      rest = rest.slice(match[0].length);
      found = true;
      break;
    }
    if (!found) return null;
  }
  return out;
}

/** What a batch file hands a command: doubled percent signs, then carets; an operator or quote that counts is an error. */
function readBatchText(text: string): string {
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === "%" && text[index + 1] !== "%") throw new Error(`a variable is expanded in ${text}`);
    if ('&|<>()"!\n\r'.includes(character)) throw new Error(`${character} counts in ${text}`);
    if (character === "^" || character === "%") index += 1;
    out += text[index] ?? "";
  }
  return out;
}

/** The name of the program that a line of a batch file starts: up to the first blank that is not in quotes; a caret makes no quotes. */
function nameInBatchLine(text: string): string {
  let quoted = false;
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === '"') quoted = !quoted;
    if (!quoted && /[\s,;=]/.test(character)) break;
    if (!quoted && "&|<>()".includes(character)) throw new Error(`${character} counts in ${text}`);
    if ((character === "^" && !quoted) || character === "%") index += 1;
    out += text[index] ?? "";
  }
  return out;
}

/** The arguments of a command line by the rules of CommandLineToArgvW. */
function readArguments(text: string): string[] {
  const found: string[] = [];
  for (let rest = text.trim(); rest !== ""; rest = rest.trimStart()) {
    let out = "";
    let quoted = false;
    let index = 0;
    for (; index < rest.length && (quoted || !/\s/.test(rest[index] as string)); index += 1) {
      const run = /^(\\+)"/.exec(rest.slice(index))?.[1]?.length;
      if (run !== undefined) {
        out += "\\".repeat(run >> 1);
        index += run;
        if (run % 2 === 1) out += '"';
        else quoted = !quoted;
      } else if (rest[index] === '"') quoted = !quoted;
      else out += rest[index] as string;
    }
    found.push(out);
    rest = rest.slice(index);
  }
  return found;
}

describe("a literal is read back as its value, and holds ASCII only", () => {
  test("PowerShell", () => {
    fc.assert(
      fc.property(value, (text) => {
        const literal = quote(text, "powershell") ?? "";
        expect(literal).toMatch(/^[ -~]*$/);
        const read = readChain(literal, "+", [
          [/^'((?:[^']|'')*)'/, (match) => (match[1] ?? "").replaceAll("''", "'")],
          [/^\[char\]0x([0-9a-f]{4})/, (match) => String.fromCharCode(Number.parseInt(match[1] ?? "", 16))],
        ]);
        expect(read).toBe(text);
      }),
    );
  });

  test("VBScript", () => {
    fc.assert(
      fc.property(value, (text) => {
        const literal = quote(text, "vbscript") ?? "";
        expect(literal).toMatch(/^[ -~]*$/);
        const read = readChain(literal, " & ", [
          [/^"((?:[^"]|"")*)"/, (match) => (match[1] ?? "").replaceAll('""', '"')],
          [/^ChrW\((\d{1,5})\)/, (match) => String.fromCharCode(Number(match[1]))],
        ]);
        expect(read).toBe(text);
      }),
    );
  });

  test("JScript", () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(JSON.parse(quote(text, "jscript") ?? "")).toBe(text);
      }),
    );
  });
});

describe("cmd.exe", () => {
  test("a batch file hands a value on exactly, and nothing of it counts", () => {
    fc.assert(
      fc.property(line, (text) => {
        expect(readBatchText(quote(text, "batch") ?? "")).toBe(text);
      }),
    );
  });

  test("what no line can hold is not written: line breaks, and percent signs on a command line", () => {
    expect(quote("a\nb", "batch")).toBeNull();
    expect(quote("a\rb", "batch-line")).toBeNull();
    expect(quote("50%", "batch-line")).toBeNull();
    expect(quote("a&b", "batch-line")).toBe("a^&b");
  });
});

const act: Act = {
  program: "powershell",
  options: ["-NoProfile"],
  via: "argument",
  code: "",
  files: [],
  timeoutMs: 1,
};
const work = "C:\\Windows\\Temp\\tmpAbCdEf0123";

describe("command lines of Windows", () => {
  test("any code is one argument of its program", () => {
    fc.assert(
      fc.property(line, (code) => {
        expect(readArguments(windowsCommandLine({ ...act, code }, work))).toEqual(
          actArguments({ ...act, code }, work),
        );
      }),
    );
  });

  test("cmd.exe, which hands them on, takes nothing of them for its own", () => {
    fc.assert(
      fc.property(line, (code) => {
        const written = windowsBatchLine({ ...act, code }, work);
        expect(readBatchText(written ?? "")).toBe(windowsCommandLine({ ...act, code }, work));
      }),
    );
  });

  test("an encoded command is the script in UTF-16", () => {
    fc.assert(
      fc.property(value, (code) => {
        expect(
          new TextDecoder("utf-16le", { ignoreBOM: true }).decode(
            Buffer.from(encodedCommand(code), "base64"),
          ),
        ).toBe(code);
      }),
    );
  });

  test.each([
    [{ ...act, code: "1" }, "powershell -NoProfile -Command 1"],
    [{ ...act, via: "stdin" }, "powershell -NoProfile -Command -"],
    [{ ...act, via: "file" }, `powershell -NoProfile -File ${work}\\script.ps1`],
    [{ ...act, via: "encoded", code: "1" }, "powershell -NoProfile -EncodedCommand MQA="],
    [{ ...act, program: "cmd", options: ["/d"], code: 'echo "a" & ver' }, 'cmd /d /c "echo "a" & ver"'],
    [{ ...act, program: "cmd", options: [], via: "file", extension: "bat" }, `cmd /c ${work}\\script.bat`],
    [{ ...act, program: "cmd", options: ["/q"], via: "stdin" }, "cmd /q"],
    [
      { ...act, program: "cscript", options: ["//Nologo"], via: "file", extension: "vbs" },
      `cscript //Nologo ${work}\\script.vbs`,
    ],
    [{ ...act, program: "node", options: [], code: 'f("a")' }, 'node -e "f(\\"a\\")"'],
  ] satisfies [Act, string][])("%o", (given, expected) => {
    expect(windowsCommandLine(given, work)).toBe(expected);
  });

  test.each([
    ["C:\\Program Files\\a b\\x.exe", '"C:\\Program Files\\a b\\x.exe"'],
    ["C:\\a&b(100%)^;c\\x.exe", '"C:\\a&b(100%)^;c\\x.exe"'],
    ["C:\\Progra~1\\x.exe", "C:\\Progra~1\\x.exe"],
  ])("a program %s is started by its whole name", (program, word) => {
    const given = { ...act, program, code: "a b" };
    const written = windowsBatchLine(given, work) ?? "";
    expect(windowsCommandLine(given, work)).toBe(`${word} -NoProfile -c "a b"`);
    expect(nameInBatchLine(written)).toBe(word);
    expect(readArguments(windowsCommandLine(given, work))[0]).toBe(program);
  });

  test("a program that no batch file can name is refused", () => {
    expect(windowsBatchLine({ ...act, program: 'C:\\a"b.exe' }, work)).toBeNull();
  });

  test("pwsh on Linux has an argument vector", () => {
    expect(actArguments({ ...act, program: "pwsh", via: "file" }, "/tmp/x")).toEqual([
      "pwsh",
      "-NoProfile",
      "-File",
      "/tmp/x/script.ps1",
    ]);
  });

  test("a line that cmd.exe would cut is refused", () => {
    expect(windowsBatchLine({ ...act, code: "x".repeat(8_000) }, work)).not.toBeNull();
    expect(windowsBatchLine({ ...act, code: "x".repeat(8_200) }, work)).toBeNull();
    expect(windowsBatchLine({ ...act, code: "a\nb" }, work)).toBeNull();
    expect(windowsBatchLine({ ...act, via: "encoded", code: "x".repeat(3_000) }, work)).not.toBeNull();
    expect(windowsBatchLine({ ...act, via: "encoded", code: "x".repeat(3_100) }, work)).toBeNull();
  });
});
