import { randomUUID } from "node:crypto";
import { ACTION, ADDRESSING, CMD_SHELL, MICROSOFT_WSMAN, type SIGNAL, SHELL, SOAP, WSMAN } from "./names.js";
import { escapeXml } from "../windows/xml.js";

/** A message to the host. */
export interface Message {
  /** `uuid:...`, fresh for each message; the answer must relate to it. */
  readonly id: string;
  readonly action: (typeof ACTION)[keyof typeof ACTION];
  readonly xml: string;
}

/** What all messages of a session have in common. */
export interface MessageSettings {
  /** The address of the service, such as `https://host:5986/wsman`. */
  readonly to: string;
  readonly maxEnvelopeBytes: number;
  /** `uuid:...` of the session (MS-WSMV 3.1.4.1.27). */
  readonly sessionId: string;
}

interface Parts {
  readonly action: Message["action"];
  readonly operationTimeoutMs: number;
  readonly shellId?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes the messages of one session. */
export class Envelopes {
  readonly #settings: MessageSettings;

  constructor(settings: MessageSettings) {
    this.#settings = settings;
  }

  /** @param idleMs milliseconds without a message after which the host shall delete the shell; null leaves that to the host. */
  create(codePage: number, idleMs: number | null, operationTimeoutMs: number): Message {
    const idle = idleMs === null ? "" : `<rsp:IdleTimeOut>${duration(idleMs)}</rsp:IdleTimeOut>`;
    return this.#message({
      action: ACTION.create,
      operationTimeoutMs,
      options: { WINRS_CODEPAGE: String(codePage) },
      // In the order of the schema (MS-WSMV 2.2.4.37).
      body: `<rsp:Shell>${idle}<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
    });
  }

  /** @throws XmlDefect for a command line with characters that XML cannot carry. */
  command(shellId: string, commandLine: string, operationTimeoutMs: number): Message {
    return this.#message({
      action: ACTION.command,
      operationTimeoutMs,
      shellId,
      // The host's cmd.exe reads the line. Servers from 2012 R2 on know no other way, so nothing else is ever asked for.
      options: { WINRS_SKIP_CMD_SHELL: "False" },
      body: `<rsp:CommandLine><rsp:Command>${escapeXml(commandLine)}</rsp:Command></rsp:CommandLine>`,
    });
  }

  receive(shellId: string, commandId: string, operationTimeoutMs: number): Message {
    return this.#message({
      action: ACTION.receive,
      operationTimeoutMs,
      shellId,
      options: { WSMAN_CMDSHELL_OPTION_KEEPALIVE: "True" },
      body: `<rsp:Receive><rsp:DesiredStream CommandId="${escapeXml(commandId)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
    });
  }

  send(
    shellId: string,
    commandId: string,
    piece: Uint8Array,
    end: boolean,
    operationTimeoutMs: number,
  ): Message {
    const encoded = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("base64");
    return this.#message({
      action: ACTION.send,
      operationTimeoutMs,
      shellId,
      body: `<rsp:Send><rsp:Stream Name="stdin" CommandId="${escapeXml(commandId)}"${end ? ' End="true"' : ""}>${encoded}</rsp:Stream></rsp:Send>`,
    });
  }

  signal(
    shellId: string,
    commandId: string,
    code: (typeof SIGNAL)[keyof typeof SIGNAL],
    operationTimeoutMs: number,
  ): Message {
    return this.#message({
      action: ACTION.signal,
      operationTimeoutMs,
      shellId,
      body: `<rsp:Signal CommandId="${escapeXml(commandId)}"><rsp:Code>${code}</rsp:Code></rsp:Signal>`,
    });
  }

  delete(shellId: string, operationTimeoutMs: number): Message {
    return this.#message({ action: ACTION.delete, operationTimeoutMs, shellId });
  }

  #message({ action, operationTimeoutMs, shellId, options = {}, body = "" }: Parts): Message {
    const { to, maxEnvelopeBytes, sessionId } = this.#settings;
    const id = `uuid:${randomUUID().toUpperCase()}`;
    const listed = Object.entries(options)
      .map(([name, value]) => `<w:Option Name="${name}">${escapeXml(value)}</w:Option>`)
      .join("");
    const optional = [
      listed === "" ? "" : `<w:OptionSet s:mustUnderstand="true">${listed}</w:OptionSet>`,
      shellId === undefined
        ? ""
        : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(shellId)}</w:Selector></w:SelectorSet>`,
    ].join("");
    const header = [
      `<a:Action s:mustUnderstand="true">${action}</a:Action>`,
      `<p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>`,
      `<w:Locale s:mustUnderstand="false" xml:lang="en-US"/>`,
      `<w:MaxEnvelopeSize s:mustUnderstand="true">${String(maxEnvelopeBytes)}</w:MaxEnvelopeSize>`,
      `<a:MessageID>${id}</a:MessageID>`,
      `<w:OperationTimeout>${duration(operationTimeoutMs)}</w:OperationTimeout>`,
      `<a:ReplyTo><a:Address s:mustUnderstand="true">${ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>`,
      `<w:ResourceURI s:mustUnderstand="true">${CMD_SHELL}</w:ResourceURI>`,
      `<p:SessionId s:mustUnderstand="false">${sessionId}</p:SessionId>`,
      `<a:To>${escapeXml(to)}</a:To>`,
      optional,
    ].join("");
    const xml =
      `<s:Envelope xmlns:s="${SOAP}" xmlns:a="${ADDRESSING}" xmlns:w="${WSMAN}" xmlns:p="${MICROSOFT_WSMAN}" xmlns:rsp="${SHELL}">` +
      `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
    return { id, action, xml };
  }
}

/** Milliseconds as a duration of XML Schema. */
function duration(milliseconds: number): string {
  return `PT${(milliseconds / 1_000).toFixed(3)}S`;
}
