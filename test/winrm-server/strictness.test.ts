import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namespaces } from "./namespaces.js";
import {
  account,
  basic,
  bodies,
  envelopeOf,
  faultOf,
  post,
  RawShell,
  type EnvelopeParts,
} from "./raw-client.js";
import { scriptedInterpreter } from "./scripted-interpreter.js";
import { startWinrmStandIn, type WinrmStandIn } from "./server.js";

/** What the stand-in refuses. A client that it lets through has been held to the specification. */

let standIn: WinrmStandIn;

beforeAll(async () => {
  standIn = await startWinrmStandIn({
    interpreter: scriptedInterpreter(() => 0),
    accounts: [account],
    authentication: { basic: true },
    allowUnencrypted: true,
    limits: { shellsPerUser: 1_000 },
  });
});

afterAll(() => standIn.stop());

const right: EnvelopeParts = { body: bodies.create };

describe("an envelope is refused", () => {
  const create = (changes: EnvelopeParts): string => envelopeOf("Create", { ...right, ...changes });
  const must = 's:mustUnderstand="true"';

  test.each<[why: string, envelope: string, code: string]>([
    ["that is no XML", "<s:Envelope", "w:SchemaValidationError"],
    ["with a document type", `<!DOCTYPE x [<!ENTITY e "x">]>${create({})}`, "w:SchemaValidationError"],
    ["with an entity that is not XML's", create({ body: "&nbsp;" }), "w:SchemaValidationError"],
    ["with an undeclared prefix", create({ body: "<q:Shell/>" }), "w:SchemaValidationError"],
    [
      "of SOAP 1.1",
      create({}).replaceAll(namespaces.s, "http://schemas.xmlsoap.org/soap/envelope/"),
      "s:VersionMismatch",
    ],
    ["without a header", create({}).replace(/<s:Header>.*<\/s:Header>/, ""), "w:SchemaValidationError"],
    [
      "without MessageID",
      create({ headers: { MessageID: undefined } }),
      "a:MessageInformationHeaderRequired",
    ],
    ["without To", create({ headers: { To: undefined } }), "a:MessageInformationHeaderRequired"],
    ["without ReplyTo", create({ headers: { ReplyTo: undefined } }), "a:MessageInformationHeaderRequired"],
    ["without Action", create({ headers: { Action: undefined } }), "a:MessageInformationHeaderRequired"],
    [
      "without ResourceURI",
      create({ headers: { ResourceURI: undefined } }),
      "a:MessageInformationHeaderRequired",
    ],
    [
      "with two To",
      create({ headers: { more: "<a:To>http://x/</a:To>" } }),
      "a:InvalidMessageInformationHeader",
    ],
    [
      "with a MessageID that is no UUID",
      create({ headers: { MessageID: "<a:MessageID>uuid:1</a:MessageID>" } }),
      "a:InvalidMessageInformationHeader",
    ],
    [
      "that wants its answer elsewhere",
      create({ headers: { ReplyTo: "<a:ReplyTo><a:Address>http://x/</a:Address></a:ReplyTo>" } }),
      "w:UnsupportedFeature",
    ],
    [
      "for another resource",
      create({ headers: { ResourceURI: `<w:ResourceURI>${namespaces.x}</w:ResourceURI>` } }),
      "a:DestinationUnreachable",
    ],
    [
      "with another action",
      create({ headers: { Action: "<a:Action>http://x/Get</a:Action>" } }),
      "a:ActionNotSupported",
    ],
    [
      "with a header in another namespace",
      create({ headers: { To: "<w:To>http://x/</w:To>" } }),
      "a:MessageInformationHeaderRequired",
    ],
    [
      "with an unknown header that must be understood",
      create({ headers: { more: `<a:Secret ${must}>x</a:Secret>` } }),
      "s:MustUnderstand",
    ],
    [
      "with a timeout that is no duration",
      create({ headers: { OperationTimeout: "<w:OperationTimeout>20</w:OperationTimeout>" } }),
      "a:InvalidMessageInformationHeader",
    ],
    [
      "with too small a MaxEnvelopeSize",
      create({ headers: { MaxEnvelopeSize: "<w:MaxEnvelopeSize>100</w:MaxEnvelopeSize>" } }),
      "w:EncodingLimit",
    ],
    [
      "with a Locale that names none",
      create({ headers: { Locale: "<w:Locale/>" } }),
      "a:InvalidMessageInformationHeader",
    ],
    [
      "with a code page that is no number",
      create({ headers: { OptionSet: option("WINRS_CODEPAGE", "utf-8") } }),
      "w:InvalidOptions",
    ],
    [
      "with an unknown option that must be complied with",
      create({ headers: { OptionSet: option("X", "1", ' MustComply="true"') } }),
      "w:InvalidOptions",
    ],
    ["that creates with selectors", create({ shellId: "1" }), "w:InvalidSelectors"],
    [
      "with an unknown element in its body",
      create({ body: "<rsp:Shell><rsp:Other/></rsp:Shell>" }),
      "w:SchemaValidationError",
    ],
    [
      "with unknown output streams",
      create({ body: "<rsp:Shell><rsp:OutputStreams>stdout pr</rsp:OutputStreams></rsp:Shell>" }),
      "w:SchemaValidationError",
    ],
    ["with a body in another namespace", create({ body: "<w:Shell/>" }), "w:SchemaValidationError"],
  ])("%s", async (_why, envelope, code) => {
    const reply = await post(standIn.url, envelope);
    expect({ status: reply.status, ...faultOf(reply) }).toMatchObject({ status: 500, code });
  });

  function option(name: string, value: string, more = ""): string {
    return `<w:OptionSet><w:Option Name="${name}"${more}>${value}</w:Option></w:OptionSet>`;
  }

  test("whose message id has been used", async () => {
    const envelope = create({});
    expect((await post(standIn.url, envelope)).status).toBe(200);
    expect(faultOf(await post(standIn.url, envelope))).toMatchObject({
      code: "a:InvalidMessageInformationHeader",
    });
  });

  test("and an unknown header that need not be understood is let alone, as mustUnderstand without namespace is", async () => {
    const headers = {
      one: '<a:Secret s:mustUnderstand="false">x</a:Secret>',
      two: '<a:More mustUnderstand="true"/>',
    };
    expect((await post(standIn.url, create({ headers }))).status).toBe(200);
  });
});

