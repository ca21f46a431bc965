import { OPERATOR } from "../accounts.js";
import { definitionOf, DOMAINS, RUNNING_DOMAIN } from "./names.js";

const commands = [
  ...DOMAINS.map((name) => `define ${definitionOf(name)}`),
  `start --paused ${RUNNING_DOMAIN}`,
];

/**
 * Starts a host's libvirtd before sshd, as the operator and with none of root's power, so that it is the operator's own
 * (`qemu:///session`) and lives until the host ends. Without it virsh would start one, in the session of whoever asks first.
 */
export const HYPERVISOR_START = `as_operator() {
  setpriv --reuid "$operator" --regid "$operator" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \\
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/${OPERATOR} USER=${OPERATOR} LC_ALL=C.UTF-8 "$@" < /dev/null 3>&-
}
as_operator setsid libvirtd -d
as_operator virsh '${commands.join("; ")}'`;
