import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TyrianError } from "../../errors.js";
import { makeHostFolder, writeAccounts, writeHostFile } from "./accounts.js";
import { commandEnvironment } from "./commands.js";
import { KEYSTONE_LOG_FOLDER } from "./keystone/names.js";
import { KEYSTONE_START } from "./keystone/start.js";
import { LOG_FOLDER as API_LOG_FOLDER } from "./hypervisor/names.js";
import { HYPERVISOR_START } from "./hypervisor/start.js";
import { prepareMitigations } from "./mitigations/files.js";
import { WRITABLE } from "./mitigations/names.js";
import { DOCUMENTS_START } from "./mitigations/documents.js";
import { MITIGATIONS_START, withoutExec } from "./mitigations/start.js";
import { WEB_START } from "./mitigations/web.js";
import { procMounts } from "./proc-mounts.js";
import { listensOnSsh, startTicksOf } from "./processes.js";
import { LOG_FOLDER, VTYSH } from "./router/names.js";
import { ROUTER_START } from "./router/start.js";
import { MARKER, type LabPlace } from "./state.js";
import type { LabHost, LabState } from "./types.js";
import { LOGIN_SHELL, LOGIN_SHELL_TEXT } from "./wine/login-shell.js";
import { PREFIX } from "./wine/names.js";
import { WINE_START } from "./wine/start.js";

/**
 * What a host's root keeps of root's power: enough for sshd, log-ins and `su`, nothing that reaches the machine
 * (no mounts, devices, modules, tracing, clock, or interfaces).
 */
const CAPABILITIES = [
  ...["chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"],
  ...["net_bind_service", "net_raw", "sys_chroot", "audit_write", "audit_control"],
];

const BASH = "/bin/bash";

/** A host's files may grow to this; they are in memory and go with the host. */
const STORE_SIZE = "512m";

export function hostFolder(place: LabPlace, host: Pick<LabHost, "name">): string {
  return join(place.folder, "hosts", host.name);
}

/**
 * The start of a host, as its first process, in namespaces of its own. Two overlays, /  and /usr, whose device numbers
 * tell the host's execs from all others'; then the machine's root is let go, and with it every path to the machine. From when a
 * host says that it has started, its execs are recorded: a hypervisor says so when its domains are there, and a host of the
 * mitigations when its web is, so that their start is no event of it.
 */
const START = `set -e
folder=$1 name=$2 address=$3 sshd=$4 profile=$5 operator=$6
exec 3> "$folder/started"
trap 'echo failed >&3' EXIT
read -r pid rest < /proc/self/stat
ip -batch - <<END
link set lo up
addr add $address/16 dev eth0
link set eth0 up
END
mount -t tmpfs -o mode=755,size=${STORE_SIZE} tyrian-store "$folder/store"
mkdir "$folder/store/root" "$folder/store/root-work" "$folder/store/usr" "$folder/store/usr-work"
mount -a -T "$folder/fstab"
echo "$name" > /proc/sys/kernel/hostname
while read -r id parent device source point rest; do
  case $point in
  "$folder/root") root=$device ;;
  "$folder/root/usr") usr=$device ;;
  esac
done < /proc/self/mountinfo
has_started() {
  echo "$pid $root $usr end" >&3
  trap - EXIT
  exec 3>&-
}
case $profile in
hypervisor | mitigations | mitigated) ;;
*) has_started ;;
esac
cd "$folder/root"
pivot_root . mnt
cd /
umount -l /mnt
if [ "$profile" = windows-wine ]; then
${WINE_START}
fi
if [ "$profile" = network ]; then
${ROUTER_START}
fi
if [ "$profile" = cloud ]; then
${KEYSTONE_START}
fi
if [ "$profile" = mitigated ]; then
${MITIGATIONS_START}
fi
case $profile in
mitigations | mitigated)
${WEB_START}
${DOCUMENTS_START}
has_started
;;
hypervisor)
${HYPERVISOR_START}
has_started
;;
esac
exec setpriv --bounding-set=-all${CAPABILITIES.map((name) => `,+${name}`).join("")} "$sshd" -D -f /etc/ssh/sshd_config -E /var/log/sshd.log < /dev/null > /dev/null
`;

function mountTable(place: LabPlace, host: LabHost): string {
  const folder = hostFolder(place, host);
  const root = `${folder}/root`;
  const store = `${folder}/store`;
  const lower = `${folder}/layer:${place.folder}/skeleton`;
  return [
    `tyrian ${root} overlay lowerdir=${lower},upperdir=${store}/root,workdir=${store}/root-work 0 0`,
    `tyrian ${root}/usr overlay nodev,lowerdir=/usr,upperdir=${store}/usr,workdir=${store}/usr-work 0 0`,
    `${place.folder}/usr-local ${root}/usr/local none bind,ro,nodev 0 0`,
    ...procMounts(root),
    // No control groups: empty, but of a file system that container runtimes know there.
    `tmpfs ${root}/sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,mode=755,size=4k 0 0`,
    `devpts ${root}/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5 0 0`,
    ...(host.profile === "windows-wine"
      ? [`${folder}/prefix ${root}/${PREFIX} none bind,nosuid,nodev 0 0`]
      : []),
    ...(host.profile === "network"
      ? [`${folder}/router-log ${root}${LOG_FOLDER} none bind,nosuid,nodev 0 0`]
      : []),
    ...(host.profile === "cloud"
      ? [`${folder}/keystone-log ${root}${KEYSTONE_LOG_FOLDER} none bind,nosuid,nodev 0 0`]
      : []),
    ...(host.mitigated ? withoutExec(root, WRITABLE) : []),
    ...(host.profile === "hypervisor"
      ? [`${folder}/libvirt-log ${root}${API_LOG_FOLDER} none bind,nosuid,nodev 0 0`]
      : []),
    "",
  ].join("\n");
}

