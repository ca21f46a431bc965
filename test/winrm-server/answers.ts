import { randomUUID } from "node:crypto";
import type { Received } from "./command.js";
import { faultAction, type Fault } from "./faults.js";
import { actions, anonymous, commandShell, namespaces, type Action } from "./namespaces.js";
import type { Shell } from "./shells.js";
import { escapeXml } from "./xml.js";

const { rsp, f } = namespaces;

/** The prefixes that Windows declares on an envelope; `f` is declared where it is used. */
const declarations = (["s", "a", "x", "w", "rsp", "p"] as const)
  .map((prefix) => `xmlns:${prefix}="${namespaces[prefix]}"`)
  .join(" ");

/** What an answer is made of; the order and names of elements are those of the recorded Windows. */
export interface Answer {
  readonly status: 200 | 500;
  readonly action: string;
  readonly body: string;
}

/** @param relatesTo the message id of the request; undefined when it had none. */
export function envelope({ action, body }: Answer, relatesTo: string | undefined): string {
  const related = relatesTo === undefined ? "" : `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>`;
  return (
    `<s:Envelope xml:lang="en-US" ${declarations}><s:Header><a:Action>${action}</a:Action>` +
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<p:ActivityId>${randomUUID().toUpperCase()}</p:ActivityId>` +
    `<a:To>${anonymous}</a:To>${related}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

/** Bytes that an answer to Receive needs beside its output, generously. */
export const RECEIVE_OVERHEAD = 3_000;

export function created(shell: Shell, address: string, clientAddress: string): Answer {
  const { id, user, idleMs, creation } = shell;
  return answer(
    "Create",
    `<x:ResourceCreated><a:Address>${escapeXml(address)}</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>${commandShell}</w:ResourceURI>` +
      `<w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet>` +
      `</a:ReferenceParameters></x:ResourceCreated>` +
      `<rsp:Shell xmlns:rsp="${rsp}"><rsp:ShellId>${id}</rsp:ShellId><rsp:ResourceUri>${commandShell}</rsp:ResourceUri>` +
      `<rsp:Owner>${escapeXml(user)}</rsp:Owner><rsp:ClientIP>${clientAddress}</rsp:ClientIP>` +
      `<rsp:IdleTimeOut>PT${(idleMs / 1_000).toFixed(3)}S</rsp:IdleTimeOut>` +
      `<rsp:InputStreams>${creation.inputStreams}</rsp:InputStreams>` +
      `<rsp:OutputStreams>${creation.outputStreams}</rsp:OutputStreams>` +
      `<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>`,
  );
}

export function commandStarted(commandId: string): Answer {
  return answer(
    "Command",
    `<rsp:CommandResponse><rsp:CommandId>${commandId}</rsp:CommandId></rsp:CommandResponse>`,
  );
}

export function received(commandId: string, { pieces, exitCode }: Received): Answer {
  const streams = pieces.map(
    ({ stream, data }) =>
      `<rsp:Stream Name="${stream}" CommandId="${commandId}">${data.toString("base64")}</rsp:Stream>`,
  );
  const state = `${rsp}/CommandState/${exitCode === undefined ? "Running" : "Done"}`;
  const ends = ["stdout", "stderr"].map(
    (name) => `<rsp:Stream Name="${name}" CommandId="${commandId}" End="true"></rsp:Stream>`,
  );
  return answer(
    "Receive",
    `<rsp:ReceiveResponse>${streams.join("")}${exitCode === undefined ? "" : ends.join("")}` +
      `<rsp:CommandState CommandId="${commandId}" State="${state}">` +
      `${exitCode === undefined ? "" : `<rsp:ExitCode>${exitCode}</rsp:ExitCode>`}</rsp:CommandState></rsp:ReceiveResponse>`,
  );
}

export function acknowledged(action: "Send" | "Signal"): Answer {
  return answer(action, `<rsp:${action}Response/>`);
}

export function deleted(): Answer {
  return answer("Delete", "");
}

/** @param why says what was wrong, after the text of the fault. */
export function faulted(fault: Fault, why: string | undefined): Answer {
  const { code, subcode, reason, detail, number, message = reason } = fault;
  const text = why === undefined ? message : `${message} (${why})`;
  return {
    status: 500,
    action: faultAction(fault),
    body:
      `<s:Fault><s:Code><s:Value>s:${code}</s:Value>` +
      `${subcode === undefined ? "" : `<s:Subcode><s:Value>${subcode}</s:Value></s:Subcode>`}</s:Code>` +
      `<s:Reason><s:Text xml:lang="en-US">${escapeXml(reason)}</s:Text></s:Reason><s:Detail>` +
      `${detail === undefined ? "" : `<w:FaultDetail>${faultDetails}/${detail}</w:FaultDetail>`}` +
      `<f:WSManFault xmlns:f="${f}" Code="${number}" Machine="127.0.0.1"><f:Message>${escapeXml(text)}</f:Message>` +
      `</f:WSManFault></s:Detail></s:Fault>`,
  };
}

const faultDetails = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail";

function answer(action: Action, body: string): Answer {
  return { status: 200, action: `${actions[action]}Response`, body };
}
