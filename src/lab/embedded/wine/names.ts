import { OPERATOR } from "../accounts.js";

/** The loader itself: Debian's `wine` is a shell script around it, which would start programs of its own. */
export const WINE = "/usr/lib/wine/wine64";

/** Where a host has its prefix, from its root. */
export const PREFIX = `home/${OPERATOR}/.wine`;

/** The folder of C: in which the login shell puts command lines. */
export const SCRIPTS = "tyrian";
