import { OPERATOR } from "../accounts.js";

/** The loader itself: Debian's `wine` is a shell script around it, which would start programs of its own. */
export const WINE = "/usr/lib/wine/wine64";

/** Where a host has its prefix, from its root. */
export const PREFIX = `home/${OPERATOR}/.wine`;

/** The folder of C: in which the login shell puts command lines. */
export const SCRIPTS = "tyrian";

/**
 * Starts a program whose memory, and that of all that it starts, is not laid out at random. Debian's Wine has no preloader to keep free what
 * Windows has at fixed addresses: of a thousand processes one found its place taken (c0000018), and ended before it began. Where that is
 * a service, who needs it waits until its start is given up.
 */
export const FIXED_LAYOUT = "setarch -R";