describe("a request on a shell is refused", () => {
  let shell: RawShell;
  let commandId: string;

  beforeAll(async () => {
    shell = await RawShell.open(standIn.url);
    commandId = await shell.start("anything");
  });

  const selectors = (...names: string[]): string =>
    `<w:SelectorSet>${names.map((name) => `<w:Selector Name="${name}">x</w:Selector>`).join("")}</w:SelectorSet>`;

  test.each([
    ["none", undefined, "requires the following selector"],
    ["another name", selectors("Name"), "requires the following selector"],
    ["ShellId twice", selectors("ShellId", "ShellId"), ""],
    ["one more", selectors("ShellId", "Name"), ""],
    ["a shell that is not there", selectors("ShellId"), "shell was not found"],
  ])("whose selectors are %s", async (_why, SelectorSet, message) => {
    const reply = await shell.ask("Delete", "", { SelectorSet });
    expect(faultOf(reply)).toMatchObject({
      code: "w:InvalidSelectors",
      message: expect.stringContaining(message),
    });
  });

  test.each<
    [why: string, action: "Command" | "Receive" | "Send" | "Signal" | "Delete", body: (id: string) => string]
  >([
    ["an empty command", "Command", () => bodies.command("")],
    [
      "arguments before the command",
      "Command",
      () => "<rsp:CommandLine><rsp:Arguments>x</rsp:Arguments></rsp:CommandLine>",
    ],
    [
      "a Receive without a command",
      "Receive",
      () => "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>",
    ],
    ["a stream that there is not", "Receive", (id) => bodies.receive(id).replace("stderr", "debug")],
    ["input that is not base64", "Send", (id) => bodies.send(id, "x").replace("eA==", "e-==")],
    ["input for another stream", "Send", (id) => bodies.send(id, "x").replace('"stdin"', '"stdout"')],
    [
      "a signal that there is not",
      "Signal",
      (id) => bodies.signal(id, "terminate").replace("terminate", "hangup"),
    ],
    ["something in the body of Delete", "Delete", () => "<rsp:Shell/>"],
    ["the body of another action", "Send", (id) => bodies.receive(id)],
  ])("that has %s", async (_why, action, body) => {
    expect(faultOf(await shell.ask(action, body(commandId)))).toMatchObject({
      code: "w:SchemaValidationError",
    });
  });

  test("of a command that is not there", async () => {
    const absent = bodies.receive("87E77BEB-6761-4C48-9D70-A00266B8459A");
    expect(faultOf(await shell.ask("Receive", absent))).toMatchObject({
      code: "w:InvalidSelectors",
      number: 2150858843,
    });
  });
});

describe("an HTTP request is refused", () => {
  const send = (headers: Record<string, string>, more = {}): ReturnType<typeof post> =>
    post(standIn.url, envelopeOf("Create", right), { headers, ...more });

  test.each([
    ["without a password", { Authorization: "" }, 401],
    ["with a wrong password", { Authorization: `Basic ${Buffer.from("lab:wrong").toString("base64")}` }, 401],
    ["of another user", { Authorization: `Basic ${Buffer.from("no:Pa55w0rd!").toString("base64")}` }, 401],
    ["with a scheme that is not allowed", { Authorization: "Kerberos YII=" }, 401],
    ["with a token that is not NTLM's", { Authorization: "Negotiate YII=" }, 401],
    ["of another content type", { "Content-Type": "text/xml" }, 415],
    ["of another character set", { "Content-Type": "application/soap+xml;charset=latin1" }, 415],
    [
      "that says it is encrypted",
      {
        "Content-Type":
          'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"',
      },
      400,
    ],
  ])("%s", async (_why, headers, status) => {
    expect((await send(headers)).status).toBe(status);
  });

  test("and a refusal says which schemes there are", async () => {
    const { headers } = await send({ Authorization: "" });
    expect(headers["www-authenticate"]).toBe('Negotiate, Basic realm="WSMAN"');
  });

  test("that is no POST, or for another path", async () => {
    expect((await send({}, { method: "PUT" })).status).toBe(405);
    expect((await send({}, { path: "/other" })).status).toBe(404);
  });

  test("that is larger than MaxEnvelopeSize", async () => {
    expect((await post(standIn.url, Buffer.alloc(600_000, " "))).status).toBe(413);
  });

  test("that is not UTF-8", async () => {
    expect((await post(standIn.url, Buffer.from([0xff, 0xfe, 0x00]))).status).toBe(400);
  });

  test("without encryption, unless that is allowed: an empty 500, as Windows answers", async () => {
    const strict = await startWinrmStandIn({
      interpreter: scriptedInterpreter(() => 0),
      accounts: [account],
      authentication: { basic: true },
    });
    const reply = await post(strict.url, envelopeOf("Create", right), { headers: { Authorization: basic } });
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 500, text: "" });
    await strict.stop();
  });
});
