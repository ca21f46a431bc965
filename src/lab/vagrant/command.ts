import { existsSync } from "node:fs";
import { execa } from "execa";
import { TyrianError } from "../../errors.js";

/** Milliseconds that Vagrant has: it loads its plugins and asks the hypervisor of each machine. */
const DEADLINE_MS = 120_000;

export interface VagrantPlace {
  /** The folder of the Vagrantfile. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** What a call of Vagrant printed to its standard output, whether it succeeded, and the end of what it complained of. */
export interface Said {
  readonly ok: boolean;
  readonly stdout: string;
  readonly complaint: string;
}

/**
 * Runs Vagrant in the folder of a Vagrantfile. It gets the caller's environment, which says where Vagrant keeps its things.
 * @throws TyrianError `requirement-missing` without Vagrant, `vagrant-failed` when it does not end in time; an aborted
 * signal rejects with its reason.
 */
export async function vagrant(place: VagrantPlace, words: readonly string[]): Promise<Said> {
  const { environment, folder, signal } = place;
  signal.throwIfAborted();
  if (!existsSync(folder)) throw new TyrianError("vagrant-failed", `there is no folder ${folder}`);
  const result = await execa("vagrant", words, {
    reject: false,
    extendEnv: false,
    env: { ...environment, VAGRANT_CHECKPOINT_DISABLE: "1", VAGRANT_NO_COLOR: "1" },
    cwd: folder,
    stdin: "ignore",
    timeout: DEADLINE_MS,
    forceKillAfterDelay: 5_000,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (result.code === "ENOENT") {
    throw new TyrianError("requirement-missing", "there is no program vagrant on this machine", {
      hint: "Install it (https://developer.hashicorp.com/vagrant/install, or apt-get install vagrant vagrant-libvirt).",
    });
  }
  if (result.timedOut) {
    throw new TyrianError(
      "vagrant-failed",
      `vagrant ${words.join(" ")} did not end within ${DEADLINE_MS / 1000} s`,
    );
  }
  return { ok: !result.failed, stdout: result.stdout, complaint: lastWords(result.stderr) };
}

/** What Vagrant says of a failure stands at the end. */
function lastWords(text: string): string {
  const said = text.trim().replace(/\s+/g, " ");
  return said.length > 600 ? `...${said.slice(-600)}` : said;
}
