import { XMLParser, XMLValidator } from "fast-xml-parser";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Language, type Node, Parser } from "web-tree-sitter";
import { parse as parseYaml } from "yaml";
import { syntaxError } from "../../src/playbook/effects/grammar.js";
import { serviceOf } from "../../src/telemetry/windows/channels.js";

/** Nothing here runs on Windows: scripts are parsed, configurations are read, and each is held to the others. */

const folder = resolve(import.meta.dirname, "../../agents/windows");
const text = (name: string): string => readFileSync(join(folder, name), "utf8");
const scripts = readdirSync(folder).filter((name) => name.endsWith(".ps1"));

let parser: Parser;
beforeAll(async () => {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    "tree-sitter-powershell/tree-sitter-powershell.wasm",
  );
  parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
});

function parsed<T>(script: string, use: (root: Node) => T): T {
  const tree = parser.parse(script);
  if (tree === null) throw new Error("no tree");
  try {
    return use(tree.rootNode);
  } finally {
    tree.delete();
  }
}

function commandsOf(script: string): string[] {
  return parsed(script, (root) => root.descendantsOfType("command_name").map((node) => node?.text ?? ""));
}

describe("scripts", () => {
  test("there are an installer, a check and an uninstaller", () => {
    expect(scripts.toSorted()).toEqual(["check.ps1", "install.ps1", "settings.ps1", "uninstall.ps1"]);
  });

  test.each(scripts)("%s follows the grammar of PowerShell", (name) => {
    expect(parsed(text(name), syntaxError)).toBeNull();
  });

  test("a script that does not is found", () => {
    expect(parsed("if (1 -eq 1 { 'x' }", syntaxError)).not.toBeNull();
  });

  test.each(scripts)("%s downloads nothing and evaluates no text", (name) => {
    const forbidden =
      /^(?:Invoke-WebRequest|iwr|curl|wget|Invoke-RestMethod|irm|Start-BitsTransfer|Invoke-Expression|iex|certutil.*)$/i;
    expect(commandsOf(text(name)).filter((command) => forbidden.test(command))).toEqual([]);
  });

  test("the check changes nothing", () => {
    const changing = /^(?:Set(?!-StrictMode)|New|Remove|Enable|Disable|Start|Stop|Restart|Clear|Add|Save)-/i;
    expect(commandsOf(text("check.ps1")).filter((command) => changing.test(command))).toEqual([]);
    expect(text("check.ps1")).not.toMatch(/auditpol|::SetValue|SaveChanges/);
  });

  test.each(["install.ps1", "check.ps1", "uninstall.ps1"])(
    "%s needs an administrator, stops at errors, and takes the shared settings",
    (name) => {
      expect(text(name)).toMatch(/^#Requires -RunAsAdministrator$/m);
      expect(text(name)).toContain("$ErrorActionPreference = 'Stop'");
      expect(text(name)).toContain("Set-StrictMode -Version 3.0");
      expect(text(name)).toContain("\n. (Join-Path $PSScriptRoot 'settings.ps1')\n");
    },
  );

  test("what is set is kept before, and put back", () => {
    const install = text("install.ps1");
    expect(install.indexOf("\nSave-Record\n")).toBeLessThan(
      install.indexOf("foreach ($setting in $TyrianRegistry)"),
    );
    // Each part of the record is read where things are put back.
    const kept = /\$before = \[pscustomobject\] @\{([^]*?)\n {4}\}/.exec(install)?.[1] ?? "";
    const names = [...kept.matchAll(/^ {8}(\w+) += /gm)].map(([, name]) => name ?? "");
    expect(names).toHaveLength(7);
    expect(names.filter((name) => !text("uninstall.ps1").includes(`$before.${name}`))).toEqual([]);
  });

  test("every function that a script calls is one of the settings", () => {
    const defined = new Set(
      [...text("settings.ps1").matchAll(/^function (\S+?)[ (]/gm)].map(([, name]) => name),
    );
    const called = scripts.flatMap((name) =>
      commandsOf(text(name)).filter((command) => command.includes("-Tyrian")),
    );
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter((name) => !defined.has(name))).toEqual([]);
  });
});

const xml = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "", processEntities: false });

