import { expect, test } from "vitest";
import { sentinelOf } from "../../../src/model/event.js";

const windows = { product: "windows", category: "process_creation" };
const of = (line: string): ReturnType<typeof sentinelOf> =>
  sentinelOf({ argv: [], logsource: windows, fields: { CommandLine: line } });

test.each([
  ["cmd.exe /d /c rem tyrian-sentinel begin r-0001"],
  ["cmd.exe  /d /c rem tyrian-sentinel begin r-0001"],
  ['"C:\\Windows\\System32\\cmd.exe" /d /c rem tyrian-sentinel begin r-0001'],
])("%s is a sentinel of Windows", (line) => expect(of(line)).toEqual({ edge: "begin", trial: "r-0001" }));

test.each([
  ["cmd.exe /d /c rem tyrian-sentinel begin r-0001 & calc.exe"],
  ["cmd.exe /d /c rem tyrian-sentinel middle r-0001"],
  ["powershell.exe cmd.exe /d /c rem tyrian-sentinel end r-0001"],
  ["C:\\x\\cmd.exe /d /c rem tyrian-sentinel end r-0001"],
  [""],
])("%j is none", (line) => expect(of(line)).toBeNull());

test("Wine's, which a sensor of Linux sees, is one too; on another host the same words are not", () => {
  const words = ["cmd.exe", "/d", "/c", "rem", "tyrian-sentinel", "end", "r-0001"];
  expect(sentinelOf({ argv: ["/usr/lib/wine/wine64", ...words] })).toEqual({ edge: "end", trial: "r-0001" });
  expect(sentinelOf({ argv: words })).toBeNull();
});
