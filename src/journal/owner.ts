import { readFileSync } from "node:fs";
import { link, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { TyrianError } from "../errors.js";

/**
 * Who writes a run's journal. Each owner has a numbered file and the highest number owns the journal. The next number is
 * taken only when the process of the highest is gone or has released it, by making a hard link, which at most one
 * process can do: two that recover the same run at once can never both succeed.
 */

const ownerSchema = z.strictObject({
  pid: z.int(),
  host: z.string(),
  /** The boot of the machine, and the process's start in it: a pid alone is used again. Null where the system has none. */
  boot: z.string().nullable(),
  processStart: z.string().nullable(),
  released: z.boolean(),
});
type Owner = z.infer<typeof ownerSchema>;

const prefix = "journal.owner.";

/** A held journal. `release` lets the next one have it. */
export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes the journal of a run folder for this process.
 * @throws TyrianError `run-owned` when a living process has it.
 */
export async function takeOwnership(folder: string): Promise<Ownership> {
  const own = thisProcess();
  const draft = join(folder, `.${prefix}${process.pid}.${Date.now()}.${Math.random().toString(36).slice(2)}`);
  await writeFile(draft, JSON.stringify(own), { flag: "wx", mode: 0o600 });
  try {
    // Another taker may be faster a few times; a living one ends the loop with the error.
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const highest = await highestNumber(folder);
      if (highest > 0) await refuseLiving(folder, highest);
      const file = join(folder, `${prefix}${highest + 1}`);
      try {
        await link(draft, file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw error;
      }
      return { release: () => release(file, own) };
    }
    throw new TyrianError("run-owned", `other processes keep taking the journal of ${folder}`);
  } finally {
    await unlink(draft).catch(() => {});
  }
}

/** The pid of the living process that writes the run's journal; null when there is none. */
export async function livingOwner(folder: string): Promise<number | null> {
  const highest = await highestNumber(folder);
  const owner = highest > 0 ? await readOwner(folder, highest) : null;
  return owner !== null && isLiving(owner) ? owner.pid : null;
}

async function highestNumber(folder: string): Promise<number> {
  const numbers = (await readdir(folder))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => Number.isInteger(number));
  return Math.max(0, ...numbers);
}

async function refuseLiving(folder: string, number: number): Promise<void> {
  const owner = await readOwner(folder, number);
  if (owner === null || !isLiving(owner)) return;
  const where = owner.host === hostname() ? "" : ` on ${owner.host}`;
  throw new TyrianError("run-owned", `process ${owner.pid}${where} writes the journal of ${folder}`, {
    ...(where === ""
      ? {}
      : { hint: `If that process is gone, remove ${join(folder, `${prefix}${number}`)}.` }),
  });
}

/** Null for a file that says nothing (a full disk left it empty): its writer cannot have begun. */
async function readOwner(folder: string, number: number): Promise<Owner | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(join(folder, `${prefix}${number}`), "utf8")));
  } catch {
    return null;
  }
}

async function release(file: string, own: Owner): Promise<void> {
  const draft = `${file}.released.${process.pid}`;
  try {
    await writeFile(draft, JSON.stringify({ ...own, released: true }), { mode: 0o600 });
    await rename(draft, file);
  } catch {
    // On a full disk the file stays as it is; it stops to count when this process ends.
    await unlink(draft).catch(() => {});
  }
}

function thisProcess(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    processStart: processStart(process.pid),
    released: false,
  };
}

function isLiving(owner: Owner): boolean {
  if (owner.released) return false;
  // Another machine's processes cannot be seen from here: fail closed.
  if (owner.host !== hostname()) return true;
  if (owner.boot !== null && bootId() !== null && owner.boot !== bootId()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const start = processStart(owner.pid);
  return owner.processStart === null || start === null || start === owner.processStart;
}

function bootId(): string | null {
  return readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

/** Ticks from boot to the process's start: field 22 of proc(5) stat, counted after the name, which may hold anything. */
function processStart(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
