import { expect, test } from "vitest";
import { effectsOf } from "./analysis.js";

/** Attempts to get something past the lint of the Windows Script Host's languages. */
const vbscript: readonly (readonly [string, string])[] = [
  ["computed-code", `Execute x`],
  ["computed-code", `Execute InputBox("")`],
  ["computed-code", `ExecuteGlobal Chr(200) & "a"`],
  ["computed-code", `x = Eval(WScript.Arguments(0))`],
  ["network", `Execute "CreateObject(""MSXML2.XMLHTTP"")"`],
  ["network", `Execute Chr(67) & "reateObject(""MSXML2.XMLHTTP"")"`],
  ["network", `Execute ("CreateObject") & "(""MSXML2.XMLHTTP"")"`],
  ["network", `Set o = CreateObject("MSXML2." & "XMLHTTP")`],
  ["network", `p = "MSXML2.XMLHTTP" : Set o = CreateObject(p)`],
  ["computed-code", `p = "Scripting.FileSystemObject" : p = WScript.Arguments(0) : Set o = CreateObject(p)`],
  ["computed-code", `Set o = CreateObject(StrReverse("x"))`],
  ["unknown-command", `Set o = CreateObject("Shell.Application")`],
  ["unknown-command", `Set o = WScript.CreateObject("Shell.Application")`],
  ["computed-code", `Set o = GetObject(x)`],
  ["network", `Set o = GetObject("script:http://x")`],
  ["unknown-command", `Set o = GetObject("winmgmts:\\\\host\\root\\cimv2")`],
  ["unknown-command", `GetObject("winmgmts:").Get("Win32_Process").Create "x"`],
  ["unknown-command", `GetObject("winmgmts:").ExecQuery x`],
  ["network", `CreateObject("WScript.Shell").Run "curl http://x", 0, True`],
  ["network", `Set s = CreateObject("WScript.Shell") : s.Run "cmd /c curl http://x", 0, True`],
  ["computed-code", `CreateObject("WScript.Shell").Run x, 0, True`],
  ["computed-code", `CreateObject("WScript.Shell").Run "%COMSPEC% /c x", 0, True`],
  ["background-process", `CreateObject("WScript.Shell").Run "whoami"`],
  ["background-process", `CreateObject("WScript.Shell").Exec "whoami"`],
  ["persistence", `CreateObject("WScript.Shell").RegWrite "x", 1`],
  ["persistence", `With CreateObject("WScript.Shell")\n.RegWrite "x", 1\nEnd With`],
  ["unknown-command", `Set f = GetRef("x")`],
  ["unknown-command", `[Execute] "x"`.replace("[Execute]", "ExecuteX")],
  ["syntax", `[Execute] "x"`],
  ["outside-work-folder", `CreateObject("Scripting.FileSystemObject").CreateTextFile("C:\\x.txt")`],
  ["work-folder", `CreateObject("Scripting.FileSystemObject").CreateTextFile("x.txt")`],
  ["destructive", `CreateObject("Scripting.FileSystemObject").DeleteFile "C:\\x.txt"`],
  ["credentials", `CreateObject("Scripting.FileSystemObject").OpenTextFile("C:\\Users\\x\\a")`],
  ["outside-work-folder", `CreateObject("Scripting.FileSystemObject").OpenTextFile("C:\\x", 8, True)`],
  ["computed-code", `CreateObject("Scripting.FileSystemObject").OpenTextFile(x, 1)`],
];

test.each(vbscript)("VBScript %s: %s", async (effect, code) => {
  expect(await effectsOf("vbscript", code)).toContain(effect);
});

const jscript: readonly (readonly [string, string])[] = [
  ["computed-code", `eval(WScript.Arguments(0))`],
  ["computed-code", `var e = eval; e("1")`],
  ["computed-code", `new Function("return 1")()`],
  ["computed-code", `Function("return 1")()`],
  ["unknown-command", `(function () {}).constructor("return 1")()`],
  ["unknown-command", `"".sub["constr" + "uctor"]("return 1")()`],
  ["unknown-command", `this["ev" + "al"]("1")`],
  ["computed-code", `this[WScript.Arguments(0)]("1")`],
  ["network", `eval("new ActiveXObject('MSXML2.XMLHTTP')")`],
  ["network", `eval("new Active" + "XObject('MSXML2.XMLHTTP')")`],
  ["network", `new ActiveXObject("MSXML2." + "XMLHTTP")`],
  ["network", `new ActiveXObject(String.fromCharCode(77, 83) + "XML2.XMLHTTP")`],
  ["computed-code", `var A = ActiveXObject; new A("x")`],
  ["computed-code", `new ActiveXObject(WScript.Arguments(0))`],
  ["unknown-command", `new ActiveXObject("Shell.Application").ShellExecute("x")`],
  ["unknown-command", `GetObject("winmgmts:").Get("Win32_Process").Create("x")`],
  ["computed-code", `/*@cc_on eval("x") @*/`],
  ["computed-code", `//@cc_on\n//@if (@_jscript) eval("x") @end`],
  ["network", `new ActiveXObject("WScript.Shell").Run("cmd /c curl http://x", 0, true)`],
  ["network", `new ActiveXObject("WScript.Shell")["R" + "un"]("curl http://x", 0, true)`],
  ["computed-code", `var r = new ActiveXObject("WScript.Shell").Run; r("x")`],
  ["computed-code", `new ActiveXObject("WScript.Shell").Run("c" + x)`],
  ["background-process", `new ActiveXObject("WScript.Shell").Run("whoami")`],
  ["outside-work-folder", `new ActiveXObject("Scripting.FileSystemObject").CreateTextFile("C:\\\\x")`],
  ["computed-code", `with (WScript) { Echo(1) }`],
  ["unknown-command", `require("child_process")`],
];

test.each(jscript)("JScript %s: %s", async (effect, code) => {
  expect(await effectsOf("jscript", code)).toContain(effect);
});

test.each([
  ["vbscript", `WScript.Echo 1337 * 3\nWScript.Quit 0`],
  [
    "vbscript",
    `Option Explicit\nDim total, i\nFor i = 1 To 3\ntotal = total + 1337\nNext\nWScript.Echo "sum " & total`,
  ],
  ["vbscript", `Execute "WScript.Echo 1"`],
  ["vbscript", `Function F(a)\nF = a * 3\nEnd Function\nWScript.Echo F(1337) ' a comment`],
  ["vbscript", `CreateObject("WScript.Shell").Run "cmd /c echo hello", 0, True`],
  [
    "vbscript",
    `For Each o In GetObject("winmgmts:").InstancesOf("Win32_OperatingSystem")\nWScript.Echo o.Caption\nNext`,
  ],
  [
    "vbscript",
    `Dim d\nSet d = CreateObject("Scripting.Dictionary")\nd.Add "a", 1\nWScript.Echo d.Item("a") & _\n  ChrW(8364)`,
  ],
  ["jscript", `WScript.Echo(1337 * 3);`],
  [
    "jscript",
    `var numbers = [1337, 1337, 1337], sum = 0;\nfor (var i = 0; i < numbers.length; i++) sum += numbers[i];\nWScript.Echo("sum " + sum);`,
  ],
  ["jscript", `eval("WScript.Echo(1)")`],
  ["jscript", `new ActiveXObject("WScript.Shell").Run("cmd /c echo hello", 0, true);`],
] as const)("harmless %s: %s", async (language, code) => {
  expect(await effectsOf(language, code)).toEqual([]);
});
