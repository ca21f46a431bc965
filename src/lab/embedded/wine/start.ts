import { OPERATOR } from "../accounts.js";
import { FIXED_LAYOUT, PREFIX, WINE } from "./names.js";

/**
 * Starts the server of a host's prefix, before sshd, as the operator; it lives until the host ends. A first program brings up the
 * services of Windows: else the first login session would start them, and they would pass for its own.
 */
export const WINE_START = `as_operator() {
  setpriv --reuid "$operator" --regid "$operator" --clear-groups --inh-caps=-all --bounding-set=-all \\
    env -i PATH=/usr/bin:/bin HOME=/home/${OPERATOR} USER=${OPERATOR} LC_ALL=C.UTF-8 \\
    WINEDEBUG=-all WINELOADER=${WINE} WINEPREFIX=/${PREFIX} ${FIXED_LAYOUT} setsid "$@" < /dev/null > /dev/null 2>&1
}
as_operator wineserver -p
as_operator ${WINE} wscript //nologo 'C:\\nothing.vbs'`;
