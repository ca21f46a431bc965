import { expect, test } from "vitest";
import { effectsOf } from "./analysis.js";

/** Attempts to get something past the lint of batch text: each must need the effect that is named. */
const corpus: readonly (readonly [string, string])[] = [
  ["network", "curl http://x"],
  ["network", "cu^rl http://x"],
  ["network", '"curl" http://x'],
  ["network", 'c"ur"l http://x'],
  ["network", "@curl http://x"],
  ["network", ",;= curl http://x"],
  ["network", "echo a & curl http://x"],
  ["network", "echo a&curl http://x"],
  ["network", "echo a && curl http://x || curl http://y"],
  ["network", "echo a | curl http://x"],
  ["network", "(echo a\ncurl http://x)"],
  ["network", "if exist x curl http://x"],
  ["network", "if not defined a (echo a) else curl http://x"],
  ["network", 'if "a"=="a" curl http://x'],
  ["network", "if 1 equ 1 (curl http://x)"],
  ["network", "for %%i in (a b) do curl http://x"],
  ["network", "for /f %%i in ('curl http://x') do echo %%i"],
  ["network", 'for /f "usebackq" %%i in (`curl http://x`) do echo %%i'],
  ["network", "cmd /c curl http://x"],
  ["network", 'cmd /s /c "echo a & curl http://x"'],
  ["network", "cmd/c curl http://x"],
  ["network", "cmd.exe /d /v:on /c echo a ^& curl http://x"],
  ["network", "echo curl http://x | cmd"],
  ["network", "call curl http://x"],
  ["network", "rem a & curl http://x"],
  ["network", "cu^\nrl http://x"],
  ["network", "echo a ^\n& curl http://x\ncurl http://y"],
  ["network", "type \\\\host\\share\\x"],
  ["network", "powershell iwr http://x"],
  ["network", "powershell -nop -w hidden -enc aQB3AHIAIABoAHQAdABwADoALwAvAHgA"],
  ["network", "C:\\Windows\\System32\\curl.exe http://x"],
  ["network", "certutil -urlcache -f http://x y"],
  ["computed-code", "%COMSPEC% /c echo a"],
  ["computed-code", "%COMSPEC:~-7,3% /c echo a"],
  ["computed-code", "set a=cu\n%a%rl http://x"],
  ["computed-code", "set a=echo b ^& curl x\necho %a%"],
  ["computed-code", "echo %PATH%"],
  ["computed-code", "echo %1"],
  ["computed-code", "echo %OS:Windows=&curl x&%"],
  ["computed-code", "set /p a=\necho %a%"],
  ["computed-code", "cmd /v:on /c !a! http://x"],
  ["computed-code", "for %%i in (curl) do %%i http://x"],
  ["computed-code", "call %%a%% http://x"],
  ["computed-code", "cmd < x"],
  ["computed-code", "set PATH=C:\\x"],
  ["computed-code", "set COMSPEC=x"],
  ["computed-code", "set NODE_OPTIONS=x"],
  ["unknown-command", "unknown.exe"],
  ["unknown-command", "C:\\x\\y.exe"],
  ["unknown-command", "..\\y.exe"],
  ["unknown-command", "mshta about:blank"],
  ["unknown-command", "rundll32 x,y"],
  ["computed-code", "cscript x.vbs"],
  ["computed-code", "start /b whoami"],
  ["computed-code", "cd ..\necho a > x"],
  ["computed-code", "echo whoami > x.bat\nx"],
  ["computed-code", "echo curl > whoami.bat\nwhoami"],
  ["unknown-command", "doskey x=curl"],
  ["unknown-command", "forfiles /c curl"],
  ["background-process", "start whoami"],
  ["persistence", "schtasks /create /tn x /tr y"],
  ["persistence", "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v x /d y"],
  ["persistence", "reg query HKLM\\SAM"],
  [
    "persistence",
    'echo a > "C:\\Users\\x\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\a.bat"',
  ],
  ["destructive", "taskkill /im x"],
  ["destructive", "del C:\\Users\\x"],
  ["destructive", "del %TEMP%\\x"],
  ["destructive", "time 00:00"],
  ["destructive", "echo a > C:\\Windows\\x"],
  ["outside-work-folder", "echo a > C:\\x"],
  ["outside-work-folder", "echo a >..\\x"],
  ["outside-work-folder", "echo a>>%TEMP%\\x"],
  ["outside-work-folder", "echo a > x.txt:stream"],
  ["work-folder", "echo a > x.txt"],
  ["work-folder", "echo a>x.txt"],
  ["work-folder", "(echo a) > x.txt"],
  ["work-folder", "echo a 1> C:\\tyrian-work\\0\\x"],
  ["credentials", "type C:\\Users\\x\\secret.txt"],
  ["credentials", "findstr password C:\\Users\\x\\a.txt"],
  ["credentials", "cmdkey /list"],
];

test.each(corpus)("%s: %s", async (effect, code) => {
  expect(await effectsOf("batch", code)).toContain(effect);
});

/** What does nothing beyond printing must need nothing. */
const harmless: readonly string[] = [
  "echo hello",
  "@echo off\necho hello\nexit /b 0",
  "echo curl http://x",
  'echo "a & curl http://x"',
  "echo a ^& curl http://x",
  "whoami & hostname & ver",
  "whoami /user && ipconfig /all",
  "set /a 1337*3",
  "set a=1337\nset /a b=%a%*3\necho %b%",
  'set "my_word=hello there"\necho %my_word%',
  "set a=ab\necho %a:~0,1%",
  "for %%i in (1 2 3) do echo %%i",
  "for /l %%i in (1,1,3) do @echo %%i",
  "for /f %%i in ('set /a 1337*3') do @echo got %%i",
  "if exist x (echo there) else (echo not)",
  'if "%OS%"=="Windows_NT" echo yes',
  "if exist x exit /b 1",
  "goto end\n:end\necho a",
  ":: curl http:x\nrem only a comment",
  "echo a > nul 2>&1",
  "dir | findstr /i bytes",
  'ver | find "Windows"',
  "cmd /c echo hello",
  'cmd /d /s /c "echo a & echo b"',
  "cmd /v:on /c echo !a!",
  "e^c^h^o hello",
  "echo hello | findstr hello",
  "echo echo hello | cmd",
  'powershell -NoProfile -Command "Write-Output 1"',
  "wmic os get Caption",
  "date /t & time /t",
  "echo.\necho(a",
  "type C:\\Windows\\System32\\drivers\\etc\\hosts",
];

test.each(harmless)("harmless: %s", async (code) => {
  expect(await effectsOf("batch", code)).toEqual([]);
});

test("a script of the procedure is read in the language that Windows runs it in", async () => {
  const files = { "a.vbs": `CreateObject("MSXML2.XMLHTTP")`, "b.cmd": "curl x", "c.js": "eval(x)" };
  expect(await effectsOf("batch", "cscript //nologo a.vbs", { files })).toContain("network");
  expect(await effectsOf("batch", "b", { files })).toContain("network");
  expect(await effectsOf("batch", "cscript //nologo //e:jscript c.js", { files })).toContain("computed-code");
  expect(
    await effectsOf("batch", "echo x >> a.vbs & cscript a.vbs", { files: { "a.vbs": "WScript.Echo 1" } }),
  ).toContain("computed-code");
  expect(await effectsOf("batch", "cscript a.vbs", { files: { "a.vbs": "WScript.Echo 1" } })).toEqual([]);
});
