import { renameSync, writeFileSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TyrianError, messageOf } from "../errors.js";
import { makeFolder } from "../folders.js";

const markSchema = z.strictObject({
  trial: z.string(),
  run: z.string(),
  folder: z.string(),
  armedAt: z.string(),
});

/** A trial that was armed on a target and is not proved clean. */
export type Mark = z.infer<typeof markSchema>;

/**
 * Which targets are withheld because a trial on them is not proved clean. One small file a target in the state folder,
 * written before the act and removed after the probe, so that it outlives a crash. The caller holds the target's lease.
 */
export class WithheldTargets {
  /** @param folder where the marks are kept. @param lab tells labs apart whose targets bear the same names. */
  constructor(
    private readonly folder: string,
    private readonly lab: string,
  ) {}

  private file(target: string): string {
    return join(this.folder, `${this.lab}.${target}.json`);
  }

  /**
   * The mark of a target, or null.
   * @throws TyrianError `target-dirty` for a mark that cannot be read: it withholds the target too.
   */
  async markOf(target: string): Promise<Mark | null> {
    const file = this.file(target);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw unreadable(file, messageOf(error));
    }
    const parsed = markSchema.safeParse(safeJson(text));
    if (!parsed.success) throw unreadable(file, "it is not a mark");
    return parsed.data;
  }

  /**
   * There for every process when it resolves, also when this one is killed; on disk after `persist`.
   * @throws TyrianError `journal-write-failed`.
   */
  async mark(target: string, mark: Mark): Promise<void> {
    const file = this.file(target);
    // Done at once: each of these takes microseconds, and a trip to another thread for each of them takes longer.
    await onDisk(file, () => {
      makeFolder(dirname(file));
      writeFileSync(`${file}.new`, JSON.stringify(mark), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    });
  }

  /**
   * Puts a target's mark on disk, so that it outlives the machine too.
   * @throws TyrianError `journal-write-failed`.
   */
  async persist(target: string): Promise<void> {
    const file = this.file(target);
    // The folder too: a file that was renamed may otherwise have no name after a crash of the machine.
    await onDisk(file, async () => void (await Promise.all([sync(file), sync(dirname(file))])));
  }

  /** @throws TyrianError `journal-write-failed`: the target stays withheld. */
  async clear(target: string): Promise<void> {
    const file = this.file(target);
    await onDisk(file, () => rm(file, { force: true }));
  }
}

function unreadable(file: string, why: string): TyrianError {
  return new TyrianError("target-dirty", `the mark ${file} cannot be read: ${why}`, {
    hint: "Make sure that the target is clean, then delete the file.",
  });
}

async function onDisk(file: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new TyrianError("journal-write-failed", `the mark ${file} cannot be changed: ${messageOf(error)}`, {
      cause: error,
      hint: "Make room on the disk of the state folder, then run `tyrian cleanup RUN`.",
    });
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
