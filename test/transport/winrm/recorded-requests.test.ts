import { describe, expect, test } from "vitest";
import { bodyOf, commandIdIn, receivedIn, shellIdIn } from "../../../src/transport/winrm/answer.js";
import { Envelopes, type Message } from "../../../src/transport/winrm/envelope.js";
import { WsmanFault } from "../../../src/transport/winrm/fault.js";
import { ACTION, CMD_SHELL, SIGNAL } from "../../../src/transport/winrm/names.js";
import { parseXml, type XmlElement } from "../../../src/transport/windows/xml.js";
import { skippedFor } from "../../skipped.js";
import {
  headerElement,
  headerOf,
  noRecordings,
  recording,
  recordings,
  structureOf,
  type Recorded,
} from "./recordings.js";

const envelopes = new Envelopes({
  to: "http://192.168.56.11:5985/wsman",
  maxEnvelopeBytes: 153_600,
  sessionId: "uuid:F7D8DD4D-8D59-4825-8AB8-1B49DAC45E29",
});

/** Our message for what a recorded one asks; null for what we never ask. */
function ours({ request, action }: Recorded): Message | null {
  if (headerOf(request, "ResourceURI") !== CMD_SHELL) return null;
  const shellId = headerElement(request, "SelectorSet")?.children[0]?.text ?? "";
  const words = (name: string): string[] => textsOf(request, name);
  const commandId = idIn(request);
  switch (action) {
    case ACTION.create:
      return envelopes.create(65001, null, 10_000);
    case ACTION.command:
      return envelopes.command(shellId, [...words("Command"), ...words("Arguments")].join(" "), 10_000);
    case ACTION.receive:
      return envelopes.receive(shellId, commandId, 10_000);
    case ACTION.signal:
      return envelopes.signal(shellId, commandId, SIGNAL.ctrlC, 10_000);
    case ACTION.delete:
      return envelopes.delete(shellId, 10_000);
    default:
      return null;
  }
}

function textsOf(element: XmlElement, name: string): string[] {
  return element.children.flatMap((one) => (one.name === name ? [one.text] : textsOf(one, name)));
}

function idIn(element: XmlElement): string {
  for (const one of element.children) {
    const id = one.attributes.get("CommandId") ?? idIn(one);
    if (id !== "") return id;
  }
  return "";
}

/** pypsrp names the program and its arguments apart; we give cmd.exe the line as it would be typed. */
function comparable(request: XmlElement): unknown {
  const structure = structureOf(request) as { options: Record<string, string>; body: unknown };
  if (headerOf(request, "Action") === ACTION.command) return { ...structure, body: "a command line" };
  if (headerOf(request, "Action") !== ACTION.create) return structure;
  // The shell's own options, and the environment that we never set, differ from recording to recording.
  return { action: headerOf(request, "Action"), resource: headerOf(request, "ResourceURI") };
}

/** One recording was put together from two sessions: its last answer is to a request that is not in it. */
function isPatched(name: string, action: string): boolean {
  return name === "winrs_unicode" && action === ACTION.delete;
}

describe.each(recordings())(
  "the recorded session $name of Windows",
  skippedFor(noRecordings),
  ({ name, messages }) => {
    test("is asked for by messages of the same structure", () => {
      for (const recorded of messages) {
        const message = ours(recorded);
        if (message === null) continue;
        expect(comparable(parseXml(message.xml))).toEqual(comparable(recorded.request));
      }
    });

    test("is answered by messages that are understood, each as the answer to its request", () => {
      for (const { action, requestId, request, response } of messages) {
        const message = { id: requestId, action, xml: "" } as Message;
        if (isPatched(name, action)) {
          expect(() => bodyOf(response, message, "win1")).toThrow("another message");
          continue;
        }
        let body: XmlElement;
        try {
          body = bodyOf(response, message, "win1");
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(WsmanFault);
          const { kind, code } = thrown as WsmanFault;
          expect(kind).toBe(code === 2150858793 ? "timed-out" : "gone");
          continue;
        }
        if (action === ACTION.create) expect(shellIdIn(body, message, "win1")).toMatch(/^[0-9A-F-]{36}$/);
        if (action === ACTION.command) expect(commandIdIn(body, message, "win1")).toMatch(/^[0-9A-F-]{36}$/);
        const commandId = idIn(request);
        if (action === ACTION.receive && commandId !== "") {
          const { pieces, done } = receivedIn(body, commandId, message, "win1");
          expect(pieces.length > 0 || done).toBe(true);
        }
        expect(() => bodyOf(response, { ...message, id: "uuid:another" }, "win1")).toThrow("another message");
      }
    });
  },
);

test("our request to open a shell is the recorded one of a UTF-8 shell", ({ skip }) => {
  skip(noRecordings !== null, noRecordings ?? "");
  const [recorded] = recording("winrs_unicode");
  expect(structureOf(parseXml(envelopes.create(65001, null, 10_000).xml))).toEqual(
    structureOf((recorded as Recorded).request),
  );
});
