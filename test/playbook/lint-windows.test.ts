import { describe, expect, test } from "vitest";
import { lint, place, scalar, show } from "./support.js";

const windows = {
  platforms: "[windows]",
  interpreter: "{ program: powershell, via: argument }",
  run: "Write-Output hello",
};

async function codesOf(changes: Record<string, string>): Promise<string[]> {
  return (await lint({ ...windows, ...changes })).map(({ code }) => code);
}

test("sound procedures have no diagnostic", async () => {
  expect(await lint(windows)).toEqual([]);
  expect(
    await codesOf({ interpreter: "{ program: powershell, via: encoded, options: [-NoProfile] }" }),
  ).toEqual([]);
  expect(
    await codesOf({ interpreter: "{ program: cmd, via: argument, options: [/d] }", run: "echo hello" }),
  ).toEqual([]);
  const host = "{ program: cscript, via: file, options: [//Nologo], extension: vbs }";
  expect(await codesOf({ interpreter: host, run: scalar('WScript.Echo "hello"') })).toEqual([]);
  expect(await codesOf({ platforms: "[linux]", interpreter: "{ program: pwsh, via: stdin }" })).toEqual([]);
});

describe("interpreter, platform and way of the code fit together", () => {
  test.each([
    ["platforms-mixed", { platforms: "[windows, linux]", interpreter: "{ program: pwsh, via: argument }" }],
    ["interpreter-invalid", { platforms: "[linux]" }],
    [
      "interpreter-invalid",
      { platforms: "[linux]", interpreter: "{ program: cmd, via: argument }", run: "echo hello" },
    ],
    ["interpreter-invalid", { interpreter: "{ program: bash, via: argument }", run: "echo hello" }],
    ["interpreter-invalid", { interpreter: "{ program: cmd, via: encoded }", run: "echo hello" }],
    [
      "interpreter-invalid",
      { interpreter: "{ program: cscript, via: stdin, extension: vbs }", run: "WScript.Echo 1" },
    ],
    ["interpreter-invalid", { interpreter: "{ program: cscript, via: file }", run: "WScript.Echo 1" }],
    ["interpreter-invalid", { platforms: "[linux]", interpreter: "{ program: tclsh, via: argument }" }],
    ["interpreter-invalid", { platforms: "[linux]", interpreter: "{ program: gjs, via: stdin }" }],
    ["interpreter-invalid", { interpreter: "{ program: autohotkey, via: argument }" }],
    ["interpreter-invalid", { interpreter: "{ program: autoit3, via: stdin }" }],
    [
      "interpreter-invalid",
      { interpreter: "{ program: cmd, via: file, extension: txt }", run: "echo hello" },
    ],
  ])("%s: %o", async (code, changes) => {
    expect(await codesOf(changes)).toContain(code);
  });
});

describe("command lines", () => {
  test("a line break is refused, with what to do", async () => {
    const found = await lint({ ...windows, run: "|\n      Write-Output hello\n      Write-Output you\n" });
    expect(found.map(show)).toEqual([
      "10:10 command-line-invalid a command line on Windows cannot hold a line break write the code in one line, or use via: file, stdin or encoded",
    ]);
  });

  test("one that cmd.exe would cut is refused; about 3,000 characters fit into an encoded command", async () => {
    const script = (length: number): string => scalar(`Write-Output '${"x".repeat(length)}'`);
    const encoded = { interpreter: "{ program: powershell, via: encoded }" };
    expect(await codesOf({ ...encoded, run: script(2_900) })).toEqual([]);
    const [found] = await lint({ ...windows, ...encoded, run: script(3_100) });
    expect(found?.code).toBe("command-line-too-long");
    expect(found?.hint).toContain("about 3,000");
    expect(await codesOf({ run: script(8_200) })).toEqual(["command-line-too-long"]);
    expect(await codesOf({ interpreter: "{ program: powershell, via: file }", run: script(8_200) })).toEqual(
      [],
    );
  });
});

