import type { Trial } from "../model/trial.js";
import type { ExecOptions, ExecResult, Session } from "../transport/transport.js";
import type { ReportForm, Status } from "./status-lines.js";

/** What a script reported, and how it ended: `exited` also when it failed. */
export interface Housekept {
  readonly statuses: readonly Status[];
  readonly ending: ExecResult["ending"];
}

/** An act that is to be run between its sentinels. */
export interface ActRun {
  /** Resolves when everything is on disk that must be before anything of the trial reaches the target. */
  readonly armed: Promise<unknown>;
  /** Asked at the last moment: whether the act is still wanted. Once this was true, the act may have started. */
  readonly begin: () => boolean;
  /** Aborted when the act is not wanted any more. What began before is not ended by it. */
  readonly unwanted: AbortSignal;
  readonly exec: Omit<ExecOptions, "stdin">;
}

/**
 * How the host of a platform is told to run a trial and to undo it. The life of a trial is the same on all of them; they report
 * with the words of `StatusWord`.
 */
export interface HostScripts {
  readonly reports: ReportForm;
  /** What a trial can leave behind there beside what its own cleanup undoes. */
  readonly leaves: "processes-and-files" | "nothing-else";
  /**
   * Places the files, checks the requirements and runs the act between its sentinels; resolves when its wrapper has ended, or when
   * it was not begun.
   * @throws TyrianError when it was not begun: what the host cannot be given, or a session that was lost before.
   */
  act(session: Session, trial: Trial, nonce: string, run: ActRun): Promise<ExecResult>;
  /** Ends the processes of the act, not its wrapper. Reports `swept`. */
  sweep(session: Session, trial: Trial, deadlineMs: number): Promise<Housekept>;
  /**
   * Undoes the trial: its processes, the procedure's own cleanup and probe, the work folder.
   * Reports `remaining`, `cleanup`, `probe` and, when it came to its end, `work-folder`.
   * @param strays what outlived the act, as its execution names it.
   */
  cleanUp(session: Session, trial: Trial, strays: readonly string[], deadlineMs: number): Promise<Housekept>;
  /** Runs the command of a proof in the work folder. */
  proof(session: Session, trial: Trial, command: string, deadlineMs: number): Promise<ExecResult>;
}
