import type { Chance } from "./chance.js";

/** What made-up rules and events are made of. */

export const programs = [
  ...[
    "powershell.exe",
    "cmd.exe",
    "rundll32.exe",
    "reg.exe",
    "schtasks.exe",
    "wmic.exe",
    "net.exe",
    "certutil.exe",
  ],
  ...[
    "mshta.exe",
    "regsvr32.exe",
    "wscript.exe",
    "cscript.exe",
    "msiexec.exe",
    "bitsadmin.exe",
    "sc.exe",
    "curl.exe",
  ],
];
export const everyday = [
  ...[
    "svchost.exe",
    "explorer.exe",
    "chrome.exe",
    "msedge.exe",
    "services.exe",
    "lsass.exe",
    "conhost.exe",
    "dllhost.exe",
  ],
  ...[
    "RuntimeBroker.exe",
    "SearchIndexer.exe",
    "taskhostw.exe",
    "MsMpEng.exe",
    "Teams.exe",
    "OneDrive.exe",
    "WmiPrvSE.exe",
  ],
];
export const folders = [
  ...["C:\\Windows\\System32\\", "C:\\Windows\\System32\\", "C:\\Windows\\SysWOW64\\", "C:\\Windows\\"],
  ...[
    "C:\\Program Files\\Google\\Chrome\\Application\\",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\",
  ],
  ...[
    "C:\\Users\\lab\\AppData\\Local\\Microsoft\\",
    "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18\\",
  ],
];
export const libraries = [
  "ntdll",
  "kernel32",
  "KernelBase",
  "user32",
  "advapi32",
  "ws2_32",
  "combase",
  "rpcrt4",
  "bcrypt",
  "crypt32",
];
export const syllables = [
  "in",
  "vo",
  "ke",
  "set",
  "get",
  "add",
  "rem",
  "out",
  "dump",
  "cred",
  "net",
  "sys",
  "reg",
  "down",
  "load",
  "by",
  "pass",
  "tok",
  "priv",
  "shad",
  "copy",
  "mem",
  "hook",
  "proc",
];
export const keys = [
  "HKLM\\System\\CurrentControlSet\\Services\\",
  "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\",
  "HKU\\S-1-5-21-1\\Software\\Classes\\",
  "HKLM\\SOFTWARE\\Policies\\",
];

/** A word that hardly any other rule or event has. */
export function rareWord(chance: Chance): string {
  const word = chance.some(syllables, 2, 4).join("");
  return chance.often(50) ? `${word}-${chance.pick(syllables)}` : word;
}
