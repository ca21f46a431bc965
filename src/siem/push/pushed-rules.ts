import { existsSync } from "node:fs";
import { open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { TyrianError } from "../../errors.js";
import { makeFolder } from "../../folders.js";

const entrySchema = z.strictObject({
  at: z.iso.datetime(),
  /** `pushing` is written before anything is sent: after a crash it tells that something may be there. */
  event: z.enum(["pushing", "pushed", "removed"]),
  /** Its name in the configuration, and its address. */
  siem: z.string(),
  url: z.string(),
  analytic: z.string(),
  title: z.string(),
  /** The SIEM's own id of the rule, or the file that was written; null while it is not known. */
  id: z.string().nullable(),
});
type Entry = z.infer<typeof entrySchema>;

/** A rule that may be in a SIEM. */
export type OpenPush = Pick<Entry, "siem" | "url" | "analytic" | "title" | "id">;

/** What was pushed and not removed yet, in a file of the state folder that outlives the command. One line an event. */
export class PushedRules {
  constructor(private readonly file: string) {}

  /** @throws TyrianError `pushed-rules-invalid` */
  async open(): Promise<OpenPush[]> {
    const pushes = new Map<string, OpenPush>();
    for (const { event, siem, url, analytic, title, id } of await this.#entries()) {
      const key = JSON.stringify([siem, analytic]);
      if (event === "removed") pushes.delete(key);
      // An id that was known stays known while the rule is pushed again.
      else pushes.set(key, { siem, url, analytic, title, id: id ?? pushes.get(key)?.id ?? null });
    }
    return [...pushes.values()];
  }

  async find(siem: string, analytic: string): Promise<OpenPush | null> {
    return (await this.open()).find((push) => push.siem === siem && push.analytic === analytic) ?? null;
  }

  /** Resolves when it is on the disk. */
  async note(event: Entry["event"], push: OpenPush): Promise<void> {
    const { siem, url, analytic, title, id } = push;
    const entry: Entry = { at: new Date().toISOString(), event, siem, url, analytic, title, id };
    makeFolder(dirname(this.file));
    await this.#dropTornLine();
    const handle = await open(this.file, "a", 0o600);
    try {
      await handle.appendFile(`${JSON.stringify(entry)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async #dropTornLine(): Promise<void> {
    if (!existsSync(this.file)) return;
    const text = await readFile(this.file);
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) await truncate(this.file, end);
  }

  /** A last line without its end was being written when the machine stopped: what it announces was not begun. */
  async #entries(): Promise<Entry[]> {
    if (!existsSync(this.file)) return [];
    const lines = (await readFile(this.file, "utf8")).split("\n").slice(0, -1);
    return lines.map((line, index) => {
      try {
        return entrySchema.parse(JSON.parse(line));
      } catch {
        throw new TyrianError("pushed-rules-invalid", `${this.file}:${index + 1} is no line of pushed rules`);
      }
    });
  }
}
