import { durationMs } from "./duration.js";
import { FaultError } from "./faults.js";
import { namespaces, signals, type Action, type Signal } from "./namespaces.js";
import { attribute, childrenNamed, type XmlElement } from "./xml.js";

const { rsp } = namespaces;

export type OutputStream = "stdout" | "stderr";

/** An option of a request, by its name. */
export interface Option {
  readonly value: string;
  readonly mustComply: boolean;
}

/** What a request asks of the shell: the content of its body (MS-WSMV 2.2.4) and of its options. */
export type Operation =
  | {
      readonly action: "Create";
      readonly environment: Readonly<Record<string, string>>;
      readonly workingDirectory: string | undefined;
      /** Milliseconds. */
      readonly idleTimeoutMs: number | undefined;
      readonly codePage: number;
      readonly inputStreams: string;
      readonly outputStreams: string;
    }
  | { readonly action: "Command"; readonly commandLine: string }
  | { readonly action: "Receive"; readonly commandId: string; readonly streams: readonly OutputStream[] }
  | { readonly action: "Send"; readonly commandId: string; readonly data: Buffer; readonly end: boolean }
  | { readonly action: "Signal"; readonly commandId: string; readonly signal: Signal }
  | { readonly action: "Delete" };

/** The code page of a shell that asks for none, as on an English Windows. */
const DEFAULT_CODE_PAGE = 437;

/** The options that the command shell knows (MS-WSMV 2.2.4.24 and 3.1.4.1.31), and what they may be. */
const options: Record<string, RegExp> = {
  WINRS_NOPROFILE: /^(true|false|1|0)$/i,
  WINRS_CODEPAGE: /^\d{1,5}$/,
  WINRS_CONSOLEMODE_STDIN: /^(true|false|1|0)$/i,
  WINRS_SKIP_CMD_SHELL: /^(true|false|1|0)$/i,
  WSMAN_CMDSHELL_OPTION_KEEPALIVE: /^(true|false|1|0)$/i,
};

/** @throws FaultError SchemaValidationError, InvalidOption, OptionNotSupported. */
export function parseBody(action: Action, body: XmlElement, given: ReadonlyMap<string, Option>): Operation {
  for (const [name, { value, mustComply }] of given) {
    const pattern = options[name];
    if (pattern === undefined && mustComply) throw new FaultError("OptionNotSupported", `no option ${name}`);
    if (pattern?.test(value) === false) throw new FaultError("InvalidOption", `${name} cannot be ${value}`);
  }
  switch (action) {
    case "Create":
      return create(only(body, "Shell"), given.get("WINRS_CODEPAGE")?.value);
    case "Command":
      return command(only(body, "CommandLine"));
    case "Receive":
      return receive(only(body, "Receive"));
    case "Send":
      return send(only(body, "Send"));
    case "Signal":
      return signal(only(body, "Signal"));
    case "Delete":
      if (body.children.length > 0) throw invalid("the body of Delete is empty");
      return { action };
  }
}

function invalid(why: string): FaultError {
  return new FaultError("SchemaValidationError", why);
}

/** The one child of an element, which has to have a name of the shell's namespace. */
function only(parent: XmlElement, name: string): XmlElement {
  const [child, ...more] = parent.children;
  if (child?.namespace !== rsp || child.name !== name || more.length > 0) {
    throw invalid(`${parent.name} has one ${name} and nothing else`);
  }
  return child;
}

function needed(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value === undefined) throw invalid(`${element.name} has no ${name}`);
  return value;
}

function create(shell: XmlElement, codePage: string | undefined): Operation {
  const allowed = [
    "InputStreams",
    "OutputStreams",
    "Environment",
    "WorkingDirectory",
    "IdleTimeOut",
    "Lifetime",
  ];
  const found = new Map<string, XmlElement>();
  for (const child of shell.children) {
    if (child.namespace !== rsp || !allowed.includes(child.name) || found.has(child.name)) {
      throw invalid(`Shell has ${child.name}`);
    }
    found.set(child.name, child);
  }
  const inputStreams = found.get("InputStreams")?.text ?? "stdin";
  const outputStreams = found.get("OutputStreams")?.text ?? "stdout stderr";
  if (inputStreams !== "stdin") throw invalid("a command shell has the input stream stdin");
  streamsOf(outputStreams);
  const idle = found.get("IdleTimeOut")?.text;
  const environment = found.get("Environment");
  return {
    action: "Create",
    environment: Object.fromEntries(
      (environment === undefined ? [] : childrenNamed(environment, rsp, "Variable")).map((variable) => [
        needed(variable, "Name"),
        variable.text,
      ]),
    ),
    workingDirectory: found.get("WorkingDirectory")?.text,
    idleTimeoutMs: idle === undefined ? undefined : durationMs(idle, "IdleTimeOut"),
    codePage: codePage === undefined ? DEFAULT_CODE_PAGE : Number(codePage),
    inputStreams,
    outputStreams,
  };
}

/** The arguments follow the command with a blank between: cmd.exe gets one line. */
function command(line: XmlElement): Operation {
  const [first, ...rest] = line.children;
  const named = line.children.every(
    ({ namespace, name }, index) => namespace === rsp && name === (index === 0 ? "Command" : "Arguments"),
  );
  if (first === undefined || !named) throw invalid("CommandLine has a Command and then its Arguments");
  if (first.text === "") throw invalid("the Command is empty");
  return { action: "Command", commandLine: [first, ...rest].map(({ text }) => text).join(" ") };
}

function receive(element: XmlElement): Operation {
  const desired = only(element, "DesiredStream");
  return {
    action: "Receive",
    commandId: needed(desired, "CommandId"),
    streams: streamsOf(desired.text),
  };
}

function streamsOf(text: string): OutputStream[] {
  const names = text.trim().split(/\s+/);
  const streams = names.filter((name): name is OutputStream => name === "stdout" || name === "stderr");
  if (streams.length < names.length || new Set(names).size < names.length) {
    throw invalid(`a command shell has no output streams ${text}`);
  }
  return streams;
}

function send(element: XmlElement): Operation {
  const stream = only(element, "Stream");
  if (needed(stream, "Name") !== "stdin") throw invalid("the input stream is stdin");
  const end = attribute(stream, "End") ?? "false";
  if (!/^(true|false|1|0)$/i.test(end)) throw invalid("End is a boolean");
  const text = stream.text.replaceAll(/\s/g, "");
  const data = Buffer.from(text, "base64");
  if (data.toString("base64") !== text) throw invalid("a stream is base64");
  return { action: "Send", commandId: needed(stream, "CommandId"), data, end: /^(true|1)$/i.test(end) };
}

function signal(element: XmlElement): Operation {
  const code = only(element, "Code").text;
  const found = (Object.keys(signals) as Signal[]).find((name) => signals[name] === code);
  if (found === undefined) throw invalid(`there is no signal ${code}`);
  return { action: "Signal", commandId: needed(element, "CommandId"), signal: found };
}