describe("placeholders", () => {
  const word = "{ word: { type: string, default: hello } }";
  const cmd = "{ program: cmd, via: argument }";
  const misplaced = "placeholder-in-quotes";
  test.each([
    [[], { run: "Write-Output {{word}}" }],
    [[misplaced], { run: scalar("Write-Output '{{word}}'") }],
    [[misplaced], { run: scalar('Write-Output "{{word}}"') }],
    [[], { interpreter: cmd, run: "echo {{word}}" }],
    [[misplaced], { interpreter: cmd, run: scalar('echo "{{word}}"') }],
    [[misplaced], { interpreter: cmd, run: "echo {{word}} | find x" }],
    [[misplaced], { interpreter: cmd, run: "call echo {{word}}" }],
    [[misplaced], { interpreter: cmd, run: "cmd /c echo {{word}}" }],
    [[misplaced], { interpreter: cmd, run: "if {{word}}==a echo a" }],
    [[misplaced], { interpreter: cmd, run: "for %i in ({{word}}) do @echo %i" }],
    [
      [misplaced],
      { interpreter: '{ program: cmd, via: argument, options: ["/v:on"] }', run: "echo {{word}}" },
    ],
    [[], { interpreter: "{ program: cscript, via: file, extension: vbs }", run: "WScript.Echo {{word}}" }],
    [
      [misplaced],
      {
        interpreter: "{ program: cscript, via: file, extension: vbs }",
        run: scalar('WScript.Echo "{{word}}"'),
      },
    ],
    [
      [misplaced],
      {
        interpreter: "{ program: cscript, via: file, extension: vbs }",
        run: scalar('WScript.Echo "a"{{word}}'),
      },
    ],
    [
      [],
      {
        interpreter: "{ program: cscript, via: file, extension: js }",
        run: scalar("WScript.Echo({{word}})"),
      },
    ],
  ])("%j %o", async (codes, changes) => {
    expect(await codesOf({ arguments: word, ...changes })).toEqual(codes);
  });

  test("a value that cmd.exe has no way to write is refused where it stands", async () => {
    const changes = {
      arguments: "{ word: { type: string, default: 50% } }",
      interpreter: cmd,
      run: "echo {{word}}",
    };
    expect((await lint({ ...windows, ...changes })).map(place)).toEqual(["10:15 placeholder-unquotable"]);
    const file = { ...changes, interpreter: "{ program: cmd, via: file }" };
    expect(await codesOf({ ...file, proof: "{ stdout: { contains: x } }" })).toEqual([]);
  });
});

describe("checks are batch scripts", () => {
  const written = { run: "Set-Content x.txt hello; Write-Output hello", effects: "[work-folder]" };
  const cleanup = (probe: string): string => JSON.stringify({ run: "del {{work}}\\x.txt", probe });

  test("a probe that tests something is sound, one that cannot fail is not", async () => {
    expect(await codesOf({ ...written, cleanup: cleanup("if exist {{work}}\\x.txt exit /b 1") })).toEqual([]);
    expect(await codesOf({ ...written, cleanup: cleanup("echo clean") })).toEqual(["probe-cannot-fail"]);
    expect(await codesOf({ ...written, cleanup: cleanup("exit /b 1") })).toEqual(["probe-cannot-succeed"]);
  });

  test("they are held to the effects, and a cleanup to what the procedure made", async () => {
    expect(await codesOf({ requires: "[ { check: curl http://x } ]" })).toContain("undeclared-effect");
    expect(
      await codesOf({
        ...written,
        cleanup: JSON.stringify({ run: "del C:\\x", probe: "if exist x exit /b 1" }),
      }),
    ).toContain("cleanup-destructive");
  });

  test("options are judged too", async () => {
    expect(
      await codesOf({ interpreter: "{ program: powershell, via: argument, options: [-Version, '2'] }" }),
    ).toContain("undeclared-effect");
  });
});
