import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { TyrianError } from "../../errors.js";
import { makeHostFolder, OPERATOR, writeHostFile } from "./accounts.js";
import { must } from "./commands.js";

export interface SkeletonOptions {
  readonly kind: "root" | "rootless";
  /** The lab's folder. */
  readonly folder: string;
  readonly token: string;
}

/** What of the machine's /etc a host gets: what programs need in order to start. Nothing else is there. */
const allowed = [
  "alternatives",
  "debian_version",
  "fonts",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "libreoffice",
  "localtime",
  "login.defs",
  "lsb-release",
  "os-release",
  "protocols",
  "python3",
  "services",
  "shells",
  "ssl/openssl.cnf",
  "terminfo",
];

/** Copies a file, a link, or a folder of these; what not everybody may read is left out. */
function copyReadable(from: string, to: string): void {
  const entry = lstatSync(from, { throwIfNoEntry: false });
  if (entry === undefined) return;
  mkdirSync(dirname(to), { recursive: true });
  if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (entry.isDirectory()) {
    mkdirSync(to, { recursive: true, mode: 0o755 });
    for (const name of readdirSync(from)) copyReadable(join(from, name), join(to, name));
  } else if (entry.isFile() && (entry.mode & 0o004) !== 0) copyFileSync(from, to);
}

function sshdConfiguration(kind: "root" | "rootless"): string {
  const lines = [
    "Port 22",
    "HostKey /etc/ssh/host_key",
    "PidFile none",
    `UsePAM ${kind === "root" ? "yes" : "no"}`,
    "PubkeyAuthentication yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin no",
    `AllowUsers ${OPERATOR}`,
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "MaxSessions 100",
    "MaxStartups 200",
    "Subsystem sftp internal-sftp",
  ];
  // Everything in a rootless host belongs to one uid, which sshd takes for an insecure mode.
  if (kind === "rootless") lines.push("StrictModes no");
  return `${lines.join("\n")}\n`;
}

/** Links such as /bin -> usr/bin. A machine that keeps programs outside /usr cannot be a host's lower layer. */
function linkIntoUsr(root: string): void {
  for (const name of ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]) {
    const entry = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (entry === undefined) continue;
    if (!entry.isSymbolicLink()) {
      throw new TyrianError("lab-failed", `/${name} is not a link into /usr on this machine`, {
        hint: "The embedded lab needs a distribution with a merged /usr.",
      });
    }
    symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
}

/**
 * Makes the folders that all hosts share: `skeleton`, the root without /usr and without users, and
 * `usr-local`, their /usr/local. A host shows this and nothing else, so what is not named here is not there.
 * @throws TyrianError `lab-failed` when this machine cannot be the lower layer of a host.
 */
export async function makeSkeleton(options: SkeletonOptions): Promise<void> {
  const root = join(options.folder, "skeleton");
  const write = (path: string, text: string, mode?: number): void => writeHostFile(root, path, text, mode);
  const folder = (path: string, mode: number): void => makeHostFolder(root, path, mode);
  folder("", 0o755);
  linkIntoUsr(root);
  for (const name of allowed) copyReadable(`/etc/${name}`, join(root, "etc", name));
  for (const path of [
    "usr",
    "proc",
    "sys/fs/cgroup",
    "home",
    "mnt",
    "opt",
    "srv",
    "var/log",
    "var/lib",
    "var/empty/sshd",
    "run/sshd",
  ]) {
    folder(path, 0o755);
  }
  for (const path of ["tmp", "var/tmp", "dev/shm", "run/lock"]) folder(path, 0o1777);
  folder("root", 0o700);
  folder("dev/pts", 0o755);
  write(
    "etc/nsswitch.conf",
    "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n",
  );
  write("etc/profile", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\nexport PATH\n");
  write("etc/environment", "");
  // pam_loginuid gives the session its audit number; each further module would cost programs at each login.
  write(
    "etc/pam.d/sshd",
    "auth required pam_deny.so\naccount required pam_unix.so\npassword required pam_deny.so\nsession required pam_loginuid.so\n",
  );
  write(
    "etc/pam.d/other",
    ["auth", "account", "password", "session"].map((type) => `${type} required pam_deny.so\n`).join(""),
  );
  write("etc/ssh/sshd_config", sshdConfiguration(options.kind));
  write("etc/tyrian/lab-token", `${options.token}\n`, 0o444);
  for (const [name, target] of Object.entries({
    ptmx: "pts/ptmx",
    fd: "/proc/self/fd",
    stdin: "/proc/self/fd/0",
    stdout: "/proc/self/fd/1",
    stderr: "/proc/self/fd/2",
  })) {
    symlinkSync(target, join(root, "dev", name));
  }
  await makeDevices(options.kind, root);
  makeUsrLocal(options.folder);
}

/** Devices that programs take for granted. */
export const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

/** A root lab has device nodes of its own; a user cannot make any, so they are mounted over empty files. */
async function makeDevices(kind: "root" | "rootless", root: string): Promise<void> {
  if (kind === "root") {
    await must("cp", ["-a", ...DEVICES.map((name) => `/dev/${name}`), join(root, "dev")]);
    // Whatever modes a locked-down machine gives them.
    for (const name of DEVICES) chmodSync(join(root, "dev", name), 0o666);
  } else for (const name of DEVICES) writeFileSync(join(root, "dev", name), "");
}

/**
 * /usr/local is the machine owner's, so a host has this folder there instead. Only `node` is in it, and only where the
 * distribution has none.
 */
function makeUsrLocal(folder: string): void {
  const programs = join(folder, "usr-local", "bin");
  mkdirSync(programs, { recursive: true, mode: 0o755 });
  if (statSync("/usr/bin/node", { throwIfNoEntry: false }) !== undefined) return;
  const copy = join(programs, "node");
  try {
    linkSync(process.execPath, copy);
  } catch {
    copyFileSync(process.execPath, copy);
    chmodSync(copy, 0o755);
  }
}
