import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { SigmaFile } from "../../detection/sigma/collection-file.js";
import { makeFolder } from "../../folders.js";
import { VERSION } from "../../version.js";

/**
 * Rules that were read before, kept in the state folder: reading YAML is most of the start-up. An entry is found by the
 * file's path and text, and belongs to one version of the reader, of which the digest is part of the name. What is kept is
 * data and is never executed. A cache that is broken, or not this one's, is as good as none.
 */

/** With fewer rules reading takes no longer than the cache would. */
const fewestRules = 100;
/** Caches that are kept, for sets of rules that are used in turn. */
const mostCaches = 8;
const digestLength = 32;

type Kept = ReadonlyMap<string, SigmaFile>;

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\n`).update(part);
  return hash.digest();
}

/** Says which reader this is: a change of its code is a change of what it makes of a rule. */
function readerDigest(): string {
  const folder = join(import.meta.dirname, "..", "..", "detection", "sigma");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith(".d.ts"))
    .sort();
  return sha256(
    VERSION,
    process.version,
    ...names.flatMap((name) => [name, readFileSync(join(folder, name))]),
  ).toString("hex");
}

export interface RuleText {
  readonly file: string;
  readonly text: string;
}

/** Reads rules with a function, or takes them from the cache. */
export class RuleCache {
  readonly #folder: string;

  /** @param folder made when it is first written to */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What the function makes of each text, in order. A cache that cannot be written is left out. */
  read(texts: readonly RuleText[], parse: (text: string, file: string) => SigmaFile): SigmaFile[] {
    if (texts.length < fewestRules) return texts.map(({ file, text }) => parse(text, file));
    const reader = readerDigest();
    const set = sha256(reader, ...texts.map(({ file }) => file)).toString("hex");
    const path = join(this.#folder, `rules-${set.slice(0, 32)}`);
    const kept = this.#load(path, reader);
    const entries = new Map<string, SigmaFile>();
    let changed = false;
    const files = texts.map(({ file, text }) => {
      const key = sha256(file, text).toString("latin1");
      const known = kept.get(key);
      changed ||= known === undefined;
      const read = known ?? parse(text, file);
      entries.set(key, read);
      return read;
    });
    if (changed) this.#save(path, reader, entries);
    return files;
  }

  #load(path: string, reader: string): Kept {
    try {
      const { uid, mode } = statSync(path);
      // Written by others, or writable for them: not this one's.
      if ((process.getuid !== undefined && uid !== process.getuid()) || (mode & 0o022) !== 0)
        return new Map();
      const bytes = readFileSync(path);
      const body = bytes.subarray(digestLength);
      if (!bytes.subarray(0, digestLength).equals(sha256(reader, body))) return new Map();
      return deserialize(body) as Kept;
    } catch {
      return new Map();
    }
  }

  #save(path: string, reader: string, entries: Kept): void {
    try {
      makeFolder(this.#folder);
      const body = serialize(entries);
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, Buffer.concat([sha256(reader, body), body]), { mode: 0o600 });
      renameSync(draft, path);
      this.#prune();
    } catch {
      // Without a cache the next start takes longer; nothing else is lost.
    }
  }

  #prune(): void {
    const caches = readdirSync(this.#folder)
      .filter((name) => name.startsWith("rules-"))
      .map((name) => ({ path: join(this.#folder, name), time: statSync(join(this.#folder, name)).mtimeMs }))
      .sort((one, other) => other.time - one.time);
    for (const { path } of caches.slice(mostCaches)) rmSync(path, { force: true });
  }
}
