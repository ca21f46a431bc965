import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TyrianError } from "../errors.js";

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

  /** The mark of a target, or null. A mark that cannot be read withholds the target too. */
  async markOf(target: string): Promise<Mark | null> {
    let text: string;
    try {
      text = await readFile(this.file(target), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    const parsed = markSchema.safeParse(safeJson(text));
    if (parsed.success) return parsed.data;
    throw new TyrianError("target-dirty", `the mark ${this.file(target)} cannot be read`, {
      hint: "Make sure that the target is clean, then delete the file.",
    });
  }

  /** On disk when it resolves. */
  async mark(target: string, mark: Mark): Promise<void> {
    const file = this.file(target);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(`${file}.new`, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(mark));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
  }

  async clear(target: string): Promise<void> {
    await rm(this.file(target), { force: true });
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
