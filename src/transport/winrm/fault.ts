import { TyrianError, type ErrorCode } from "../../errors.js";
import { MICROSOFT_FAULT, SOAP } from "./names.js";
import { child, descendant, type XmlElement } from "../windows/xml.js";

/**
 * What a fault means for who has asked. `timed-out`: nothing to tell within the OperationTimeout · `quota`: the host has
 * no room now · `gone`: the shell or command is not there (any more) · `input-closed`: the command reads no more input ·
 * `access-denied` · `other`.
 */
export type FaultKind = "timed-out" | "quota" | "gone" | "input-closed" | "access-denied" | "other";

/** Kinds by the subcodes of WS-Management (DSP0226, 16.4). */
const kindsBySubcode: ReadonlyMap<string, FaultKind> = new Map([
  ["TimedOut", "timed-out"],
  ["QuotaLimit", "quota"],
  ["InvalidSelectors", "gone"],
  ["AccessDenied", "access-denied"],
]);

/**
 * ERROR_WSMAN_QUOTA_MAX_OPERATIONS and ..._USER_PPQ: the commands of the user's shells are too many, those that have ended among
 * them.
 */
const tooManyOperations: readonly (number | null)[] = [0x803381a6, 0x803381e8];

/** Whether a code is one of Windows's for a quota (wsmerror.h, ERROR_WSMAN_QUOTA_...). */
function isQuota(code: number): boolean {
  const single = [0x8033803f, 0x803381a5, 0x803381a6, 0x803381a7, 0x803381a8, 0x803381ab];
  return single.includes(code) || (code >= 0x803381e4 && code <= 0x803381ea);
}

/** The kind by Windows's code, for faults whose subcode says less. */
function kindByCode(code: number): FaultKind {
  if (isQuota(code)) return "quota";
  if (code === 0x80338029) return "timed-out"; // ERROR_WSMAN_OPERATION_TIMEDOUT
  if (code === 0x8033805b) return "gone"; // ERROR_WSMAN_UNEXPECTED_SELECTORS, of a shell or command that is not found
  // ERROR_BROKEN_PIPE and ERROR_NO_DATA of Windows, also as an HRESULT.
  if (code >>> 16 === 0x8007 || code >>> 16 === 0) {
    const error = code & 0xffff;
    if (error === 109 || error === 232) return "input-closed";
    if (error === 5) return "access-denied"; // ERROR_ACCESS_DENIED
  }
  return "other";
}

/** Characters of the server's words that are shown. */
const MOST_WORDS = 500;

/** A fault that the host has answered with. Whatever it refuses it has not done. */
export class WsmanFault extends Error {
  readonly kind: FaultKind;
  /** Windows's own code; null when the fault has none. */
  readonly code: number | null;
  /** Whether only a new shell helps: Windows counts a shell's commands until the shell is deleted (MS-WSMV, appendix A). */
  readonly spent: boolean;

  /** @param subcode without its prefix, such as `TimedOut`; empty when there is none */
  constructor(subcode: string, code: number | null, words: string) {
    const numbered = [subcode, code === null ? "" : String(code)].filter((word) => word !== "").join(" ");
    super(`${words === "" ? "a fault without words" : words}${numbered === "" ? "" : ` (${numbered})`}`);
    this.code = code;
    this.spent = tooManyOperations.includes(code);
    this.kind = kindsBySubcode.get(subcode) ?? (code === null ? "other" : kindByCode(code));
  }
}

/** The fault in a message's body; null when there is none. */
export function faultIn(body: XmlElement | undefined): WsmanFault | null {
  const fault = child(body, SOAP, "Fault");
  if (fault === undefined) return null;
  const subcode = child(child(child(fault, SOAP, "Code"), SOAP, "Subcode"), SOAP, "Value")?.text.trim() ?? "";
  const detail = descendant(child(fault, SOAP, "Detail"), MICROSOFT_FAULT, "WSManFault");
  const code = Number(detail?.attributes.get("Code") ?? Number.NaN);
  const said = [
    wordsOf(child(child(fault, SOAP, "Reason"), SOAP, "Text")),
    wordsOf(child(detail, MICROSOFT_FAULT, "Message")),
  ];
  // Windows often says the same in both places, and more in the second.
  const words = [...new Set(said)].filter((word) => word !== "").join(" ");
  return new WsmanFault(
    subcode.slice(subcode.indexOf(":") + 1),
    Number.isSafeInteger(code) ? code : null,
    words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}...` : words,
  );
}

function wordsOf(element: XmlElement | undefined): string {
  if (element === undefined) return "";
  const whole = [element.text, ...element.children.map(wordsOf)].join(" ");
  return whole.replace(/\s+/g, " ").trim();
}

const errorCodes: Readonly<Record<FaultKind, ErrorCode>> = {
  "access-denied": "access-denied",
  quota: "quota-exceeded",
  gone: "disconnected",
  "input-closed": "transport-failed",
  "timed-out": "transport-failed",
  other: "transport-failed",
};

/** The error that a fault comes to; `what` is the action that was refused, such as `open a shell`. */
export function errorOfFault(target: string, what: string, fault: WsmanFault): TyrianError {
  const words = fault.message.replace(/[.\s]+(?=\(|$)/g, " ").trim();
  return new TyrianError(errorCodes[fault.kind], `${target} refused to ${what}: ${words}.`, { cause: fault });
}
