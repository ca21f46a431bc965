import { expect, test } from "vitest";
import { checkCommandLine, LONGEST_COMMAND_LINE } from "../../../src/transport/windows/command-line.js";

test("a line that cmd.exe reads whole passes, with its quotes and special characters", () => {
  expect(() => checkCommandLine(`echo "a b" ^& c & echo %PATH% | findstr "ä😀\t<>" `, "win1")).not.toThrow();
  expect(() => checkCommandLine("x".repeat(LONGEST_COMMAND_LINE), "win1")).not.toThrow();
});

test.each([
  ["command-too-long", "9000 characters", `echo ${"x".repeat(8_995)}`],
  ["command-too-long", "8192 characters", "x".repeat(8_192)],
  ["transport-failed", "line end", "echo one\necho two"],
  ["transport-failed", "line end", "echo one\r"],
  ["transport-failed", "null", "echo \0"],
  ["transport-failed", "character at 6", "echo \u0007"],
  ["transport-failed", "character at 6", "echo \ud800"],
])("%s (%s) for a line that would be run in part", (code, words, line) => {
  let thrown: unknown;
  try {
    checkCommandLine(line, "win1");
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toMatchObject({ code, message: expect.stringContaining(words) });
  expect((thrown as Error).message, "it does not quote the command").not.toContain("echo");
});
