import { durationMs } from "./duration.js";
import { FaultError } from "./faults.js";
import { actions, anonymous, commandShell, namespaces, xmlNamespace, type Action } from "./namespaces.js";
import { parseBody, type Operation, type Option } from "./operation.js";
import { attribute, childrenNamed, parseXml, type XmlElement } from "./xml.js";

const { s, a, w, p } = namespaces;

/** Headers that the stand-in acts upon or may leave alone; any other that must be understood is refused. */
const known = new Set(
  [
    [a, ["To", "Action", "MessageID", "ReplyTo", "FaultTo"]],
    [w, ["ResourceURI", "MaxEnvelopeSize", "OperationTimeout", "Locale", "OptionSet", "SelectorSet"]],
    [p, ["DataLocale", "SessionId", "OperationID", "SequenceId"]],
  ].flatMap(([namespace, names]) => (names as string[]).map((name) => `${namespace as string} ${name}`)),
);

/** The smallest envelope that a service must be able to answer within, in bytes (DSP0226 13.1). */
const LEAST_ENVELOPE = 8_192;
const DEFAULT_TIMEOUT_MS = 60_000;

/** One request, checked. */
export interface Request {
  readonly messageId: string;
  /** Milliseconds. */
  readonly operationTimeoutMs: number;
  /** Bytes of the largest envelope that the client takes. */
  readonly maxEnvelopeSize: number;
  readonly shellId: string | undefined;
  readonly operation: Operation;
}

/** An envelope whose SOAP structure has been checked, and what is needed to answer it, even with a fault. */
export interface Envelope {
  readonly messageId: string | undefined;
  /** Undefined for an action that is not one of a shell. */
  readonly action: Action | undefined;
  readonly header: XmlElement;
  readonly body: XmlElement;
}

/** @throws FaultError InvalidXml, VersionMismatch, SchemaValidationError. */
export function parseEnvelope(text: string): Envelope {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    throw new FaultError("InvalidXml", error instanceof Error ? error.message : undefined);
  }
  if (root.name !== "Envelope" || root.namespace !== s) throw new FaultError("VersionMismatch");
  const [header, body, ...more] = root.children;
  if (header?.namespace !== s || header.name !== "Header" || body?.namespace !== s || body.name !== "Body") {
    throw new FaultError("SchemaValidationError", "an envelope has a header and then a body");
  }
  if (more.length > 0) throw new FaultError("SchemaValidationError", "nothing follows the body");
  const uri = childrenNamed(header, a, "Action")[0]?.text;
  const action = (Object.keys(actions) as Action[]).find((name) => actions[name] === uri);
  return { messageId: childrenNamed(header, a, "MessageID")[0]?.text, action, header, body };
}

/**
 * Checks the headers and the body of an envelope.
 * @throws FaultError that says what was missing, twice there, or wrong.
 */
export function parseRequest({ action, header, body }: Envelope, maxEnvelopeSize: number): Request {
  for (const element of header.children) checkUnderstood(element);
  const messageId = required(header, a, "MessageID").text;
  if (!/^uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(messageId)) {
    throw new FaultError("InvalidHeader", "a MessageID is uuid: and a UUID");
  }
  required(header, a, "Action");
  if (!URL.canParse(required(header, a, "To").text)) throw new FaultError("InvalidHeader", "To is no URI");
  checkReply(required(header, a, "ReplyTo"));
  const faultTo = optional(header, a, "FaultTo");
  if (faultTo !== undefined) checkReply(faultTo);
  if (required(header, w, "ResourceURI").text !== commandShell)
    throw new FaultError("DestinationUnreachable");
  if (action === undefined) throw new FaultError("ActionNotSupported");
  for (const name of ["Locale", "DataLocale"]) checkLocale(optional(header, name === "Locale" ? w : p, name));
  return {
    messageId,
    operationTimeoutMs: timeoutOf(header),
    maxEnvelopeSize: Math.min(envelopeSizeOf(header), maxEnvelopeSize),
    shellId: shellIdOf(header, action),
    operation: parseBody(action, body, optionsOf(header)),
  };
}

/** SOAP's own attribute counts; pywinrm and masterzen/winrm write one without namespace, which Windows ignores. */
function checkUnderstood(element: XmlElement): void {
  const must = element.attributes.find(({ namespace, name }) => namespace === s && name === "mustUnderstand");
  if (must === undefined) return;
  if (!["true", "false", "1", "0"].includes(must.value)) {
    throw new FaultError("SchemaValidationError", "mustUnderstand is a boolean");
  }
  const understood = known.has(`${element.namespace} ${element.name}`);
  if (!understood && ["true", "1"].includes(must.value)) throw new FaultError("MustUnderstand", element.name);
}

function optional(header: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const [found, ...more] = childrenNamed(header, namespace, name);
  if (more.length > 0) throw new FaultError("InvalidHeader", `${name} is there more than once`);
  return found;
}

function required(header: XmlElement, namespace: string, name: string): XmlElement {
  const found = optional(header, namespace, name);
  if (found === undefined) throw new FaultError("HeaderRequired", `${name} is missing`);
  return found;
}

function checkReply(element: XmlElement): void {
  const [address] = childrenNamed(element, a, "Address");
  if (address === undefined) throw new FaultError("HeaderRequired", `${element.name} has no Address`);
  if (address.text !== anonymous) throw new FaultError("AddressingMode", `${element.name} is not anonymous`);
}

function checkLocale(element: XmlElement | undefined): void {
  if (element === undefined) return;
  const named = element.attributes.some(
    ({ namespace, name }) => namespace === xmlNamespace && name === "lang",
  );
  if (!named) throw new FaultError("InvalidHeader", `${element.name} has no xml:lang`);
}

function timeoutOf(header: XmlElement): number {
  const text = optional(header, w, "OperationTimeout")?.text;
  return text === undefined ? DEFAULT_TIMEOUT_MS : durationMs(text, "OperationTimeout");
}

function envelopeSizeOf(header: XmlElement): number {
  const text = optional(header, w, "MaxEnvelopeSize")?.text;
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(text)) throw new FaultError("InvalidHeader", "MaxEnvelopeSize is no number");
  if (Number(text) < LEAST_ENVELOPE) throw new FaultError("MinimumEnvelope");
  return Number(text);
}

function shellIdOf(header: XmlElement, action: Action): string | undefined {
  const set = optional(header, w, "SelectorSet");
  const selectors = set === undefined ? [] : childrenNamed(set, w, "Selector");
  if (action === "Create") {
    if (selectors.length > 0) throw new FaultError("UnexpectedSelectors");
    return undefined;
  }
  const [selector, ...more] = selectors;
  if (more.some((one) => attribute(one, "Name") === "ShellId")) throw new FaultError("DuplicateSelectors");
  if (more.length > 0) throw new FaultError("UnexpectedSelectors");
  if (selector === undefined || attribute(selector, "Name") !== "ShellId")
    throw new FaultError("ShellIdRequired");
  return selector.text;
}

function optionsOf(header: XmlElement): Map<string, Option> {
  const set = optional(header, w, "OptionSet");
  const options = new Map<string, Option>();
  for (const option of set === undefined ? [] : childrenNamed(set, w, "Option")) {
    const name = attribute(option, "Name");
    if (name === undefined || options.has(name)) {
      throw new FaultError("InvalidOption", "an option has a name, which is there once");
    }
    options.set(name, { value: option.text, mustComply: attribute(option, "MustComply") === "true" });
  }
  return options;
}
