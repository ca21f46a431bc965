import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { TyrianError, messageOf } from "../errors.js";
import { importVagrant, type VagrantImport } from "../lab/vagrant/index.js";
import type { ImportedMachine } from "../lab/vagrant/machine.js";
import { counted, plain } from "../report/text.js";
import type { Output } from "./output.js";

export interface ImportRequest {
  readonly folder: string;
  readonly out: string;
  readonly platforms: readonly string[];
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Imports the machines of a Vagrantfile and writes the inventory, and beside it a file for each password that only its owner
 * may read.
 * @throws TyrianError as `importVagrant`; `file-unreadable` when a file cannot be written.
 */
export async function writeVagrantInventory(request: ImportRequest): Promise<VagrantImport> {
  const imported = await importVagrant({
    folder: resolve(request.folder),
    environment: process.env,
    signal: request.signal,
    platforms: request.platforms,
    token: request.token,
  });
  const folder = dirname(resolve(request.out));
  for (const [name, password] of imported.passwords) writePrivate(join(folder, name), `${password}\n`);
  writePrivate(
    resolve(request.out),
    `# Written by \`tyrian lab import vagrant\`.\n${stringify(imported.inventory, { lineWidth: 0 })}`,
  );
  return imported;
}

/** Written whole and put in place at once, for its owner alone. */
function writePrivate(file: string, text: string): void {
  const folder = dirname(file);
  const written = join(folder, `.${basename(file)}.${randomBytes(6).toString("hex")}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(written, text, { mode: 0o600, flag: "wx" });
    renameSync(written, file);
  } catch (error) {
    throw new TyrianError("file-unreadable", `${file} cannot be written: ${messageOf(error)}`);
  }
}

/** Says what was imported and what the inventory rests on. */
export function reportImport(output: Output, imported: VagrantImport, out: string): void {
  const { leftOut, machines, passwords } = imported;
  output.data(`${counted(machines.length, "target")} in ${plain(out)}`);
  for (const machine of machines) output.data(`  ${plain(lineOf(machine))}`);
  for (const { name, reason } of leftOut) output.data(`  left out: ${plain(`${name} (${reason})`)}`);
  const pinned = machines.filter(({ fingerprint }) => fingerprint !== null);
  if (pinned.length > 0) {
    output.note(
      "host keys are pinned as the machines showed them just now, over loopback or a private network; compare them on the machines if that is not enough",
    );
  }
  for (const name of passwords.keys()) {
    output.note(`the password is in ${plain(join(dirname(out), name))}, which only you may read`);
  }
  for (const { target, telemetry } of machines) {
    output.note(
      telemetry === null
        ? `${target.name}: no telemetry of it can be read yet, so detections there are undecided`
        : `${target.name}: its telemetry is read from ${plain(join(dirname(out), telemetry.file))}; have it shipped there (lab/vagrant/README.md)`,
    );
  }
  output.note(`next: \`tyrian run --lab ${plain(out)}\``);
}

function lineOf({ target, fingerprint }: ImportedMachine): string {
  const { transport } = target;
  if (transport.type === "local" || transport.type === "powershell")
    return `${target.name} ${target.platform}`;
  const user =
    transport.type === "winrm" && "user" in transport.authentication ? transport.authentication.user : "";
  const login = transport.type === "winrm" ? user : transport.user;
  const where = `${login}@${transport.host}:${String(transport.port)}`;
  return `${target.name} ${target.platform} ${transport.type} ${where}${fingerprint === null ? "" : ` ${fingerprint}`}`;
}
