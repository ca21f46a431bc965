import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TyrianError } from "../../errors.js";
import { ROOTLESS_OPERATOR } from "./accounts.js";
import { findProgram } from "./commands.js";
import { hostFolder, launchDetached, logOf } from "./host.js";
import { procMounts } from "./proc-mounts.js";
import { allProcesses, labProcesses, startTicksOf } from "./processes.js";
import { DEVICES } from "./skeleton.js";
import type { LabPlace } from "./state.js";
import type { LabHost, LabState } from "./types.js";

/**
 * The process that holds a rootless lab: root of a user namespace that is mapped to the one user who started it, first
 * of a pid namespace, so that its end is the end of everything. The network namespaces have names on a /run of its own.
 */
const SUPERVISE = `set -e
lab=$1
trap 'echo failed > "$lab/supervisor"' EXIT
read -r pid rest < /proc/self/stat
mount -t tmpfs -o mode=755 tyrian-run /run
mkdir /run/netns
ip -batch "$lab/namespaces.batch"
ip -batch "$lab/bridge.batch"
. "$lab/hosts.sh"
echo "$pid end" > "$lab/supervisor"
while :; do wait; sleep 3600 & done
`;

/**
 * The start of a rootless host. An overlay of the machine's root is refused to users, so the root is a copy of the
 * skeleton in memory with the machine's /usr mounted into it read-only. The tracer is started inside the host's pid
 * namespace, because process numbers in its log are then the host's own.
 */
const START = `set -e
folder=$1 name=$2 address=$3 lab=$4 strace=$5 sshd=$6
trap 'echo failed > "$folder/started"' EXIT
read -r pid rest < /proc/self/stat
exec 9>> "$folder/strace.log"
hostname "$name"
ip -batch - <<END
link set lo up
addr add $address/16 dev eth0
link set eth0 up
END
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
mount -t tmpfs -o mode=755,size=512m tyrian-store "$folder/root"
cp -a "$lab/skeleton/." "$folder/layer/." "$folder/root/"
mount -a -T "$folder/fstab"
echo "$pid 0:0 0:0 end" > "$folder/started"
cd "$folder/root"
pivot_root . mnt
cd /
umount -l /mnt
exec unshare --user --map-user=${String(ROOTLESS_OPERATOR)} --map-group=${String(ROOTLESS_OPERATOR)} \\
  "$strace" -f -D --seccomp-bpf -ttt -s 200000 -e trace=execve,execveat,clone,clone3,fork,vfork -e signal=none \\
  -o /proc/self/fd/9 "$sshd" -D -f /etc/ssh/sshd_config -E /var/log/sshd.log < /dev/null > /dev/null
`;

/** Flags of the mount that /usr is on: a user may add to them when mounting it again but may not leave any out. */
function flagsOfUsr(): string {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , , , point = ""]) => point === "/" || point === "/usr")
    .sort((a, b) => (a[4] as string).length - (b[4] as string).length);
  const flags = (mounts.at(-1)?.[5] ?? "").split(",");
  return flags
    .filter((flag) => /^(nosuid|nodev|noexec|noatime|nodiratime|relatime)$/.test(flag))
    .map((flag) => `,${flag}`)
    .join("");
}

function mountTable(place: LabPlace, folder: string): string {
  const root = `${folder}/root`;
  return [
    `/usr ${root}/usr none rbind,ro${flagsOfUsr()} 0 0`,
    `${place.folder}/usr-local ${root}/usr/local none bind,ro${flagsOfUsr()} 0 0`,
    ...procMounts(root),
    ...DEVICES.map((name) => `/dev/${name} ${root}/dev/${name} none bind 0 0`),
    `devpts ${root}/dev/pts devpts newinstance,ptmxmode=0666,mode=620 0 0`,
    "",
  ].join("\n");
}

/** Writes what the supervisor reads, and starts it, detached from this process. */
export function launchRootless(place: LabPlace, hosts: readonly LabHost[]): void {
  const write = (name: string, lines: readonly string[]): void => {
    writeFileSync(join(place.folder, name), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  };
  for (const host of hosts) {
    mkdirSync(hostFolder(place, host), { recursive: true, mode: 0o700 });
    writeFileSync(join(hostFolder(place, host), "fstab"), mountTable(place, hostFolder(place, host)));
    writeFileSync(host.log as string, "", { mode: 0o600 });
  }
  write(
    "namespaces.batch",
    hosts.map((host) => `netns add ${host.name}`),
  );
  write("bridge.batch", [
    ...["link set lo up", "link add br0 type bridge", "addr add 10.78.255.254/16 dev br0", "link set br0 up"],
    ...hosts.flatMap((host) => [
      `link add v${host.name} type veth peer name eth0 netns ${host.name}`,
      `link set v${host.name} master br0 up`,
    ]),
  ]);
  const start = join(place.folder, "start.sh");
  const programs = `${findProgram("strace") as string} ${findProgram("sshd") as string}`;
  writeFileSync(start, START);
  write(
    "hosts.sh",
    hosts.map((host) => {
      const folder = hostFolder(place, host);
      const inNamespaces = `nsenter --net=/run/netns/${host.name} unshare --mount --uts --ipc --pid --fork --kill-child`;
      return `${inNamespaces} /bin/sh ${start} ${folder} ${host.name} ${host.address} ${place.folder} ${programs} > ${folder}/start.log 2>&1 &`;
    }),
  );
  const supervise = join(place.folder, "supervise.sh");
  writeFileSync(supervise, SUPERVISE);
  write("launch.sh", [
    `exec unshare --user --map-root-user --net --mount --ipc --pid --fork --kill-child /bin/sh ${supervise} ${place.folder}`,
  ]);
  launchDetached(place, join(place.folder, "launch.sh"), []);
}

/**
 * Waits for the process that holds the lab.
 * @throws TyrianError `lab-failed` with its words when it is not there by the deadline (by `performance.now()`).
 */
export async function waitSupervisor(
  place: LabPlace,
  deadline: number,
  signal?: AbortSignal,
): Promise<NonNullable<LabState["supervisor"]>> {
  for (;;) {
    let text = "";
    try {
      text = readFileSync(join(place.folder, "supervisor"), "utf8");
    } catch {
      // not yet
    }
    const pid = Number(/^(\d+) end\n$/.exec(text)?.[1] ?? 0);
    const startTicks = pid === 0 ? null : startTicksOf(pid);
    if (startTicks !== null) return { pid, startTicks };
    const said = logOf(place, null);
    // `unshare` itself may be refused; then there is nothing but its complaint.
    const refused = said !== null && labProcesses(place).length === 0;
    if (text === "failed\n" || refused || performance.now() > deadline) {
      throw new TyrianError("lab-failed", `the rootless lab did not start: ${said ?? "it said nothing"}`, {
        hint: "It needs user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor).",
      });
    }
    await sleep(10, undefined, { signal });
  }
}

/** The process that traces a rootless host, or null when there is none. */
export function tracerOf(host: LabHost): number | null {
  if (host.log === null || host.pid === null || startTicksOf(host.pid) !== host.startTicks) return null;
  try {
    const tracer = Number(
      /^TracerPid:\s*(\d+)/m.exec(readFileSync(`/proc/${String(host.pid)}/status`, "utf8"))?.[1] ?? 0,
    );
    return tracer > 0 && allProcesses().includes(tracer) ? tracer : null;
  } catch {
    return null;
  }
}
