import type { Readable, Writable } from "node:stream";

/** Passes a stream on to a command's input, and closes that when the stream ends or breaks. */
export function feed(source: Readable, input: Writable): void {
  if (source.destroyed) {
    input.end();
    return;
  }
  source.on("error", () => input.end());
  source.pipe(input);
}
