import { type FileHandle, open, stat } from "node:fs/promises";
import { fileChunks, unreadable } from "./file-chunks.js";

/** The bytes of a file, read piece by piece into memory that is there already: large files leave no garbage. */
export interface ByteSource {
  /** Fills memory, from its beginning, as far as bytes are at hand. How many these were: 0 at the end. @throws UnreadableEvents */
  read(into: Buffer): Promise<number>;
  close(): Promise<void>;
}

/** The bytes of a file, unpacked where its name ends in `.gz`; `-` is standard input. Opened when it is first read. */
export function bytesOf(file: string): ByteSource {
  let source: ByteSource | null = null;
  const opened = async (): Promise<ByteSource> => {
    const isPlain = file !== "-" && !file.endsWith(".gz") && (await stat(file)).isFile();
    return isPlain ? handleBytes(await open(file)) : streamBytes(fileChunks(file));
  };
  return {
    async read(into) {
      try {
        source ??= await opened();
        return await source.read(into);
      } catch (thrown) {
        throw unreadable(file, thrown);
      }
    },
    close: async () => source?.close(),
  };
}

function handleBytes(handle: FileHandle): ByteSource {
  return {
    read: async (into) => (await handle.read(into, 0, into.length, null)).bytesRead,
    close: () => handle.close(),
  };
}

/** The bytes of a stream, as its chunks come. */
export function streamBytes(chunks: AsyncGenerator<Buffer>): ByteSource {
  let held: Buffer = Buffer.alloc(0);
  return {
    async read(into) {
      while (held.length === 0) {
        const next = await chunks.next();
        if (next.done === true) return 0;
        held = next.value;
      }
      const count = held.copy(into);
      held = held.subarray(count);
      return count;
    },
    close: async () => void (await chunks.return(undefined)),
  };
}
