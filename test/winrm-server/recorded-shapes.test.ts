import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { skippedFor } from "../skipped.js";
import { namespaces } from "./namespaces.js";
import { posixShell } from "./posix-shell.js";
import { account, bodies, envelopeOf, post, RawShell } from "./raw-client.js";
import { parseEnvelope, parseRequest } from "./request.js";
import { startWinrmStandIn } from "./server.js";
import { windowsLimits } from "./shells.js";
import { parseXml, type XmlElement } from "./xml.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/winrm");
const absent = existsSync(folder) ? null : `${folder} is absent`;

/** A recording: what a client sent to Windows, and what Windows answered. */
interface Recording {
  readonly messages: readonly { readonly request: string; readonly response: string }[];
}

/** An element with its namespace, attributes and children; what may be there any number of times is there once. */
function shapeOf({ namespace, name, attributes, children }: XmlElement): string {
  const names = attributes.map((one) => `@${one.name}`).toSorted();
  const within = children
    // Windows before 2012 R2 does not send it.
    .filter((child) => !(child.namespace === namespaces.p && child.name === "ActivityId"))
    .map(shapeOf)
    .filter((shape, index, shapes) => shape !== shapes[index - 1]);
  return `${namespace} ${name}[${[...names, ...within].join(", ")}]`;
}

/** What kind of answer it is: its action, and for a fault and a Receive what tells them apart. */
function kindOf(text: string): string {
  const [, action = ""] = /<a:Action>([^<]*)/.exec(text) ?? [];
  const [, fault = ""] = /<s:Subcode><s:Value>([^<]*)/.exec(text) ?? [];
  const [, state = ""] = /CommandState\/(\w+)"/.exec(text) ?? [];
  return `${action} ${fault}${state}`;
}

const recorded = new Map<string, Set<string>>();
/** What Windows took, so that the stand-in has to. */
const requests: string[] = [];
for (const file of absent === null
  ? readdirSync(folder).filter((name) => /winrs|execute_cmd/.test(name))
  : []) {
  const { messages } = parse(readFileSync(join(folder, file), "utf8")) as Recording;
  for (const { request, response } of messages) {
    const kind = kindOf(response);
    // A PowerShell shell of its own is no part of the stand-in.
    if (response.includes("Microsoft.PowerShell")) continue;
    requests.push(request);
    recorded.set(kind, (recorded.get(kind) ?? new Set()).add(shapeOf(parseXml(response))));
  }
}

describe("the stand-in's answers", skippedFor(absent), () => {
  test("have the elements and attributes that Windows was recorded to send, in the same order", async () => {
    const standIn = await startWinrmStandIn({
      interpreter: posixShell,
      accounts: [account],
      authentication: { basic: true },
      allowUnencrypted: true,
    });
    const created = await post(standIn.url, envelopeOf("Create", { body: bodies.create }));
    const shell = await RawShell.open(standIn.url);
    const command = await shell.ask("Command", bodies.command("echo hi"));
    const [, id = ""] = /<rsp:CommandId>(.*)<\/rsp:CommandId>/.exec(command.text) ?? [];
    // So that its output and its end come in one answer, as Windows was recorded to do.
    await vi.waitFor(() => expect(standIn.shells()[1]?.commands[0]?.running).toBe(false), {
      timeout: 20_000,
    });
    const slow = await shell.start("echo first; sleep 20");
    const timeout = { OperationTimeout: "<w:OperationTimeout>PT0.1S</w:OperationTimeout>" };
    const answers = [
      created,
      command,
      await shell.ask("Receive", bodies.receive(id)),
      await shell.ask("Receive", bodies.receive(slow)),
      await shell.ask("Receive", bodies.receive(slow), timeout),
      await shell.ask("Receive", bodies.receive("87E77BEB-6761-4C48-9D70-A00266B8459A")),
      await shell.ask("Signal", bodies.signal(slow, "terminate")),
      await shell.ask("Delete"),
    ].map(({ text }) => text);
    await standIn.stop();

    expect([...new Set(answers.map(kindOf))].toSorted(), "one of each kind that was recorded").toEqual(
      [...recorded.keys()].toSorted(),
    );
    for (const answer of answers) {
      expect([...(recorded.get(kindOf(answer)) ?? [])]).toContain(shapeOf(parseXml(answer)));
    }
  });

  test("are not refused to what Windows was recorded to take", () => {
    const read = requests.map(
      (text) => parseRequest(parseEnvelope(text), windowsLimits.envelopeBytes).operation,
    );
    expect(new Set(read.map(({ action }) => action))).toEqual(
      new Set(["Create", "Command", "Receive", "Signal", "Delete"]),
    );
    expect(read).toContainEqual({ action: "Command", commandLine: "powershell.exe Write-Host こんにちは" });
    expect(read).toContainEqual(
      expect.objectContaining({ environment: expect.objectContaining({ "1234": "5678" }) }),
    );
  });
});
