import { type HostEvent, SENTINEL_WORD, sentinelOf } from "../model/event.js";
import type { AnswerState } from "../model/observation.js";
import type { Sensor } from "../model/target.js";
import type { Session } from "../transport/transport.js";
import { AuditdParser } from "./auditd.js";
import { LaurelParser } from "./laurel.js";
import type { SensorParser } from "./sensor.js";

/** Milliseconds for reading the log on the host, and bytes of it that are taken. */
const READ_DEADLINE_MS = 40_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Numbers before the begin sentinel that are read too: there stand the parents of what follows. */
const PARENTS = 200;

/** Milliseconds by which a record between the sentinels may be stamped before or after both: clocks are set. What is further is of another boot. */
const STAMP_MARGIN_MS = 60_000;

/** Where the sensors write on a host that nobody has configured otherwise. */
const usualPath: Partial<Record<Sensor["type"], string>> = {
  auditd: "/var/log/audit/audit.log",
  laurel: "/var/log/laurel/audit.log",
};

/** What a host's own log says of a trial's time. */
export interface HostRecords {
  readonly state: AnswerState;
  /** Why the state is not `complete`; empty otherwise. */
  readonly detail: string;
  readonly value: HostEvent[];
}

/**
 * Reads the log of a target's audit sensor on the target itself, from the begin sentinel of a trial to its end sentinel,
 * rotated files included. The reading leaves records of its own in that log; give it a login session in which nothing acts.
 *
 * @param host the name by which the telemetry knows the target: that of the events
 * @returns `complete` only when both sentinels are in the log, and every record that the kernel numbered between them, and all could be
 * read. What is numbered and not there was dropped behind the kernel, which does not count it: by a daemon that was restarted, its
 * plugins' queue, or a filter.
 */
export async function readHostLog(
  session: Session,
  sensor: Sensor,
  trial: string,
  host: string,
): Promise<HostRecords> {
  const path = sensor.log?.path ?? usualPath[sensor.type];
  if (path === undefined) return unread(`the sensor ${sensor.type} has no log that can be read on the host`);
  const result = await session.exec("/bin/sh", {
    stdin: readScript(path, trial, sensor.log?.sudo === true),
    deadlineMs: READ_DEADLINE_MS,
    capBytes: MOST_BYTES,
  });
  if (result.ending !== "exited") return unread(`reading ${path} on the host: ${result.ending}`);
  if (result.exitCode === NO_SENTINELS) {
    return partial(`${path} on the host lacks a sentinel of the trial`);
  }
  if (result.exitCode !== 0) return unread(`${path} on the host: ${firstLine(result.stderr)}`);
  if (result.truncated.stdout) return partial(`${path} holds too much of the trial's time`);
  return recordsOf(result.stdout, parserOf(sensor, host), trial, host);
}

const NO_SENTINELS = 3;

/**
 * Two passes of awk, in POSIX form: the first finds the serials of the sentinels, the second prints what is numbered between
 * them. A line of auditd has `msg=audit(TIME:SERIAL):`, one of laurel `"ID":"TIME:SERIAL"`.
 */
function readScript(path: string, trial: string, sudo: boolean): string {
  const program = `
function serial(line) {
  if (match(line, /(msg=audit\\(|"ID":")[0-9]+\\.[0-9]+:[0-9]+/) == 0) return -1
  line = substr(line, RSTART, RLENGTH)
  sub(/^.*:/, "", line)
  return line + 0
}
pass == 1 && index($0, word) && index($0, quoted) {
  at = serial($0)
  if (at < 0) next
  if (index($0, "\\"begin\\"")) begin = at
  if (index($0, "\\"end\\"")) end = at
}
pass == 2 && begin && end { at = serial($0); if (at >= begin - ${PARENTS} && at <= end) print }
END { if (!begin || !end) exit ${NO_SENTINELS} }`;
  return `set --
for file in '${path}.4' '${path}.3' '${path}.2' '${path}.1'; do ${sudo ? "sudo -n " : ""}test -f "$file" </dev/null && set -- "$@" "$file"; done
set -- "$@" '${path}'
${sudo ? "sudo -n " : ""}awk -v word='${SENTINEL_WORD}' -v quoted='"${trial}"' '${program}
' pass=1 "$@" pass=2 "$@"
`;
}

function parserOf(sensor: Sensor, host: string): SensorParser {
  return sensor.type === "laurel" ? new LaurelParser({ host }) : new AuditdParser();
}

function recordsOf(text: string, parser: SensorParser, trial: string, host: string): HostRecords {
  const events: HostEvent[] = [];
  let position = 0;
  for (const line of text.split("\n")) {
    events.push(...parser.push(line, position, 0));
    position += line.length + 1;
  }
  events.push(...parser.flush(Infinity));
  const { incomplete, malformed } = parser.counts();
  if (incomplete + malformed > 0)
    return partial(`${incomplete + malformed} records of the log are not whole`);
  const sentinel = (edge: string): HostEvent | undefined =>
    events.find((event) => {
      const found = sentinelOf(event);
      return found?.edge === edge && found.trial === trial;
    });
  const [begin, end] = [sentinel("begin"), sentinel("end")];
  if (begin === undefined || end === undefined)
    return partial("the log on the host lacks a sentinel of the trial");
  const isBetween = ({ sequence, time }: Pick<HostEvent, "sequence" | "time">): boolean =>
    sequence >= begin.sequence &&
    sequence <= end.sequence &&
    time >= Math.min(begin.time, end.time) - STAMP_MARGIN_MS &&
    time <= Math.max(begin.time, end.time) + STAMP_MARGIN_MS;
  const records = recordsIn(text).filter(isBetween);
  if (records.some(({ isChange }) => isChange))
    return partial(
      "the rules of the host's audit were changed between the sentinels: meanwhile it may not have recorded all",
    );
  const missing = end.sequence - begin.sequence + 1 - new Set(records.map(({ sequence }) => sequence)).size;
  if (missing > 0)
    return partial(
      `the log on the host lacks ${missing} of the records that the kernel numbered between the sentinels`,
    );
  return {
    state: "complete",
    detail: "",
    value: events.filter(isBetween).map((event) => named(event, host)),
  };
}

/** The numbers and times of all records, whatever they tell. The daemon numbers its own apart from the kernel. */
function recordsIn(text: string): { sequence: number; time: number; isChange: boolean }[] {
  return text.split("\n").flatMap((line) => {
    const [, seconds, sequence] = /(?:msg=audit\(|"ID":")(\d+\.\d+):(\d+)/.exec(line) ?? [];
    if (sequence === undefined || /\btype=DAEMON_|"DAEMON_[A-Z_]+":/.test(line)) return [];
    const isChange = /\btype=CONFIG_CHANGE\b|"CONFIG_CHANGE":/.test(line);
    return [{ sequence: Number(sequence), time: Number(seconds) * 1000, isChange }];
  });
}

/** With the name of the target, whatever key its audit rules have, and without a time of arrival: it did not arrive. */
function named(event: HostEvent, host: string): HostEvent {
  const rest = event.id.slice(event.id.lastIndexOf("/"));
  return { ...event, id: `${host}/${event.sensor}${rest}`, host, ingestedAt: event.time };
}

function partial(detail: string): HostRecords {
  return { state: "partial", detail, value: [] };
}

function unread(detail: string): HostRecords {
  return { state: "unreachable", detail, value: [] };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]?.slice(0, 200) ?? "";
}
