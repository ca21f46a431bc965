import type { Client, ClientChannel } from "ssh2";
import { messageOf } from "../../errors.js";

/**
 * Why no channel came of it. `not-sent`: the server has refused the channel, or it was never confirmed, so that the
 * command was not sent · `refused`: the server has refused to run the command or to give it a terminal · `unknown`:
 * the connection was lost after the command may have been sent.
 */
export class ChannelFailure extends Error {
  readonly kind: "not-sent" | "refused" | "unknown";

  constructor(kind: ChannelFailure["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Opens a channel and has a command run on it.
 * @param isLost whether the connection has ended
 * @param accept called at once with the channel, because what has come with the server's answer is delivered before a
 *   promise would be
 * @throws ChannelFailure
 */
export function openChannel<T>(
  client: Client,
  command: string,
  pty: boolean,
  isLost: () => boolean,
  accept: (channel: ClientChannel) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    try {
      client.exec(command, pty ? { pty: { term: "xterm", cols: 80, rows: 24 } } : {}, (error, channel) => {
        if (error) return reject(failureOf(error, isLost()));
        channel.on("error", () => {});
        channel.stderr.on("error", () => {});
        resolve(accept(channel));
      });
    } catch (thrown) {
      // ssh2 throws only when the connection has ended, before it sends anything.
      reject(new ChannelFailure("not-sent", messageOf(thrown)));
    }
  });
}

/** Wider than any line that is typed, so that the device does not wrap its echo. */
const TERMINAL = { term: "vt100", cols: 511, rows: 24 };

/**
 * Opens a channel with a terminal and the user's login shell in it.
 * @throws ChannelFailure
 */
export function openTerminal(client: Client, isLost: () => boolean): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.shell(TERMINAL, (error, channel) => {
        if (error) return reject(failureOf(error, isLost()));
        channel.on("error", () => {});
        channel.stderr.on("error", () => {});
        // Of a terminal all output is one stream; what a server sends beside it is read so that the channel can close.
        channel.stderr.resume();
        resolve(channel);
      });
    } catch (thrown) {
      reject(new ChannelFailure("not-sent", messageOf(thrown)));
    }
  });
}

function failureOf(error: Error, lost: boolean): ChannelFailure {
  // `reason` marks a refused channel. The message is that of a channel whose opening was unanswered when the connection
  // ended; ssh2 gives a different one when a request on an open channel was unanswered.
  if ("reason" in error || error.message === "No response from server") {
    return new ChannelFailure("not-sent", error.message);
  }
  return new ChannelFailure(lost ? "unknown" : "refused", error.message);
}

/**
 * Sends the channel's `signal` request (RFC 4254, 6.9), which OpenSSH delivers to the command's process group, except for
 * root's sessions. `ClientChannel.signal` of ssh2 1.17 does nothing once standard input was closed, so its protocol layer
 * is used; when that should ever look different, nothing is sent.
 */
export function signalChannel(client: Client, channel: ClientChannel, signal: "KILL" | "TERM"): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  const outgoing: unknown = Reflect.get(channel, "outgoing");
  if (typeof protocol !== "object" || protocol === null || typeof outgoing !== "object" || outgoing === null)
    return;
  const send: unknown = Reflect.get(protocol, "signal");
  const id: unknown = Reflect.get(outgoing, "id");
  const state: unknown = Reflect.get(outgoing, "state");
  if (typeof send !== "function" || typeof id !== "number" || (state !== "open" && state !== "eof")) return;
  send.call(protocol, id, signal);
}
