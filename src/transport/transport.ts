import type { Readable } from "node:stream";
import type { Target } from "../model/target.js";

/** Opens sessions to targets. One implementation a transport type; all pass the same contract suite. */
export interface Transport {
  /**
   * @throws TyrianError `connect-failed`, `auth-failed`, `host-key-mismatch`; an aborted signal rejects with its reason.
   */
  connect(target: Target, options: ConnectOptions): Promise<Session>;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until connecting is given up. */
  readonly deadlineMs: number;
}

/** A connection to one target. Commands on one session share one login session (audit `ses`). */
export interface Session {
  readonly target: string;
  /** Whether every command costs round trips and a process of the server. */
  readonly remote: boolean;
  /** Whether the login session is this connection's alone, so that whatever is in it was started through it. */
  readonly ownLogin: boolean;
  /** Whether commands can still be sent. A session that was lost stays lost; connect again. */
  readonly open: boolean;
  /**
   * Runs one command line with the target's login shell, on Windows with cmd.exe whatever that is. Never rejects for what the command did: see `ExecResult.ending`.
   * @throws TyrianError `disconnected` when the session was lost before the command was sent.
   */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

export interface ExecOptions {
  /** Written to the command's standard input, which is then closed; a stream when it ends. Not a stream with a terminal. */
  readonly stdin?: string | Uint8Array | Readable;
  /** The command can be spared: when another finds no place, this one's input is closed. Default no. */
  readonly yields?: boolean;
  /** Ends the remote process group, then resolves with ending `aborted`. */
  readonly signal?: AbortSignal;
  /** Milliseconds; then the remote process group is ended and the result is `deadline`. */
  readonly deadlineMs: number;
  /** A terminal for the command. Default no. */
  readonly pty?: boolean;
  /** Bytes of each stream that are kept in the result. Default 64 KiB. */
  readonly capBytes?: number;
  /** Where output beyond the cap goes: `<prefix>.stdout` and `<prefix>.stderr` then hold the whole stream. Absent: it is dropped. */
  readonly evidencePrefix?: string;
  /** Called with each piece of output as it arrives. */
  readonly onOutput?: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

export interface ExecResult {
  /**
   * `exited` with an exit code · `signalled` by a signal that was not ours · `deadline` and `aborted` ended by us ·
   * `disconnected` the end is unknown.
   */
  readonly ending: "exited" | "signalled" | "deadline" | "aborted" | "disconnected";
  readonly exitCode: number | null;
  /** Without the prefix SIG, such as `KILL`; null unless signalled. */
  readonly signal: string | null;
  /** Decoded as UTF-8 (invalid bytes replaced), capped. */
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
  /** Paths of evidence files that were written. */
  readonly evidenceFiles: readonly string[];
  /** Milliseconds since 1970, our clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Milliseconds, by a monotonic clock. */
  readonly durationMs: number;
}
