import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TyrianError } from "../../../src/errors.js";
import { bodyOf, receivedIn } from "../../../src/transport/winrm/answer.js";
import type { Message } from "../../../src/transport/winrm/envelope.js";
import { errorOfFault, WsmanFault } from "../../../src/transport/winrm/fault.js";
import { ACTION, SHELL } from "../../../src/transport/winrm/names.js";
import { UnknownOutcome } from "../../../src/transport/winrm/unknown-outcome.js";

const id = "uuid:11111111-2222-3333-4444-555555555555";
const message: Message = { id, action: ACTION.receive, xml: "" };

function envelope(body: string, { relatesTo = id, action = `${ACTION.receive}Response` } = {}): string {
  return (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    `xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:r="${SHELL}"><s:Header><a:Action>${action}</a:Action>` +
    `${relatesTo === "" ? "" : `<a:RelatesTo>${relatesTo}</a:RelatesTo>`}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

function fault(subcode: string, code: string, words: string): string {
  return (
    `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>${words}</s:Text></s:Reason>` +
    `<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${code}"><f:Message>${words}</f:Message></f:WSManFault></s:Detail></s:Fault>`
  );
}

/** What a refused answer is refused with. */
function refusal(act: () => unknown): TyrianError {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UnknownOutcome);
    return (thrown as UnknownOutcome).error;
  }
  throw new Error("it was taken");
}

function stream(content: string): string {
  return envelope(
    `<r:ReceiveResponse><r:Stream Name="stdout" CommandId="C1">${content}</r:Stream></r:ReceiveResponse>`,
  );
}

function ended(state: string, exitCode: string): string {
  return envelope(
    `<r:ReceiveResponse><r:CommandState CommandId="C1" State="${SHELL}/CommandState/${state}">${exitCode}</r:CommandState></r:ReceiveResponse>`,
  );
}

const received = (xml: string): ReturnType<typeof receivedIn> =>
  receivedIn(bodyOf(xml, message, "win1"), "c1", message, "win1");

describe("an answer", () => {
  test("that relates to another message, or to none, is not taken", () => {
    const other = envelope("<r:ReceiveResponse/>", { relatesTo: "uuid:another" });
    expect(refusal(() => bodyOf(other, message, "win1")).message).toContain("another message");
    const none = envelope("<r:ReceiveResponse/>", { relatesTo: "" });
    expect(refusal(() => bodyOf(none, message, "win1")).message).toContain("no message");
  });

  test("to another kind of message is not taken", () => {
    const other = envelope("<r:ReceiveResponse/>", { action: `${ACTION.signal}Response` });
    expect(refusal(() => bodyOf(other, message, "win1")).message).toContain("another kind");
  });

  test.each(["<html></html>", "not XML", "<s:Envelope xmlns:s='urn:other'><s:Body/></s:Envelope>"])(
    "such as %s is not taken",
    (text) => {
      expect(refusal(() => bodyOf(text, message, "win1"))).toMatchObject({ code: "transport-failed" });
    },
  );

  test("brings output of the command that was asked for, and no other's", () => {
    const both = envelope(
      '<r:ReceiveResponse><r:Stream Name="stdout" CommandId="C1">b25l</r:Stream><r:Stream Name="stdout" CommandId="C2">dHdv</r:Stream>' +
        '<r:Stream Name="stderr" CommandId="C1">\n dGhy\n ZWU=\n</r:Stream></r:ReceiveResponse>',
    );
    expect(received(both).pieces.map(({ stream: name, bytes }) => `${name} ${String(bytes)}`)).toEqual([
      "stdout one",
      "stderr three",
    ]);
  });

  test.each(["b25l!", "b25", "b2=l", "====", "b25l=", "bézier=="])(
    "with the damaged stream %j is not taken",
    (content) => {
      expect(refusal(() => received(stream(content))).message).toContain("base64");
    },
  );

  test("brings any bytes unchanged", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { pieces } = received(stream(Buffer.from(bytes).toString("base64")));
        expect(pieces).toEqual([{ stream: "stdout", bytes: Buffer.from(bytes) }]);
      }),
    );
  });
});

