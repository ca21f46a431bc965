import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const repository = resolve(import.meta.dirname, "../..");

/** Why this machine cannot bring a machine of the Vagrantfile up; null when it can. */
export function whyNoMachine(): string | null {
  if (process.getuid?.() !== 0) return "it needs root, for namespaces of its own";
  const needed = {
    vagrant: "vagrant vagrant-libvirt",
    libvirtd: "libvirt-daemon libvirt-daemon-driver-qemu",
  };
  const more = { virsh: "libvirt-clients", dnsmasq: "dnsmasq-base", mmdebstrap: "mmdebstrap" };
  const rest = { "qemu-img": "qemu-utils", "qemu-system-x86_64": "qemu-system-x86" };
  const absent = Object.entries({ ...needed, ...more, ...rest }).flatMap(([program, packages]) =>
    spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin; command -v ${program}`]).status === 0 ? [] : [packages],
  );
  if (absent.length === 0) return null;
  return `programs are absent (apt-get install --no-install-recommends ${absent.join(" ")})`;
}

export interface Said {
  readonly status: number | null;
  /** Both streams, in the order in which they came. */
  readonly text: string;
}

/** A libvirtd of its own (house.sh), and commands that run where it does. */
export class House {
  readonly #starter: ChildProcess;
  readonly #pid: number;
  readonly #environment: Record<string, string>;

  private constructor(starter: ChildProcess, pid: number, folder: string) {
    this.#starter = starter;
    this.#pid = pid;
    this.#environment = {
      ...{ PATH: process.env["PATH"] ?? "", HOME: folder, LC_ALL: "C.UTF-8" },
      ...{ VAGRANT_HOME: join(folder, "vagrant.d"), VAGRANT_DOTFILE_PATH: join(folder, "dot") },
      ...{ VAGRANT_CHECKPOINT_DISABLE: "1", VAGRANT_DEFAULT_PROVIDER: "libvirt" },
      ...{ TYRIAN_LAB_LINUX_BOX: "tyrian/debian12", TYRIAN_LAB_LINUX_MEMORY: "768" },
      // Emulated everywhere: a /dev/kvm that opens may still refuse a machine.
      TYRIAN_LAB_LIBVIRT_DRIVER: "qemu",
      XDG_STATE_HOME: join(folder, "state"),
    };
  }

  static async start(folder: string): Promise<House> {
    const script = join(import.meta.dirname, "house.sh");
    const errors = openSync(join(folder, "house.err"), "w");
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const starter = spawn("unshare", [...namespaces, "sh", script, folder], {
      stdio: ["pipe", "pipe", errors],
      cwd: "/",
    });
    const lines = createInterface({ input: starter.stdout as NonNullable<typeof starter.stdout> });
    const ready = await new Promise<boolean>((done) => {
      lines.on("line", (line) => line === "ready" && done(true));
      starter.on("exit", () => done(false));
    });
    if (!ready) throw new Error(`house.sh failed: ${readFileSync(join(folder, "house.err"), "utf8")}`);
    const child = readFileSync(`/proc/${starter.pid}/task/${starter.pid}/children`, "utf8").trim();
    return new House(starter, Number(child), folder);
  }

  /** Starts a command in the house, in the repository's folder. */
  spawn(command: string, words: readonly string[]): ChildProcess {
    const where = ["--target", String(this.#pid), "--mount", "--net", "--pid"];
    return spawn("nsenter", [...where, `--wd=${repository}`, command, ...words], {
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs a command in the house to its end. */
  run(command: string, words: readonly string[]): Promise<Said> {
    return new Promise((done, failed) => {
      const child = this.spawn(command, words);
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.on("error", failed);
      child.on("close", (status) => done({ status, text }));
    });
  }

  vagrant(...words: string[]): Promise<Said> {
    return this.run("vagrant", words);
  }

  tyrian(...words: string[]): Promise<Said> {
    return this.run(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...words]);
  }

  /** Ends libvirtd and everything that was started in the house: they are of one process namespace. */
  async stop(): Promise<void> {
    if (this.#starter.exitCode !== null) return;
    const ended = new Promise((done) => this.#starter.once("exit", done));
    this.#starter.stdin?.end();
    const late = setTimeout(() => this.#starter.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }
}
