/** Namespaces of WS-Management as Windows speaks it (MS-WSMV 2.2.1), and the prefixes under which it writes them. */
export const namespaces = {
  s: "http://www.w3.org/2003/05/soap-envelope",
  a: "http://schemas.xmlsoap.org/ws/2004/08/addressing",
  x: "http://schemas.xmlsoap.org/ws/2004/09/transfer",
  w: "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
  p: "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
  rsp: "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
  f: "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
} as const;

export const xmlNamespace = "http://www.w3.org/XML/1998/namespace";

export const anonymous = `${namespaces.a}/role/anonymous`;

/** The one resource that the stand-in has: the text-based command shell (MS-WSMV 3.1.4.1.31). */
export const commandShell = `${namespaces.rsp}/cmd`;

/** The operations of a shell, and their action URIs. */
export const actions = {
  Create: `${namespaces.x}/Create`,
  Delete: `${namespaces.x}/Delete`,
  Command: `${namespaces.rsp}/Command`,
  Receive: `${namespaces.rsp}/Receive`,
  Send: `${namespaces.rsp}/Send`,
  Signal: `${namespaces.rsp}/Signal`,
} as const;

export type Action = keyof typeof actions;

export const signals = {
  terminate: `${namespaces.rsp}/signal/terminate`,
  interrupt: `${namespaces.rsp}/signal/ctrl_c`,
  break: `${namespaces.rsp}/signal/ctrl_break`,
} as const;

export type Signal = keyof typeof signals;
