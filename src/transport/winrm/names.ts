/** The names that messages are made of (DSP0226; MS-WSMV 2.2). */
export const SOAP = "http://www.w3.org/2003/05/soap-envelope";
export const ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
export const WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
export const MICROSOFT_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
export const MICROSOFT_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
export const SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
export const TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer";

/** The resource of a Windows command shell. */
export const CMD_SHELL = `${SHELL}/cmd`;

export const ACTION = {
  create: `${TRANSFER}/Create`,
  delete: `${TRANSFER}/Delete`,
  command: `${SHELL}/Command`,
  receive: `${SHELL}/Receive`,
  send: `${SHELL}/Send`,
  signal: `${SHELL}/Signal`,
} as const;

/** What a command can be told (MS-WSMV 2.2.4.38). */
export const SIGNAL = {
  terminate: `${SHELL}/signal/terminate`,
  ctrlC: `${SHELL}/signal/ctrl_c`,
} as const;
