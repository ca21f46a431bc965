/** What one line of a hypervisor's log says: fields as rules of Sigma name them. What the log does not say is absent. */
export interface HypervisorRecord {
  /** `Message` is there always: the line without its time and its host. */
  readonly fields: Readonly<Record<string, string>>;
  /** The shell's session, where the log tells it; else null. */
  readonly session: string | null;
}

/** A record, a line of the log that is none (`other`), or null for what is no line of this log. */
export type HypervisorLine = HypervisorRecord | "other" | null;

/** Reads one kind of log: what stands behind the time of a line. */
export type HypervisorLogReader = (rest: string) => HypervisorLine;

/** A record of the fields that are known. */
export function recordOf(
  fields: Readonly<Record<string, string | undefined>>,
  session: string | null = null,
): HypervisorRecord {
  const known = Object.entries(fields).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
  );
  return { fields: Object.fromEntries(known), session };
}
