/** Where Debian has FRRouting's daemons. */
export const FRR = "/usr/lib/frr";
export const DAEMONS = ["zebra", "staticd"] as const;

/** The login shell of a router. */
export const VTYSH = "/usr/bin/vtysh";

/** Where a router has its log. */
export const LOG_FOLDER = "/var/log/frr";
/** Where its daemons have their sockets. */
export const SOCKET_FOLDER = "/var/run/frr";

/** The uid and gid of the daemons' user, and the gid of those who may use the sockets; they are each host's own. */
export const FRR_USER = 92;
export const VTY_GROUP = 93;
