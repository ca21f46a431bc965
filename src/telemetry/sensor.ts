import type { HostEvent } from "../model/event.js";
import type { OtherRecord } from "../model/observation.js";

/** What a parser has met so far; each count only grows. */
export interface SensorCounts {
  readonly lines: number;
  readonly events: number;
  /** Lines that are no record of the sensor (cut, foreign or damaged). */
  readonly malformed: number;
  /** Well-formed records that say nothing about a program start. */
  readonly ignored: number;
  /** Records of no host that is followed (unknown key, or none). */
  readonly foreign: number;
  /** Program starts whose record never became whole; they are not reported as events. */
  readonly incomplete: number;
}

/** A record that is no event of a verdict, with its own time, milliseconds since 1970. */
export interface TimedRecord extends OtherRecord {
  readonly time: number;
}

/** Takes the serial and time of an audit record that arrived whole and tells of no program start. */
export type OnOtherRecord = (serial: number, time: number) => void;

/**
 * Types of audit records that stand alone under their serial and are never of a program start: what programs tell the kernel (pam, sshd,
 * systemd), and a session's beginning. `DAEMON_...` is not among them: auditd numbers those itself, apart from the kernel.
 */
export const standsAlone = /^(?:LOGIN|(?:USER|CRED|SERVICE|SYSTEM|CRYPTO)_[A-Z_]+)$/;

/**
 * Turns the lines of one sensor's log into events. A parser owns no file and no clock: it is given whole lines in the
 * order of the log, and the time. Nothing that it is given makes it throw.
 */
export interface SensorParser {
  /**
   * Takes one line.
   * @param position grows from line to line, also across rotations of the log
   * @param now milliseconds since 1970, our clock; becomes `ingestedAt`
   * @returns the events that are now certain, in order of their sequence as far as the log allows
   */
  push(line: string, position: number, now: number): HostEvent[];
  /**
   * Gives up what has waited too long for its missing parts, and lets out what waited behind it. Call it only when all that
   * the log holds has been pushed (else a slow reader would take its own delay for a loss), and while `pending` is above 0
   * at least every 100 ms.
   */
  flush(now: number): HostEvent[];
  /** The log file was begun anew. A parser whose log belongs to one run of its sensor forgets that run; counts stay. */
  reset(): void;
  /** Half events that wait for more lines. */
  readonly pending: number;
  /** When the oldest of them was begun, by the times given to `push`; null when none waits. */
  readonly waitingSince: number | null;
  counts(): SensorCounts;
  /** Program starts of this host, or of a host that cannot be told, that the log holds only in part. */
  lost(host: string): number;
}
