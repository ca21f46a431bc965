import { namespaces } from "./namespaces.js";

/** What a SOAP fault of WS-Management says (MS-WSMV 2.2.4.43, DSP0226 14). */
export interface Fault {
  readonly code: "Sender" | "Receiver" | "MustUnderstand" | "VersionMismatch";
  /** With the prefix under which the answer writes its namespace; absent for a fault of SOAP itself. */
  readonly subcode?: string;
  readonly reason: string;
  /** The last part of a wsman:FaultDetail URI. */
  readonly detail?: string;
  /** The Windows error that `WSManFault` carries as its code. */
  readonly number: number;
  /** The text of `f:Message`; the reason when absent. */
  readonly message?: string;
}

const invalidSelectors =
  "The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ";

/**
 * The faults that the stand-in can answer. `TimedOut` and `NoSuchCommand` are word for word what Windows was recorded to answer
 * (known-answers/winrm). Of the others, the numbers are those of wsmerror.h, subcodes and texts those of wsmerror.h, MS-WSMV
 * 3.1.4.5.2.1 and reports of users; no recording proves them.
 */
export const faults = {
  TimedOut: {
    code: "Receiver",
    subcode: "w:TimedOut",
    reason:
      "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
    number: 0x80338029,
  },
  NoSuchCommand: {
    code: "Sender",
    subcode: "w:InvalidSelectors",
    reason: invalidSelectors,
    detail: "UnexpectedSelectors",
    number: 0x8033805b,
    message:
      "The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. Either the command has completed execution or the client specified an invalid command identifier. ",
  },
  NoSuchShell: {
    code: "Sender",
    subcode: "w:InvalidSelectors",
    reason: invalidSelectors,
    detail: "UnexpectedSelectors",
    number: 0x8033805b,
    message:
      "The request for the Windows Remote Shell failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation. ",
  },
  ShellIdRequired: {
    code: "Sender",
    subcode: "w:InvalidSelectors",
    reason: invalidSelectors,
    detail: "UnexpectedSelectors",
    number: 0x8033805b,
    message:
      "The Windows Remote Shell cannot process the request because it requires the following selector: ShellId. Retry with the correct selector. ",
  },
  UnexpectedSelectors: {
    code: "Sender",
    subcode: "w:InvalidSelectors",
    reason: invalidSelectors,
    detail: "UnexpectedSelectors",
    number: 0x8033805b,
  },
  DuplicateSelectors: {
    code: "Sender",
    subcode: "w:InvalidSelectors",
    reason: invalidSelectors,
    detail: "DuplicateSelectors",
    number: 0x8033805f,
  },
  ShellsPerUser: {
    code: "Receiver",
    subcode: "w:QuotaLimit",
    reason: "The WS-Management service is busy servicing other requests. Retry later.",
    number: 0x803381a5,
    message:
      "The WS-Management service cannot process the request. This user is allowed a maximum number of concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ",
  },
  OperationsPerUser: {
    code: "Receiver",
    subcode: "w:InternalError",
    reason: "The WS-Management service cannot process the request.",
    number: 0x803381a6,
    message:
      "The WS-Management service cannot process the request. This user is allowed a maximum number of concurrent operations, which has been exceeded. Close existing operations for this user, or raise the quota for this user. ",
  },
  ProcessesPerShell: {
    code: "Receiver",
    subcode: "w:QuotaLimit",
    reason: "The WS-Management service is busy servicing other requests. Retry later.",
    number: 0x803381e9,
    message:
      "The WS-Management service cannot process the request. The maximum number of concurrent commands per shell has been exceeded. Retry the request later or raise the Maximum Commands per Shell quota. ",
  },
  Concurrency: {
    code: "Sender",
    subcode: "w:Concurrency",
    reason: "The WS-Management service cannot complete the request because the resource was already in use.",
    number: 0x80338032,
  },
  InputClosed: {
    code: "Receiver",
    subcode: "w:InternalError",
    reason: "The pipe has been ended. ",
    number: 0x8007006d,
  },
  AccessDenied: {
    code: "Sender",
    subcode: "w:AccessDenied",
    reason: "Access is denied. ",
    number: 5,
  },
  IdleTimeoutOutOfBounds: {
    code: "Sender",
    subcode: "w:InvalidParameter",
    reason: "The WS-Management service cannot process the request. The idle timeout is out of bounds.",
    number: 0x803381f2,
  },
  InvalidXml: {
    code: "Sender",
    subcode: "w:SchemaValidationError",
    reason: "The WS-Management service cannot process the request because the XML is invalid.",
    number: 0x80338043,
  },
  SchemaValidationError: {
    code: "Sender",
    subcode: "w:SchemaValidationError",
    reason: "The SOAP XML in the message does not match the corresponding XML schema definition.",
    number: 0x80338041,
  },
  VersionMismatch: {
    code: "VersionMismatch",
    reason: "The WS-Management service does not support the SOAP version specified in the request.",
    number: 0x8033800d,
  },
  MustUnderstand: {
    code: "MustUnderstand",
    reason:
      "The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the client.",
    number: 0x80338010,
  },
  HeaderRequired: {
    code: "Sender",
    subcode: "a:MessageInformationHeaderRequired",
    reason: "The request does not have all the expected SOAP headers.",
    number: 0x80338011,
  },
  InvalidHeader: {
    code: "Sender",
    subcode: "a:InvalidMessageInformationHeader",
    reason: "The request contains one or more invalid SOAP headers.",
    number: 0x8033800f,
  },
  DuplicateMessageId: {
    code: "Sender",
    subcode: "a:InvalidMessageInformationHeader",
    reason: "The request contains one or more invalid SOAP headers.",
    detail: "DuplicateMessageID",
    number: 0x8033800f,
  },
  ActionNotSupported: {
    code: "Sender",
    subcode: "a:ActionNotSupported",
    reason: "The WS-Management service does not support the action specified in the request.",
    number: 0x80338013,
  },
  DestinationUnreachable: {
    code: "Sender",
    subcode: "a:DestinationUnreachable",
    reason:
      "The WS-Management service cannot process the request. The service cannot find the resource identified by the resource URI and selectors.",
    detail: "InvalidResourceURI",
    number: 0x80338000,
  },
  AddressingMode: {
    code: "Sender",
    subcode: "w:UnsupportedFeature",
    reason: "The WS-Management service does not support the specified feature.",
    detail: "AddressingMode",
    number: 0x80338042,
  },
  InvalidOption: {
    code: "Sender",
    subcode: "w:InvalidOptions",
    reason: "The WS-Management service cannot process the request because one or more options are not valid.",
    detail: "InvalidValue",
    number: 0x80338053,
  },
  OptionNotSupported: {
    code: "Sender",
    subcode: "w:InvalidOptions",
    reason:
      "The WS-Management provider does not support the specified option set because mustComply for one of the options is set to true.",
    detail: "NotSupported",
    number: 0x80338051,
  },
  MinimumEnvelope: {
    code: "Sender",
    subcode: "w:EncodingLimit",
    reason: "The maximum envelope size of the request is smaller than the service can answer within.",
    detail: "MinimumEnvelopeLimit",
    number: 0x80338035,
  },
  InternalError: {
    code: "Receiver",
    subcode: "w:InternalError",
    reason: "The WS-Management service cannot process the request because of an internal error.",
    number: 0x8007054f,
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** Thrown by whatever refuses a request; the server answers with the fault. */
export class FaultError extends Error {
  /** @param why what exactly was wrong, for the message of the fault. */
  constructor(
    readonly fault: FaultName,
    readonly why?: string,
  ) {
    super(why ?? faults[fault].reason);
  }
}

/** The action of a fault's envelope: a fault of addressing has the one of WS-Addressing. */
export function faultAction(fault: Fault): string {
  return fault.subcode?.startsWith("a:") === true
    ? `${namespaces.a}/fault`
    : "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
}
