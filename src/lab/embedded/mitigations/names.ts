/** Where a host of the profile has its gates: programs through which others are started. */
export const GATES = "/opt/gates";

/** The folders that everybody may write, which are mounted without the right to execute. */
export const WRITABLE = ["/tmp", "/var/tmp", "/dev/shm"] as const;

/** Interpreters that the inventory of a host with mitigations does not list. `lua` is a link to one of the others. */
export const UNLISTED = ["/usr/bin/lua5.1", "/usr/bin/lua5.3", "/usr/bin/lua5.4", "/usr/bin/luajit"] as const;

/** The gid of those who may use Tcl, in which network devices are scripted; the operator is none of them. */
export const DEVICE_GROUP = 94;

/** What each gate says when it refuses, with the words that a control of an inventory uses. */
export const MESSAGES = {
  verified: "verified: {script} is not signed by a trusted signer",
  scanned: "scanned: {script} holds what the scanner knows",
} as const;
