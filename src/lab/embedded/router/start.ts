import { DAEMONS, FRR, FRR_USER, SOCKET_FOLDER, VTYSH } from "./names.js";

/**
 * What the daemons keep of root's power, in their own namespaces: that of a host's root, and what zebra asks of the kernel when it
 * starts, without which it ends. They let go of root, and nobody can log in as their user.
 */
const CAPABILITIES = [
  ...["chown", "dac_override", "fowner", "setgid", "setuid", "setpcap", "net_bind_service", "net_raw"],
  ...["net_admin", "sys_admin"],
];

/** Starts a router's daemons before sshd, and gives them their configuration. They live until the host ends. */
export const ROUTER_START = `mkdir -p ${SOCKET_FOLDER} /var/tmp/frr
chown ${String(FRR_USER)}:${String(FRR_USER)} ${SOCKET_FOLDER} /var/tmp/frr
for daemon in ${DAEMONS.join(" ")}; do
  TZ=UTC setpriv --bounding-set=-all${CAPABILITIES.map((name) => `,+${name}`).join("")} ${FRR}/$daemon -d -F traditional < /dev/null
done
${VTYSH} -b < /dev/null
${VTYSH} -c "configure terminal" -c "log commands" < /dev/null`;
