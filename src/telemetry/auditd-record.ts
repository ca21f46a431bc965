/** One line of an audit log: `type=SYSCALL msg=audit(1795492269.029:4711): arch=c000003e syscall=59 ...`. */
export interface AuditRecord {
  readonly type: string;
  /** `sec.msec:serial`, the same for every record of one event. */
  readonly stamp: string;
  /** Milliseconds since 1970. The kernel's audit clock is coarse (4 ms). */
  readonly time: number;
  readonly serial: number;
  /** ` key=value` pairs, each after a blank, without those that auditd's ENRICHED format appends after a byte 0x1D. */
  readonly body: string;
}

const header = /^(?:node=\S+ )?type=(\S+) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,15})\):/;

/** Reads the frame of a line; null when it is not a whole audit record. */
export function parseAuditRecord(line: string): AuditRecord | null {
  const match = header.exec(line);
  if (match === null) return null;
  const [whole, type, seconds, milliseconds, serial] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const enriched = line.indexOf("\u001d", whole.length);
  return {
    type,
    stamp: `${seconds}.${milliseconds}:${serial}`,
    time: Number(seconds) * 1000 + Number(milliseconds),
    serial: Number(serial),
    body: line.slice(whole.length, enriched === -1 ? undefined : enriched),
  };
}

/**
 * The value of a pair as written (`"bash"`, `2F62696E`, `(null)`). No value of the kernel's records holds a blank, so that
 * ` name=` is always the beginning of a pair.
 */
export function auditValue(body: string, name: string): string | undefined {
  const at = body.indexOf(` ${name}=`);
  if (at === -1) return undefined;
  const from = at + name.length + 2;
  const to = body.indexOf(" ", from);
  return to === -1 ? body.slice(from) : body.slice(from, to);
}

/**
 * The bytes of a value that the kernel writes with audit_log_untrustedstring: in quotes when it has no blank, control
 * character, quote or byte above 0x7e, else in upper-case hexadecimal. Null when it is neither.
 */
export function auditBytes(value: string): Buffer | null {
  if (value.startsWith('"')) {
    return value.length >= 2 && value.endsWith('"') ? Buffer.from(value.slice(1, -1), "latin1") : null;
  }
  return value.length % 2 === 0 && /^[0-9A-F]*$/i.test(value) ? Buffer.from(value, "hex") : null;
}

/** The text of such a value; undefined when the record has none (`(null)`, `?`) or it is damaged. */
export function auditText(value: string | undefined): string | undefined {
  if (value === undefined || value === "(null)" || value === "?" || value === "(none)") return undefined;
  return auditBytes(value)?.toString("utf8");
}

/** The number of a decimal value; undefined when it is not one. */
export function auditNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^-?\d{1,15}$/.test(value) ? Number(value) : undefined;
}
