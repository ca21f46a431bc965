import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why a program cannot be run here; null when it can. */
export function missing(program: string, packages = program): string | null {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH: PATHS } }).status === 0
    ? null
    : `${program} is not installed (apt-get install ${packages})`;
}

/** Servers live in sbin, which is not in everybody's PATH. */
const PATHS = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** Why rsyslog's module cannot be loaded here; null when it can. */
export function missingModule(name: string, packages: string): string | null {
  const found = [
    "/usr/lib/x86_64-linux-gnu/rsyslog",
    "/usr/lib/aarch64-linux-gnu/rsyslog",
    "/usr/lib64/rsyslog",
  ];
  return found.some((folder) => existsSync(join(folder, `${name}.so`)))
    ? missing("rsyslogd", "rsyslog")
    : `rsyslog's module ${name} is not installed (apt-get install ${packages})`;
}

/** A syslog-ng that can be started. */
export interface SyslogNg {
  readonly command: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * syslog-ng: that of this machine, else Debian's package unpacked in a folder, because it cannot be installed beside rsyslog.
 * @returns why there is none, in words
 */
export function findSyslogNg(): SyslogNg | string {
  const control = ["--foreground", "--no-caps"];
  if (missing("syslog-ng") === null)
    return { command: "syslog-ng", words: control, environment: { PATH: PATHS } };
  const root = join(tmpdir(), "tyrian-syslog-ng");
  const libraries = join(root, "usr/lib/syslog-ng");
  try {
    if (!existsSync(libraries)) {
      mkdirSync(root, { recursive: true });
      const quiet = { cwd: root, stdio: "ignore", timeout: 120_000 } as const;
      execFileSync(
        "apt-get",
        ["download", "syslog-ng-core", "syslog-ng-mod-http", "libivykis0", "libnet1"],
        quiet,
      );
      for (const archive of readdirSync(root).filter((file) => file.endsWith(".deb")))
        execFileSync("dpkg-deb", ["-x", archive, "."], quiet);
    }
    const [version = ""] = readdirSync(libraries).filter((name) => /^\d/.test(name));
    const command = join(root, "usr/sbin/syslog-ng");
    const shared = readdirSync(join(root, "usr/lib")).map((folder) => join(root, "usr/lib", folder));
    const environment = { PATH: PATHS, LD_LIBRARY_PATH: shared.join(":") };
    const started = spawnSync(command, ["--version"], { env: environment, encoding: "utf8" });
    if (started.status !== 0) return `syslog-ng does not start: ${started.stderr.split("\n")[0] ?? ""}`;
    return { command, words: [...control, `--module-path=${join(libraries, version)}`], environment };
  } catch {
    return "syslog-ng is not installed, and its package cannot be had (apt-get install syslog-ng-core)";
  }
}
