import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const requirementsFile = resolve(import.meta.dirname, "../../lab/setup/requirements.json");

/** The list that the set-up reads. */
export const requirements = z
  .object({
    requirements: z.array(
      z.object({
        program: z.string(),
        package: z.string().nullable(),
        neededFor: z.array(z.string()),
        services: z.array(z.string()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(requirementsFile, "utf8"))).requirements;

/** What the demo of root needs. */
export const rootDemo = requirements.filter(
  ({ package: name, neededFor }) =>
    name !== null && neededFor.some((purpose) => purpose === "demo" || purpose === "lab"),
);

export interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** A machine in a folder: its programs, its package lists, its policy file, and an apt-get that writes down what it was asked. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), "tyrian-fake-machine-"));
  readonly bin = join(this.folder, "bin");
  readonly policy = join(this.folder, "policy-rc.d");
  readonly places = {
    policy: this.policy,
    lists: join(this.folder, "lists"),
    units: join(this.folder, "units"),
    lock: join(this.folder, "lock"),
    installDeadlineMs: 20_000,
  };

  constructor() {
    chmodSync(this.folder, 0o755);
    for (const folder of [this.bin, join(this.places.lists, "partial"), this.places.units])
      mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(this.places.lists, "deb.debian.org_dists_bookworm_main_binary-amd64_Packages.lz4"),
      "",
    );
    writeFileSync(join(this.places.units, "redis-server.service"), "");
    this.script("systemctl", `echo "systemctl $*" >> ${this.folder}/calls`);
    this.script("dpkg", `echo "dpkg $*" >> ${this.folder}/calls`);
  }

  script(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  /** The programs of these requirements are here. */
  have(wanted: readonly { program: string }[]): void {
    for (const { program } of wanted) this.script(program, "exit 0");
  }

  /**
   * An apt-get that notes its arguments and the policy at that moment; it then runs `onInstall`, and by default brings every
   * program of the demo.
   */
  aptGet(onInstall = ""): void {
    const programs = rootDemo.map(({ program }) => program).join(" ");
    this.script(
      "apt-get",
      `echo "apt-get $*" >> ${this.folder}/calls
case "$*" in *update*) exit 0;; esac
if [ -x ${this.policy} ]; then ${this.policy} ssh start; echo "policy $?" >> ${this.folder}/calls; else echo "policy absent" >> ${this.folder}/calls; fi
${onInstall}
for program in ${programs}; do printf '#!/bin/sh\\n' > ${this.bin}/$program; chmod 755 ${this.bin}/$program; done
echo "apt-get done" >> ${this.folder}/calls`,
    );
  }

  /** What was called, in order. */
  calls(): string[] {
    const file = join(this.folder, "calls");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  start(options: { uid?: number; asUser?: number } = {}): { child: ChildProcess; ended: Promise<Ended> } {
    const parameters = JSON.stringify({ uid: options.uid, bin: this.bin, places: this.places });
    const node = [process.execPath, join(import.meta.dirname, "prepare.mjs"), parameters];
    const asUser = ["setpriv", `--reuid=${options.asUser}`, "--clear-groups", "--"];
    const [program, ...rest] = options.asUser === undefined ? node : [...asUser, ...node];
    const environment = { ...process.env };
    delete environment["REDIS_URL"];
    const child = spawn(program ?? "", rest, { stdio: ["ignore", "ignore", "pipe"], env: environment });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, stderr }));
    });
    return { child, ended };
  }

  run(options: { uid?: number; asUser?: number } = {}): Promise<Ended> {
    return this.start(options).ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until a condition holds, at most ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