test("an answer with anything in it changed is taken, or refused in words: it never fails in another way", () => {
  const answers = [
    stream("b25l"),
    ended("Done", "<r:ExitCode>0</r:ExitCode>"),
    envelope(fault("w:QuotaLimit", "2150859173", "No.")),
    "<a><![CDATA[<b>]]>&#65;&amp;</a>",
  ];
  const change = fc.tuple(fc.nat(1_500), fc.nat(30), fc.string({ unit: "binary", maxLength: 5 }));
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(change, { maxLength: 3 }), (answer, changes) => {
      let text = answer;
      for (const [at, length, by] of changes) text = text.slice(0, at) + by + text.slice(at + length);
      try {
        received(text);
      } catch (thrown) {
        expect(thrown).toSatisfy((error) => error instanceof UnknownOutcome || error instanceof WsmanFault);
      }
    }),
    { numRuns: 3_000 },
  );
});

describe("an exit code", () => {
  test.each([
    ["0", 0],
    ["259", 259],
    ["-1", 0xffffffff],
    ["-1073741510", 0xc000013a],
    ["3221225786", 0xc000013a],
  ])("of %s is %d", (written, code) => {
    expect(received(ended("Done", `<r:ExitCode>${written}</r:ExitCode>`))).toMatchObject({
      done: true,
      exitCode: code,
    });
  });

  test.each(["4294967296", "-2147483649", "1.5", "0x10", "", "one"])("of %j is not taken", (written) => {
    const answer = ended("Done", `<r:ExitCode>${written}</r:ExitCode>`);
    expect(refusal(() => received(answer)).message).toContain("32 bits");
  });

  test("counts only when the command is done", () => {
    expect(received(ended("Running", "<r:ExitCode>0</r:ExitCode>"))).toMatchObject({
      done: false,
      exitCode: null,
    });
    expect(received(ended("Done", ""))).toMatchObject({ done: true, exitCode: null });
  });
});

describe("a fault", () => {
  test.each([
    ["w:TimedOut", "2150858793", "timed-out", "transport-failed"],
    ["w:QuotaLimit", "2150859173", "quota", "quota-exceeded"],
    ["w:InternalError", "2150859174", "quota", "quota-exceeded"],
    ["w:InternalError", "2150859241", "quota", "quota-exceeded"],
    ["w:InvalidSelectors", "2150858843", "gone", "disconnected"],
    ["x:AccessDenied", "5", "access-denied", "access-denied"],
    ["w:InternalError", "5", "access-denied", "access-denied"],
    ["w:InternalError", "2147942405", "access-denied", "access-denied"],
    ["w:InternalError", "109", "input-closed", "transport-failed"],
    ["w:InternalError", "2147942632", "input-closed", "transport-failed"],
    ["w:InternalError", "1359", "other", "transport-failed"],
    ["w:constructor", "1359", "other", "transport-failed"],
    ["", "not a number", "other", "transport-failed"],
  ])("of %s and %s is %s, and the error %s with the server's words", (subcode, code, kind, error) => {
    let thrown: unknown;
    try {
      bodyOf(envelope(fault(subcode, code, "The server says so. ")), message, "win1");
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toMatchObject({ kind });
    const shown = errorOfFault("win1", "open a shell", thrown as WsmanFault);
    expect(shown.code).toBe(error);
    expect(shown.message).toMatch(/^win1 refused to open a shell: The server says so( \(.*\))?\.$/);
  });

  test("of a host that could not read the message counts without relation to it; of another message it does not", () => {
    const words = fault("w:SchemaValidationError", "2150858817", "No.");
    expect(() => bodyOf(envelope(words, { relatesTo: "" }), message, "win1")).toThrow(WsmanFault);
    expect(() => bodyOf(envelope(words, { relatesTo: "uuid:another" }), message, "win1")).toThrow(
      UnknownOutcome,
    );
  });

  test("with very many words is cut", () => {
    const words = fault("w:InternalError", "1359", "word ".repeat(10_000));
    expect(() => bodyOf(envelope(words), message, "win1")).toThrow(/^.{500}\.\.\. \(InternalError 1359\)$/);
  });
});
