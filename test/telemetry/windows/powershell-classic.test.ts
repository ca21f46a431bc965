import { expect, test } from "vitest";
import { formatOf } from "../../../src/detection/pipelines/formats.js";
import { eventOf } from "./reading.js";

function started(application: string, end = ""): string {
  return (
    "\tNewEngineState=Available\n\tPreviousEngineState=None\n\n\tSequenceNumber=13\n\n\tHostName=ConsoleHost\n" +
    `\tHostVersion=5.1.19041.1\n\tHostId=1\n\tHostApplication=${application}\n\tEngineVersion=5.1.19041.1\n` +
    `\tRunspaceId=2\n\tPipelineId=\n\tCommandName=\n\tCommandType=\n\tScriptName=\n\tCommandPath=\n\tCommandLine=${end}`
  );
}

function classic(eventId: number, ...data: string[]): ReturnType<typeof eventOf>["fields"] {
  return eventOf({ Channel: "Windows PowerShell", EventID: eventId, Computer: "host1", Data: data }).fields;
}

test.each([400, 403])("the lines of event %i are fields, beside the texts", (eventId) => {
  const fields = classic(eventId, "Available", "None", started("powershell -c a"));
  expect(fields).toMatchObject({
    NewEngineState: "Available",
    PreviousEngineState: "None",
    HostName: "ConsoleHost",
    HostApplication: "powershell -c a",
    EngineVersion: "5.1.19041.1",
    RunspaceId: "2",
    PipelineId: "",
    CommandLine: "",
    Data: ["Available", "None", started("powershell -c a")],
  });
  expect(formatOf(fields)?.id).toBe("windows-powershell-classic");
});

test("events 600 and 800 have lines of their own", () => {
  expect(
    classic(
      600,
      "Registry",
      "Started",
      "\tProviderName=Registry\r\n\tNewProviderState=Started\r\n\r\n\tHostName=ConsoleHost",
    ),
  ).toMatchObject({ ProviderName: "Registry", NewProviderState: "Started", HostName: "ConsoleHost" });
  const details =
    "\tDetailSequence=1\n\tDetailTotal=1\n\n\tSequenceNumber=15\n\n\tUserId=LAB\\op\n\tHostName=ConsoleHost\n\tScriptName=\n\tCommandLine=Get-Date";
  expect(classic(800, "Get-Date", details, 'CommandInvocation(Get-Date): "Get-Date"')).toMatchObject({
    UserId: "LAB\\op",
    CommandLine: "Get-Date",
  });
});

test("a value goes on over line ends", () => {
  const fields = classic(400, "Available", "None", started("powershell -c a\n\nb\n\tnot=a name", "x\n y"));
  expect(fields).toMatchObject({
    HostApplication: "powershell -c a\n\nb\n\tnot=a name",
    EngineVersion: "5.1.19041.1",
    CommandLine: "x\n y",
  });
});

test.each([
  ["EngineVersion", ["HostApplication", "EngineVersion"]],
  ["CommandLine", ["HostApplication", "EngineVersion", "ScriptName", "CommandLine"]],
  ["ProviderName", ["HostApplication", "ProviderName"]],
])("a %s that may have been written into the host application is not believed", (name, unknown) => {
  const fields = classic(400, "Available", "None", started(`powershell -c "\n\t${name}=2.0"`));
  for (const each of unknown) expect(fields).not.toHaveProperty(each);
  expect(fields).toMatchObject({ NewEngineState: "Available", Data: expect.arrayContaining(["Available"]) });
});

test("data without lines stay as they are", () => {
  const fields = classic(400, "Available", "None");
  expect(fields).not.toHaveProperty("HostApplication");
  expect(formatOf(fields)?.id).toBe("windows-powershell-classic-raw");
});
