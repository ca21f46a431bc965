import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { writeHostFile } from "../accounts.js";
import type { LabHost } from "../types.js";
import { ALLOWED_SITE, DENIED_SITE, GATES, refusal } from "./names.js";

const HOST_ADDRESS = "192.168.78.1";
const PROXY_ADDRESS = "192.168.78.2";
const PROXY_PORT = 8888;

const FOLDER = "/srv/web";
const CONFIGURATION = "/etc/tinyproxy.conf";
const FILTER = "/etc/tinyproxy.filter";
const LOG = "/var/log/tinyproxy.log";

/** What both sites serve. */
const SERVED_SCRIPT = "echo fetched $((1337 * 3))\n";

/**
 * Writes what the web of a host is made of: a server with two sites, and a proxy. With mitigations the proxy has a policy, by which one site
 * alone may be reached; that is the whole difference.
 * @param layer the host's own files, in which those of any host are written already
 */
export function prepareWeb(layer: string, { mitigated }: Pick<LabHost, "mitigated">): void {
  appendFileSync(join(layer, "etc/hosts"), `127.0.0.1 ${ALLOWED_SITE} ${DENIED_SITE}\n`);
  writeHostFile(layer, `${FOLDER.slice(1)}/greeting.sh`, SERVED_SCRIPT);
  writeHostFile(layer, `${GATES.slice(1)}/allowed.url`, `http://${ALLOWED_SITE}/greeting.sh\n`);
  writeHostFile(layer, FILTER.slice(1), `^http://${ALLOWED_SITE.replaceAll(".", "\\.")}/\n`);
  const lines = [
    "User nobody",
    "Group nogroup",
    `Listen ${PROXY_ADDRESS}`,
    `Port ${String(PROXY_PORT)}`,
    "Timeout 10",
    "MaxClients 10",
    `LogFile "${LOG}"`,
    "LogLevel Notice",
  ];
  if (mitigated) {
    lines.push(`Filter "${FILTER}"`, "FilterURLs On", "FilterExtended On", "FilterDefaultDeny Yes");
  }
  writeHostFile(layer, CONFIGURATION.slice(1), `${lines.join("\n")}\n`);
}

/**
 * The gate through which links are opened. It says that the proxy refused only when the proxy itself does: then the answer is "403
 * Filtered" and has no "Via", which tinyproxy puts into every answer of a server that it passes on.
 */
export const OPENER: readonly string[] = [
  'read -r link < "$1"',
  `answer=$(/usr/bin/curl -q --silent --fail --max-time 10 --proxy http://${PROXY_ADDRESS}:${String(PROXY_PORT)} --dump-header - --output "$1.sh" "$link")`,
  "case $answer in",
  `"HTTP/1."?" 200 "*) exec /bin/sh "$1.sh" ;;`,
  "*Via:*) ;;",
  `"HTTP/1."?" 403 Filtered"*) ${refusal("opened")} ;;`,
  "esac",
  'echo "opened: what $1 links to could not be fetched" >&2',
  "exit 125",
];

/**
 * Starts the server and the proxy before sshd, where their programs are there. Both are in a network namespace of their own, in which the server
 * listens on the loopback: the host reaches the proxy, and the server through the proxy alone. Both programs return when they listen.
 */
export const WEB_START = `if [ -x /usr/bin/tinyproxy ] && [ -x /usr/bin/busybox ]; then
  : > ${LOG}
  chown nobody ${LOG}
  unshare --net sh -ec 'ip link set lo up
ip link add eth0 type veth peer name web0 netns "$PPID"
ip addr add ${PROXY_ADDRESS}/30 dev eth0
ip link set eth0 up
/usr/bin/busybox httpd -p 127.0.0.1:80 -h ${FOLDER} -u nobody
/usr/bin/tinyproxy -c ${CONFIGURATION}' < /dev/null 3>&-
  ip addr add ${HOST_ADDRESS}/30 dev web0
  ip link set web0 up
fi`;