/** Writes the files that a host does not share with the others: its name, its key, its users. */
export function prepareHost(
  place: LabPlace,
  host: LabHost,
  options: { readonly kind: LabState["kind"]; readonly privateKey: string; readonly operatorKey: string },
): void {
  const folder = hostFolder(place, host);
  for (const name of ["root", "store"]) makeHostFolder(folder, name, 0o755);
  const layer = join(folder, "layer");
  writeHostFile(layer, "etc/hostname", `${host.name}\n`);
  writeHostFile(layer, "etc/hosts", `127.0.0.1 localhost\n${host.address} ${host.name}\n`);
  writeHostFile(layer, "etc/ssh/host_key", options.privateKey, 0o600);
  const windows = host.profile === "windows-wine";
  if (windows) writeHostFile(layer, LOGIN_SHELL.slice(1), LOGIN_SHELL_TEXT, 0o755);
  const shell = {
    ...{ "windows-wine": LOGIN_SHELL, network: VTYSH },
    ...{ linux: BASH, hypervisor: BASH, cloud: BASH, mitigations: BASH },
  }[host.profile];
  writeAccounts(layer, options.kind, host.operator, options.operatorKey, shell);
  if (host.profile === "mitigations") prepareMitigations(layer, host);
}

/**
 * Starts hosts, detached from this process: one shell starts them all and ends, because starting each from here costs
 * a copy of this process's page tables.
 */
export function launchHosts(place: LabPlace, hosts: readonly LabHost[], sshd: string): void {
  const start = join(place.folder, "start.sh");
  writeFileSync(start, START);
  for (const host of hosts) {
    const folder = hostFolder(place, host);
    writeFileSync(join(folder, "fstab"), mountTable(place, host));
  }
  const lines = hosts.map((host) => {
    const folder = hostFolder(place, host);
    const inNamespaces = `nsenter --net=/run/netns/${place.prefix}${host.name} unshare --mount --propagation private --uts --ipc --pid --fork --kill-child`;
    return `${inNamespaces} /bin/sh ${start} ${folder} ${host.name} ${host.address} ${sshd} ${host.mitigated ? "mitigated" : host.profile} ${String(host.operator)} > ${folder}/start.log 2>&1 &\n`;
  });
  const launch = join(place.folder, "launch.sh");
  writeFileSync(launch, lines.join(""));
  launchDetached(place, launch, []);
}

/** Runs a shell script that outlives this process and carries the lab's marker. */
export function launchDetached(place: LabPlace, script: string, parameters: readonly string[]): void {
  const log = openSync(join(place.folder, "launch.log"), "a", 0o600);
  try {
    const child = spawn("/bin/sh", [script, ...parameters], {
      detached: true,
      stdio: ["ignore", log, log],
      env: commandEnvironment({ [MARKER]: place.id }),
      cwd: "/",
    });
    // A shell that cannot be started shows as a host that does not start.
    child.on("error", () => undefined);
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** A host that has made its mounts: its first process and the minor device numbers of its two overlays. */
export interface StartedHost {
  readonly host: LabHost;
  readonly minors: readonly string[];
}

/** The last of what a host, or with null the lab's start, wrote; null when that is nothing. */
export function logOf(place: LabPlace, host: LabHost | null): string | null {
  const ofHost = host === null ? [] : [join(hostFolder(place, host), "start.log")];
  for (const file of [...ofHost, join(place.folder, "launch.log")]) {
    try {
      const text = readFileSync(file, "utf8").trim();
      if (text !== "") return text.slice(-500);
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * Waits until every host has made its mounts.
 * @throws TyrianError `lab-failed` with the host's own words when one has not by the deadline (by `performance.now()`).
 */
export async function waitStarted(
  place: LabPlace,
  hosts: readonly LabHost[],
  deadline: number,
  signal?: AbortSignal,
): Promise<StartedHost[]> {
  const started: StartedHost[] = [];
  for (const host of hosts) {
    for (;;) {
      let text = "";
      try {
        text = readFileSync(join(hostFolder(place, host), "started"), "utf8");
      } catch {
        // not yet
      }
      const match = /^(\d+) 0:(\d+) 0:(\d+) end\n$/.exec(text);
      if (match !== null) {
        const pid = Number(match[1]);
        const startTicks = startTicksOf(pid);
        if (startTicks === null)
          throw new TyrianError(
            "lab-failed",
            `host ${host.name} ended at once: ${logOf(place, host) ?? "it said nothing"}`,
          );
        started.push({
          host: { ...host, pid, startTicks },
          minors: [match[2] as string, match[3] as string],
        });
        break;
      }
      if (text === "failed\n" || performance.now() > deadline) {
        throw new TyrianError(
          "lab-failed",
          `host ${host.name} did not start: ${logOf(place, host) ?? "it said nothing"}`,
        );
      }
      await sleep(10, undefined, { signal });
    }
  }
  return started;
}

/**
 * Waits until sshd listens on every host.
 * @throws TyrianError `lab-failed`.
 */
export async function waitListening(
  place: LabPlace,
  hosts: readonly LabHost[],
  deadline: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const host of hosts) {
    while (!listensOnSsh(host.pid ?? 0)) {
      if (performance.now() > deadline || startTicksOf(host.pid ?? 0) === null) {
        throw new TyrianError(
          "lab-failed",
          `sshd of host ${host.name} does not listen: ${logOf(place, host) ?? "it said nothing"}`,
        );
      }
      await sleep(10, undefined, { signal });
    }
  }
}
