import { randomUUID } from "node:crypto";
import { Agent, request as plainRequest, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { actions, anonymous, commandShell, namespaces, signals, type Action } from "./namespaces.js";
import { parseXml, type XmlElement } from "./xml.js";

/** What the tests of the stand-in send: envelopes of their own, right unless a test changes them. Not the product's client. */

export const account = { user: "lab", password: "Pa55w0rd!", domain: "LABDOM", principal: "lab@localhost" };

export const basic = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString("base64")}`;

/** The headers of one request, by their names; undefined leaves one out. */
export type Headers = Record<string, string | undefined>;

export interface EnvelopeParts {
  readonly shellId?: string | undefined;
  readonly body?: string;
  /** XML of single headers, in place of the right ones or beside them. */
  readonly headers?: Headers;
}

const declared = Object.entries(namespaces)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(" ");

export function envelopeOf(action: Action, { shellId, body = "", headers = {} }: EnvelopeParts = {}): string {
  const must = 's:mustUnderstand="true"';
  const parts: Headers = {
    Action: `<a:Action ${must}>${actions[action]}</a:Action>`,
    To: "<a:To>http://windows-host:5985/wsman</a:To>",
    MessageID: `<a:MessageID>uuid:${randomUUID()}</a:MessageID>`,
    ReplyTo: `<a:ReplyTo><a:Address ${must}>${anonymous}</a:Address></a:ReplyTo>`,
    ResourceURI: `<w:ResourceURI ${must}>${commandShell}</w:ResourceURI>`,
    MaxEnvelopeSize: `<w:MaxEnvelopeSize ${must}>153600</w:MaxEnvelopeSize>`,
    OperationTimeout: "<w:OperationTimeout>PT20S</w:OperationTimeout>",
    SelectorSet:
      shellId === undefined
        ? undefined
        : `<w:SelectorSet><w:Selector Name="ShellId">${shellId}</w:Selector></w:SelectorSet>`,
    ...headers,
  };
  const header = Object.values(parts).join("");
  return `<s:Envelope ${declared}><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export const bodies = {
  create:
    "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>",
  command: (line: string) =>
    `<rsp:CommandLine><rsp:Command><![CDATA[${line}]]></rsp:Command></rsp:CommandLine>`,
  receive: (commandId: string) =>
    `<rsp:Receive><rsp:DesiredStream CommandId="${commandId}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
  send: (commandId: string, text: string, end = false) =>
    `<rsp:Send><rsp:Stream Name="stdin" CommandId="${commandId}" End="${end}">${Buffer.from(text).toString("base64")}</rsp:Stream></rsp:Send>`,
  signal: (commandId: string, signal: keyof typeof signals) =>
    `<rsp:Signal CommandId="${commandId}"><rsp:Code>${signals[signal]}</rsp:Code></rsp:Signal>`,
};

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Buffer;
}

/** Sends one HTTP request on a connection of its own, or on that of an agent. Rejects when the connection is lost. */
export function post(url: string, body: string | Buffer, options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? secureRequest : plainRequest)(
      url,
      {
        method: "POST",
        ...options,
        headers: withoutEmpty({
          Authorization: basic,
          "Content-Type": "application/soap+xml;charset=UTF-8",
          ...(options.headers as Record<string, string> | undefined),
        }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.once("error", reject);
        response.once("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(pieces).toString(),
            body: Buffer.concat(pieces),
          }),
        );
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}

/** An empty header is one that is not sent. */
function withoutEmpty(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
}

/** The elements of a document with a name, wherever they are. */
export function all(element: XmlElement, name: string): XmlElement[] {
  return [
    ...(element.name === name ? [element] : []),
    ...element.children.flatMap((child) => all(child, name)),
  ];
}

/** The text of the one element with a name. */
export function textOf(reply: Reply, name: string): string {
  const [found, ...more] = all(parseXml(reply.text), name);
  if (found === undefined || more.length > 0) throw new Error(`not one ${name} in ${reply.text}`);
  return found.text;
}

/** The fault of an answer: its subcode, or code when SOAP's own, and the number of Windows. */
export function faultOf(reply: Reply): { code: string; number: number; message: string } {
  const document = parseXml(reply.text);
  const codes = all(document, "Value").map(({ text }) => text);
  const [fault] = all(document, "WSManFault");
  return {
    code: codes.at(-1) ?? "",
    number: Number(fault?.attributes.find(({ name }) => name === "Code")?.value),
    message: all(document, "Message")[0]?.text ?? "",
  };
}

/** What a Receive brought: the streams, decoded, and the end. */
export function outputOf(reply: Reply): {
  stdout: string;
  stderr: string;
  pieces: number;
  state: string;
  exitCode: string;
} {
  const document = parseXml(reply.text);
  const streams = all(document, "Stream");
  const named = (stream: string): string =>
    streams
      .filter(({ attributes }) => attributes.some(({ name, value }) => name === "Name" && value === stream))
      .map(({ text }) => Buffer.from(text, "base64").toString("latin1"))
      .join("");
  const [state] = all(document, "CommandState");
  return {
    stdout: named("stdout"),
    stderr: named("stderr"),
    pieces: streams.filter(({ text }) => text !== "").length,
    state:
      state?.attributes
        .find(({ name }) => name === "State")
        ?.value.split("/")
        .at(-1) ?? "",
    exitCode: all(document, "ExitCode")[0]?.text ?? "",
  };
}

/** A shell of one stand-in, asked step by step. */
export class RawShell {
  private constructor(
    readonly url: string,
    readonly id: string,
  ) {}

  static async open(url: string, parts: EnvelopeParts = {}): Promise<RawShell> {
    const reply = await post(url, envelopeOf("Create", { body: bodies.create, ...parts }));
    return new RawShell(url, textOf(reply, "ShellId"));
  }

  ask(action: Action, body = "", headers: Headers = {}): Promise<Reply> {
    return post(this.url, envelopeOf(action, { shellId: this.id, body, headers }));
  }

  async start(line: string): Promise<string> {
    return textOf(await this.ask("Command", bodies.command(line)), "CommandId");
  }

  /** Receives until the command is done; each reply in its order. */
  async finish(commandId: string): Promise<Reply[]> {
    const replies: Reply[] = [];
    do {
      replies.push(await this.ask("Receive", bodies.receive(commandId)));
    } while (replies.at(-1)?.status === 200 && outputOf(replies.at(-1) as Reply).state !== "Done");
    return replies;
  }
}

/** One connection that is kept. */
export function oneConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}
