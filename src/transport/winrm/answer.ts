import { TyrianError } from "../../errors.js";
import type { Message } from "./envelope.js";
import { faultIn } from "./fault.js";
import { ADDRESSING, SHELL, SOAP, WSMAN } from "./names.js";
import { UnknownOutcome } from "./unknown-outcome.js";
import { child, descendant, parseXml, XmlDefect, type XmlElement } from "../windows/xml.js";

/** A piece of a command's output, as the host has cut it. */
export interface OutputPiece {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/** What a Receive has brought. */
export interface Received {
  readonly pieces: readonly OutputPiece[];
  /** The exit code as an unsigned number of 32 bits once the command has ended; null before. */
  readonly exitCode: number | null;
  readonly done: boolean;
}

/**
 * The body of an answer.
 * @throws WsmanFault when that is what it holds; UnknownOutcome (`transport-failed`) for an answer that is none of WS-Management,
 *   or of another message.
 */
export function bodyOf(xml: string, message: Message, target: string): XmlElement {
  let envelope: XmlElement;
  try {
    envelope = parseXml(xml);
  } catch (thrown) {
    if (!(thrown instanceof XmlDefect)) throw thrown;
    throw malformed(target, message, `it is not XML: ${thrown.message}`);
  }
  const body = child(envelope, SOAP, "Body");
  if (envelope.namespace !== SOAP || envelope.name !== "Envelope" || body === undefined) {
    throw malformed(target, message, "it is no SOAP envelope with a body");
  }
  const header = child(envelope, SOAP, "Header");
  const relatesTo = child(header, ADDRESSING, "RelatesTo")?.text.trim();
  const fault = faultIn(body);
  // A host that could not read the message cannot say which one it was.
  if (relatesTo === undefined && fault !== null) throw fault;
  if (relatesTo?.toUpperCase() !== message.id.toUpperCase()) {
    throw malformed(target, message, `it answers ${relatesTo === undefined ? "no" : "another"} message`);
  }
  if (fault !== null) throw fault;
  const action = child(header, ADDRESSING, "Action")?.text.trim();
  if (action !== `${message.action}Response`) {
    throw malformed(target, message, `it is of another kind (${shown(action)})`);
  }
  return body;
}

/** The new shell's id, from the answer to Create. */
export function shellIdIn(body: XmlElement, message: Message, target: string): string {
  const selectors = descendant(body, WSMAN, "SelectorSet");
  const selector = selectors?.children.find(
    (one) => one.namespace === WSMAN && one.name === "Selector" && one.attributes.get("Name") === "ShellId",
  );
  return identifier(selector?.text, "the shell", message, target);
}

/** Milliseconds after which the host deletes the new shell when it is not used, from the answer to Create; null when it does not say. */
export function idleTimeoutIn(body: XmlElement): number | null {
  const text = child(child(body, SHELL, "Shell"), SHELL, "IdleTimeOut")?.text.trim() ?? "";
  // Windows writes every duration in seconds.
  const [, seconds = "0"] = /^PT(\d{1,9}(?:\.\d{1,9})?)S$/.exec(text) ?? [];
  return Number(seconds) > 0 ? Number(seconds) * 1_000 : null;
}

/** The started command's id, from the answer to Command. */
export function commandIdIn(body: XmlElement, message: Message, target: string): string {
  return identifier(descendant(body, SHELL, "CommandId")?.text, "the command", message, target);
}

/** What the answer to a Receive brings of one command. */
export function receivedIn(body: XmlElement, commandId: string, message: Message, target: string): Received {
  const response = child(body, SHELL, "ReceiveResponse");
  if (response === undefined) throw malformed(target, message, "it holds no ReceiveResponse");
  const ours = (element: XmlElement): boolean =>
    element.namespace === SHELL &&
    element.attributes.get("CommandId")?.toUpperCase() === commandId.toUpperCase();
  const pieces = response.children
    .filter((element) => ours(element) && element.name === "Stream")
    .map((element): OutputPiece => {
      const stream = element.attributes.get("Name");
      if (stream !== "stdout" && stream !== "stderr") {
        throw malformed(target, message, `it holds a stream that was not asked for (${shown(stream)})`);
      }
      return { stream, bytes: decodeBase64(element.text, message, target) };
    });
  const state = response.children.find((element) => ours(element) && element.name === "CommandState");
  const done = state?.attributes.get("State") === `${SHELL}/CommandState/Done`;
  return { pieces, done, exitCode: done ? exitCodeIn(state, message, target) : null };
}

/** The host writes the code as a signed or unsigned number of 32 bits. */
function exitCodeIn(state: XmlElement | undefined, message: Message, target: string): number | null {
  const text = child(state, SHELL, "ExitCode")?.text.trim();
  // A command that was ended may have none.
  if (text === undefined) return null;
  const code = Number(text);
  if (!/^-?\d{1,10}$/.test(text) || code < -(2 ** 31) || code >= 2 ** 32) {
    throw malformed(target, message, `the exit code "${shown(text)}" is no number of 32 bits`);
  }
  return code >>> 0;
}

function decodeBase64(text: string, message: Message, target: string): Buffer {
  const compact = text.replace(/\s+/g, "");
  const bytes = Buffer.from(compact, "base64");
  // Buffer.from skips over what is no base64, which would be output that is missing.
  const whole = (compact.length * 3) / 4 - (/={0,2}$/.exec(compact)?.[0].length ?? 0);
  if (compact.length % 4 !== 0 || bytes.length !== whole) {
    throw malformed(target, message, "a stream in it is not base64");
  }
  return bytes;
}

function identifier(text: string | undefined, of: string, message: Message, target: string): string {
  const id = text?.trim() ?? "";
  if (!/^[\w.{}:-]{1,128}$/.test(id)) throw malformed(target, message, `it names no id for ${of}`);
  return id;
}

function shown(word: string | undefined): string {
  return word === undefined ? "unnamed" : word.slice(0, 100);
}

function malformed(target: string, message: Message, why: string): UnknownOutcome {
  const action = message.action.slice(message.action.lastIndexOf("/") + 1);
  return new UnknownOutcome(
    new TyrianError("transport-failed", `${target} gave an answer to ${action} that cannot be used: ${why}.`),
  );
}
