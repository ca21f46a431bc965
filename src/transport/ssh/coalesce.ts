import type { Duplex } from "node:stream";

/**
 * Sends what is written in one turn of the event loop in one system call. SSH writes each of its small packets by
 * itself, and on a busy machine every one of them wakes the other side.
 */
export function coalesceWrites(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...words: unknown[]) => boolean;
  let corked = false;
  const coalescing = (...words: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(...words);
  };
  socket.write = coalescing as typeof socket.write;
}
