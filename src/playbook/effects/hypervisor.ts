import type { Effect } from "../../model/playbook.js";
import { need, type Scope, type Value } from "./finding.js";
import { texts, type Shell } from "./shell-operands.js";
import type { Word } from "./shell-word.js";

/**
 * The command lines of hypervisors: virsh of libvirt, and esxcli and vim-cmd of ESXi. Verbs that only show something are listed by name
 * or by form; whatever is not listed is not taken to be harmless.
 */

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/).filter((word) => word !== ""));
}

const shownByVirsh = set(`
  list dominfo domstate domstats domid domname domuuid domblklist domblkinfo domblkstat domiflist domifstat dommemstat domjobinfo
  vcpuinfo vcpucount dumpxml version uri hostname nodeinfo nodecpustats nodememstats capabilities domcapabilities cpu-models maxvcpus
  freecell pool-list vol-list net-list iface-list nwfilter-list nodedev-list snapshot-list secret-list help quit exit`);

const ofVirsh: readonly (readonly [ReadonlySet<string>, Effect, string])[] = [
  [set("secret-get-value secret-dumpxml"), "credentials", "shows a secret"],
  [set("migrate migrate-setspeed"), "network", "sends a domain to another host"],
  [
    set("autostart net-autostart pool-autostart iface-define net-define pool-define nwfilter-define"),
    "persistence",
    "sets what a later start of the host does",
  ],
  [
    set(`start suspend resume destroy shutdown reboot reset undefine define create edit save restore managedsave managedsave-remove dump
      setmem setmaxmem setvcpus inject-nmi send-key send-process-signal attach-device attach-disk attach-interface detach-device detach-disk
      detach-interface change-media update-device blockcopy blockcommit blockpull blockresize snapshot-create snapshot-create-as
      snapshot-delete snapshot-revert pool-create pool-destroy pool-delete pool-undefine vol-create vol-delete vol-wipe vol-upload
      net-create net-destroy net-undefine secret-define secret-undefine secret-set-value qemu-monitor-command qemu-agent-command domrename
      set-user-password guest-agent-timeout qemu-attach`),
    "destructive",
    "changes what the procedure did not create",
  ],
];

/** What may be done to a domain of the lab, and to nothing else. */
const ofLabDomain = set("start suspend resume destroy shutdown reset undefine");
const LAB_DOMAIN = /^tyrian-lab-\d+$/;
const LAB_DEFINITION = /^\/etc\/tyrian\/tyrian-lab-\d+\.xml$/;
/** Options that add nothing to that. */
const labOptions = set("--paused --graceful --domain");

/** Hypervisors of this host; `test:///default` is made up and forgotten at the end. */
const localConnections = set("qemu:///session qemu:///system test:///default");
const PLAIN = /^[\w./:=@,+-]+$/;

/** virsh: options, then one command, or a text of several; with neither, commands on standard input. */
export function virsh(shell: Shell, words: readonly Word[], stdin: Value): Value {
  const { scope } = shell;
  const at = words[0]?.at ?? 0;
  const given = texts(words.slice(1));
  if (given === null) {
    need(scope, "computed-code", "virsh is given a computed word", at);
    return null;
  }
  const rest = withoutConnection(scope, given, at);
  if (rest.length > 1) virshCommand(scope, rest, at);
  else if (rest.length === 1) virshText(scope, rest[0] as string, at);
  else if (!given.some((word) => /^(?:-[vVh]|--version.*|--help)$/.test(word))) {
    if (stdin === null) need(scope, "computed-code", "virsh reads commands that lint does not know", at);
    for (const text of stdin ?? []) virshText(scope, text, at);
  }
  return null;
}

function withoutConnection(scope: Scope, given: readonly string[], at: number): readonly string[] {
  let index = 0;
  for (; index < given.length; index += 1) {
    const word = given[index] as string;
    if (!word.startsWith("-")) break;
    const joined = /^--connect=(.*)$/.exec(word)?.[1];
    if (word === "-c" || word === "--connect" || joined !== undefined) {
      if (joined === undefined) index += 1;
      const to = joined ?? given[index] ?? "";
      if (!localConnections.has(to)) need(scope, "network", `virsh connects to "${to}"`, at);
    } else if (!/^(?:-[qrtvVh]|--quiet|--readonly|--timing|--version(?:=long)?|--help)$/.test(word)) {
      need(scope, "unknown-command", `the option ${word} of virsh is not known to be harmless`, at);
    }
  }
  return given.slice(index);
}

/** Commands as virsh reads them from a text, separated by semicolons and lines; what it would unquote is not followed. */
function virshText(scope: Scope, text: string, at: number): void {
  for (const command of text.split(/[;\n]/)) {
    const words = command.split(/\s+/).filter((word) => word !== "");
    if (words.length > 0) virshCommand(scope, words, at);
  }
}

