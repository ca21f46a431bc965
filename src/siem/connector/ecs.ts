import type { HostEvent } from "../../model/event.js";
import { auditEvent, execCallOf, refusalOf, UNSET_ID } from "../../telemetry/audit-event.js";
import type { ProcessTable } from "../../telemetry/process-table.js";
import type { SiemDocument } from "./connector.js";
import { fieldAt, textAt, timeAt, wholeAt } from "./values.js";

/** `sec.msec:serial` of a document of auditbeat; null when it has no serial or no time. */
export function ecsStamp({ fields }: SiemDocument): string | null {
  const serial = wholeAt(fields, "auditd.sequence");
  const time = timeAt(fields, "@timestamp");
  if (serial === undefined || time === undefined) return null;
  const whole = Math.floor(time);
  return `${Math.floor(whole / 1000)}.${String(whole % 1000).padStart(3, "0")}:${serial}`;
}

/** What a document of auditbeat is: an event, nothing that starts a program, or a program start that lacks something. */
export type EcsReading = HostEvent | "other" | { readonly lacks: string };

/**
 * Reads an event of auditbeat's auditd module, or of Elastic Agent's Auditd Manager (fields: auditbeat reference, "Auditd
 * fields" and "Process fields").
 */
export function readEcs(document: SiemDocument, processes: ProcessTable): EcsReading {
  const { fields, host } = document;
  const call = execCallOf(undefined, textAt(fields, "auditd.data.syscall") ?? "");
  if (call === null) return "other";
  const exit = exitOf(fields);
  if (exit === undefined) return { lacks: "auditd.data.exit" };
  if (exit !== 0 && refusalOf(exit) === null) return "other";
  const stamp = ecsStamp(document);
  if (stamp === null) return { lacks: "auditd.sequence" };
  const pid = wholeAt(fields, "process.pid");
  const ppid = wholeAt(fields, "process.parent.pid");
  if (pid === undefined || ppid === undefined) return { lacks: "process.pid or process.parent.pid" };
  const argv = argumentsOf(fields);
  if (exit === 0 && argv === null) return { lacks: "process.args" };
  const uid = wholeAt(fields, "user.id");
  const user = textAt(fields, "user.name");
  const session = wholeAt(fields, "auditd.session");
  return auditEvent(
    {
      sensor: "auditd",
      host,
      stamp,
      time: Math.floor(timeAt(fields, "@timestamp") ?? 0),
      serial: wholeAt(fields, "auditd.sequence") ?? 0,
      syscall: call,
      exit,
      pid,
      ppid,
      uid,
      euid: wholeAt(fields, "user.effective.id"),
      auid: wholeAt(fields, "user.audit.id"),
      ses: session === UNSET_ID ? undefined : session,
      tty: knownText(textAt(fields, "auditd.data.tty")),
      comm: textAt(fields, "process.name"),
      exe: textAt(fields, "process.executable"),
      key: undefined,
      argv: exit === 0 ? argv : null,
      cwd: textAt(fields, "process.working_directory"),
      name: undefined,
      original: fields,
    },
    // The beat runs on the host, so that the name is the host's own.
    uid === undefined || user === undefined ? undefined : { [String(uid)]: user },
    processes,
    document.ingestedAt ?? 0,
  );
}

/** auditbeat writes an error's name in place of its number. */
function exitOf(fields: SiemDocument["fields"]): number | undefined {
  const errors: Readonly<Record<string, number>> = { EPERM: -1, EACCES: -13 };
  return errors[textAt(fields, "auditd.data.exit") ?? ""] ?? wholeAt(fields, "auditd.data.exit");
}

function argumentsOf(fields: SiemDocument["fields"]): string[] | null {
  const value = fieldAt(fields, "process.args");
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((one): one is string => typeof one === "string");
  return texts.length === list.length ? texts : null;
}

function knownText(text: string | undefined): string | undefined {
  return text === "(none)" ? undefined : text;
}
