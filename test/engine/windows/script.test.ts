import { describe, expect, test } from "vitest";
import { actFiles, cleanupFiles } from "../../../src/engine/windows/script.js";
import { echoCommands } from "../../../src/engine/windows/place.js";
import { windowsCommandLine } from "../../../src/playbook/windows-command-line.js";
import { windowsTrial } from "../../lab/windows/host.js";

describe("the scripts for cmd.exe", () => {
  const trial = windowsTrial("WScript.Echo 1\nWScript.Echo 2", {
    ...{ requires: [{ check: "exit /b 0", description: "" }], cleanup: { run: "del x", probe: "exit /b 0" } },
    act: { program: "cscript.exe", options: ["//nologo"], extension: "vbs" },
  });

  test("have the line ends of Windows, and the procedure's text its lines", () => {
    const files = [...actFiles(trial, "nonce"), ...cleanupFiles(trial)];
    for (const { content } of files) expect(content).toMatch(/^(?:[^\r\n]*\r\n)+$/);
    expect(files.find(({ name }) => name === "script.vbs")?.content).toBe(
      "WScript.Echo 1\r\nWScript.Echo 2\r\n",
    );
  });

  test("name the trial in no command line of the act", () => {
    expect(windowsCommandLine(trial.act, trial.work)).not.toContain(trial.id);
    expect(actFiles(trial, "nonce").find(({ name }) => name === "line.cmd")?.content).not.toContain(trial.id);
  });

  test.each([
    ["of more than 8191 characters", `echo ${"x".repeat(8_200)}`],
    ["with a line break", "echo a\necho b"],
  ])("refuse a command line %s before anything runs", (_what, code) => {
    const act = { program: "cmd.exe", via: "argument" as const };
    expect(() => actFiles(windowsTrial(code, { act }), "nonce")).toThrow(
      expect.objectContaining({ code: "command-too-long" }),
    );
  });
});

describe("a file that echo writes", () => {
  const written = (content: string, percentSign: "line" | "batch"): readonly string[] | null =>
    echoCommands({ folder: "C:\\f", name: "a.cmd", content }, percentSign);

  test("has a percent sign that cmd.exe leaves alone, on a command line and in a batch file", () => {
    expect(written('a%b%^ "c" %\r\n', "line")).toEqual([
      '>C:\\f\\a.cmd echo.a%^b%^^ ^"c^" %&type C:\\f\\a.cmd',
    ]);
    expect(written("%b%\r\n", "batch")).toEqual([">C:\\f\\a.cmd echo.%%b%%&type C:\\f\\a.cmd"]);
  });

  test("takes as many commands as it needs, each of a length that cmd.exe reads whole", () => {
    const commands = written(`${"x".repeat(1_000)}\r\n`.repeat(15), "line") ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(command.length).toBeLessThan(8_000);
  });

  test.each([["é\r\n"], ["no line end"], ["a\nb\r\n"], ["\u0001\r\n"], [`${"x".repeat(7_950)}\r\n`], [""]])(
    "is none of %j: that is uploaded",
    (content) => expect(written(content, "line")).toBeNull(),
  );
});
