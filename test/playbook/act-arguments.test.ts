import { expect, test } from "vitest";
import type { Act } from "../../src/model/trial.js";
import { actArguments, takesCode } from "../../src/playbook/act-arguments.js";

const act = (program: string, via: Act["via"], over: Partial<Act> = {}): Act => ({
  ...{ program, via, options: [], code: "CODE", files: [], timeoutMs: 1_000 },
  ...over,
});

test.each<[string, Act["via"], string]>([
  ["/usr/bin/perl5.36", "argument", "/usr/bin/perl5.36 -e CODE"],
  ["perl", "stdin", "perl -"],
  ["ruby3.1", "file", "ruby3.1 /tmp/w/script.rb"],
  ["php8.2", "argument", "php8.2 -r CODE"],
  ["php", "stdin", "php"],
  ["tclsh8.6", "file", "tclsh8.6 /tmp/w/script.tcl"],
  ["gawk", "argument", "gawk CODE"],
  ["mawk", "file", "mawk -f /tmp/w/script.awk"],
  ["luajit", "stdin", "luajit -"],
  ["osascript", "argument", "osascript -e CODE"],
  ["osascript", "file", "osascript /tmp/w/script.applescript"],
  ["AutoHotkey64.exe", "stdin", "AutoHotkey64.exe *"],
  ["autoit3", "argument", "autoit3 /AutoIt3ExecuteLine CODE"],
  ["unknown", "argument", "unknown -c CODE"],
])("%s takes its code by %s: %s", (program, via, line) => {
  expect(actArguments(act(program, via), "/tmp/w").join(" ")).toBe(line);
});

test("options come before the code, and the extension is the one that was asked for", () => {
  const jxa = act("osascript", "file", { options: ["-l", "JavaScript"], extension: "js" });
  expect(actArguments(jxa, "/tmp/w")).toEqual(["osascript", "-l", "JavaScript", "/tmp/w/script.js"]);
});

test("ways that an interpreter does not have", () => {
  expect(takesCode("tclsh8.6", "argument")).toBe(false);
  expect(takesCode("gjs", "stdin")).toBe(false);
  expect(takesCode("AutoHotkey64.exe", "argument")).toBe(false);
  expect(takesCode("tclsh", "stdin")).toBe(true);
});
