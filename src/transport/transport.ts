import type { Readable } from "node:stream";
import type { Target } from "../model/target.js";
import type { DeviceProfile } from "./cli/profile.js";

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
  /** Of network devices, which have no shell but a prompt; absent elsewhere. */
  readonly device?: Device;
  close(): Promise<void>;
}

/** A network device. */
export interface Device {
  readonly profile: DeviceProfile;
  /**
   * Opens a prompt to type into.
   * @throws TyrianError `device-prompt-unknown`, `auth-failed`, `disconnected`, `transport-failed`; an aborted signal
   *   rejects with its reason.
   */
  openDialog(options: ConnectOptions): Promise<Dialog>;
}

/** A prompt of a network device that is typed into, line by line. Who opened it closes it. */
export interface Dialog {
  readonly profile: DeviceProfile;
  /** Whether lines can still be typed. */
  readonly open: boolean;
  /** Whether the prompt is one of the configuration mode. */
  readonly inConfiguration: boolean;
  /**
   * Types one line and waits for the answer. Never rejects for what the device answered.
   * @throws TyrianError `command-too-long` for a line that cannot be typed, `disconnected` when the prompt was closed before.
   */
  type(line: string, options: TypeOptions): Promise<Reply>;
  /** Gives up the line that is under way; whether there was one. */
  interrupt(): boolean;
  close(): void;
}

export interface TypeOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** What a device answered to a line. It has no exit status: devices give none. */
export interface Reply {
  /**
   * `answered` the prompt is back · `question` the device asked something, which was given up · `deadline` and `interrupted`
   * given up by us · `closed` the device has hung up.
   */
  readonly ending: "answered" | "question" | "deadline" | "interrupted" | "closed";
  /** Without echo, prompt, pager and escape sequences. */
  readonly output: string;
  /** Lines by which the device says that it did not take the line, and the question that it asked. */
  readonly errors: readonly string[];
  readonly truncated: boolean;
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
