/** Where a host of the profile has its gates: programs through which others are started. */
export const GATES = "/opt/gates";

/** The folders that everybody may write, which are mounted without the right to execute. */
export const WRITABLE = ["/tmp", "/var/tmp", "/dev/shm"] as const;

/** Interpreters that the inventory of a host with mitigations does not list. `lua` is a link to one of the others. */
export const UNLISTED = ["/usr/bin/lua5.1", "/usr/bin/lua5.3", "/usr/bin/lua5.4", "/usr/bin/luajit"] as const;

/** The gid of those who may use Tcl, in which network devices are scripted; the operator is none of them. */
export const DEVICE_GROUP = 94;

/** The sites of a host's web server: the proxy of a host with mitigations lets the first one through alone. */
export const ALLOWED_SITE = "intranet.test";
export const DENIED_SITE = "downloads.test";

/** What each gate says when it refuses, with the words that a control of an inventory uses. */
export const MESSAGES = {
  verified: "verified: {script} is not signed by a trusted signer",
  opened: "opened: the proxy refused what {script} links to",
  scanned: "scanned: {script} holds what the scanner knows",
} as const;

/** Lines of a gate's script that refuse. */
export function refusal(gate: keyof typeof MESSAGES): string {
  return `echo "${MESSAGES[gate].replaceAll("{script}", "$1")}" >&2; exit 126`;
}