interface Rule {
  readonly onmatch: string;
  readonly [field: string]: unknown;
}

/** By event of Sysmon: its rule. */
function sysmonRules(): Map<string, Rule> {
  expect(XMLValidator.validate(text("sysmon.xml"))).toBe(true);
  const { Sysmon } = xml.parse(text("sysmon.xml")) as {
    Sysmon: { EventFiltering: { RuleGroup: Record<string, Rule | string>[] } };
  };
  const entries = Sysmon.EventFiltering.RuleGroup.flatMap((group) =>
    Object.entries(group).filter((entry): entry is [string, Rule] => typeof entry[1] === "object"),
  );
  expect(new Set(entries.map(([name]) => name)).size).toBe(entries.length);
  return new Map(entries);
}

describe("the configuration of Sysmon", () => {
  test("names every event of its schema once, so that nothing is left to Sysmon's defaults", () => {
    expect([...sysmonRules().keys()].toSorted()).toEqual([
      ...["ClipboardChange", "CreateRemoteThread", "DnsQuery", "DriverLoad", "FileBlockExecutable"],
      ...["FileBlockShredding", "FileCreate", "FileCreateStreamHash", "FileCreateTime", "FileDelete"],
      ...[
        "FileDeleteDetected",
        "FileExecutableDetected",
        "ImageLoad",
        "NetworkConnect",
        "PipeEvent",
        "ProcessAccess",
      ],
      ...[
        "ProcessCreate",
        "ProcessTampering",
        "ProcessTerminate",
        "RawAccessRead",
        "RegistryEvent",
        "WmiEvent",
      ],
    ]);
  });

  test("records every process, and of the rest what scripts do", () => {
    const rules = sysmonRules();
    const recorded = [...rules].filter(
      ([, { onmatch, ...fields }]) => onmatch === "exclude" || Object.keys(fields).length > 0,
    );
    expect(recorded.map(([name, { onmatch }]) => `${name} ${onmatch}`)).toEqual([
      ...["ProcessCreate exclude", "ProcessTerminate exclude", "NetworkConnect include", "ImageLoad include"],
      ...["FileCreate include", "PipeEvent include", "DnsQuery include"],
    ]);
    expect(Object.keys(rules.get("ProcessCreate") ?? {})).toEqual(["onmatch"]);
    expect(rules.get("DnsQuery")?.["Image"]).toEqual(rules.get("NetworkConnect")?.["Image"]);
    expect(text("sysmon.xml")).toMatch(/vbscript\.dll[^]*jscript\.dll/);
  });
});

test("the shippers send the logs that the host is set to keep, by the names that rules know", () => {
  const kept = [...text("settings.ps1").matchAll(/^ {4}'([^']+)' += \d+MB$/gm)].map(([, name]) => name ?? "");
  expect(kept.map((channel) => serviceOf(channel) ?? "").toSorted()).toEqual([
    "powershell",
    "powershell",
    "powershell-classic",
    "security",
    "sysmon",
  ]);
  const beat = parseYaml(text("winlogbeat.yml")) as {
    "winlogbeat.event_logs": { name: string; event_id?: string | number }[];
  };
  expect(beat["winlogbeat.event_logs"].map(({ name }) => name).toSorted()).toEqual(kept.toSorted());
  const query = /<QueryXML>([^]*)<\/QueryXML>/.exec(text("nxlog.conf"))?.[1] ?? "";
  expect(XMLValidator.validate(query.trim())).toBe(true);
  const { QueryList } = xml.parse(query) as {
    QueryList: { Query: { Select: { Path: string; "#text": string }[] } };
  };
  const selected = new Map(
    QueryList.Query.Select.map((select) => [select.Path, select["#text"].match(/\d+/g) ?? []]),
  );
  // A query that names a log that is not there fails as a whole; PowerShell 7's is not on every host.
  expect([...selected.keys(), "PowerShellCore/Operational"].toSorted()).toEqual(kept.toSorted());
  for (const { name, event_id: ids } of beat["winlogbeat.event_logs"]) {
    if (selected.has(name)) expect(String(ids ?? "").match(/\d+/g) ?? []).toEqual(selected.get(name));
  }
});