function virshCommand(scope: Scope, [verb = "", ...rest]: readonly string[], at: number): void {
  if (![verb, ...rest].every((word) => PLAIN.test(word))) {
    need(scope, "computed-code", "lint does not read this text of virsh", at);
    return;
  }
  if (isOfLabDomain(verb, rest)) {
    need(scope, "lab-domain", `virsh ${verb} changes the state of a domain of the lab`, at);
    return;
  }
  if (verb === "dumpxml" && rest.includes("--security-info")) {
    need(scope, "credentials", "virsh dumpxml --security-info shows passwords", at);
  }
  if (shownByVirsh.has(verb)) return;
  const found = ofVirsh.find(([verbs]) => verbs.has(verb));
  if (found === undefined)
    need(scope, "unknown-command", `virsh ${verb} is not known to be harmless`, at, "virsh");
  else need(scope, found[1], `virsh ${verb} ${found[2]}`, at);
}

function isOfLabDomain(verb: string, rest: readonly string[]): boolean {
  const operands = rest
    .filter((word) => !labOptions.has(word))
    .map((word) => /^--domain=(.*)$/.exec(word)?.[1] ?? word);
  const [only, ...more] = operands;
  if (only === undefined || more.length > 0) return false;
  return verb === "define" ? LAB_DEFINITION.test(only) : ofLabDomain.has(verb) && LAB_DOMAIN.test(only);
}

/** Namespaces of esxcli in which also what is only shown is a secret. */
const secretsOfEsxcli = /\b(?:snmp|chap|encryption recovery|keypersistence|kerberos)\b/;
const changesByEsxcli = set(`
  set add remove delete create kill start stop restart enable disable load unload mount unmount reboot poweroff shutdown reload refresh
  rescan reclaim purge format expand detach attach resignature claim unclaim reset clear generate restore mark`);

/** esxcli and localcli: options for the connection, the words of a namespace, a verb, then options only. */
export function esxcli(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const at = words[0]?.at ?? 0;
  const given = texts(words.slice(1));
  if (given === null || !given.every((word) => PLAIN.test(word))) {
    need(scope, "computed-code", "esxcli is given a computed word", at);
    return null;
  }
  let first = 0;
  while (given[first]?.startsWith("-") === true) {
    const option = given[first] as string;
    first += option === "--formatter" ? 2 : 1;
    if (!/^(?:--formatter(?:=\w+)?|--debug|--help|--version)$/.test(option))
      need(scope, "network", `esxcli ${option} may connect to another host`, at);
  }
  const end = given.findIndex((word, index) => index >= first && word.startsWith("-"));
  const names = given.slice(first, end === -1 ? given.length : end);
  const verb = names.at(-1) ?? "";
  const shown = `esxcli ${names.join(" ")}`;
  if (secretsOfEsxcli.test(names.join(" "))) need(scope, "credentials", `${shown} may show a secret`, at);
  if (names.includes("sources") || names.includes("diag"))
    need(scope, "network", `${shown} uses the network`, at);
  if (names.length === 0 || verb === "list" || verb === "get") return null;
  if (names[0] === "software") need(scope, "persistence", `${shown} changes what the host starts with`, at);
  else if (changesByEsxcli.has(verb)) need(scope, "destructive", `${shown} changes the host`, at);
  else need(scope, "unknown-command", `${shown} is not known to be harmless`, at, "esxcli");
  return null;
}

const SHOWN_BY_VIM_CMD =
  /^(?:help|vmsvc\/(?:getallvms|get\.[\w.]+|power\.getstate|snapshot\.get|device\.getdevices)|hostsvc\/(?:hostsummary|hosthardware|hostconfig|runtimeinfo|net\/info|datastore\/listsummary|summary\/\w+)|vimsvc\/(?:task_list|property_types))$/;
const CHANGES_BY_VIM_CMD =
  /^(?:vmsvc\/(?:power\.|destroy|unregister|snapshot\.|createdummyvm|relocate|reload|upgrade|tools\.|device\.|disk|devices\/|setscreenres)|hostsvc\/(?:enable_|disable_|start_|stop_|maintenance_mode_|reboot|refresh_|datastore\/|vmotion\/|advopt\/update|autostartmanager\/)|solo\/|internalsvc\/)/;

/** vim-cmd: a command with slashes, and what it is about. */
export function vimCmd(shell: Shell, words: readonly Word[]): Value {
  const { scope } = shell;
  const at = words[0]?.at ?? 0;
  const given = texts(words.slice(1));
  if (given === null || !given.every((word) => PLAIN.test(word))) {
    need(scope, "computed-code", "vim-cmd is given a computed word", at);
    return null;
  }
  const [verb = "help"] = given;
  if (SHOWN_BY_VIM_CMD.test(verb)) return null;
  if (verb === "vimsvc/license") need(scope, "credentials", "vim-cmd vimsvc/license shows keys", at);
  else if (CHANGES_BY_VIM_CMD.test(verb)) {
    need(scope, "destructive", `vim-cmd ${verb} changes what the procedure did not create`, at);
  } else need(scope, "unknown-command", `vim-cmd ${verb} is not known to be harmless`, at, "vim-cmd");
  return null;
}
