import { z } from "zod";
import type { HostEvent } from "../../model/event.js";
import { defined } from "../audit-event.js";
import type { SensorCounts, SensorParser } from "../sensor.js";

/** What is read of a line of `log stream --style ndjson` or `log show --style ndjson` (log(1)). */
const entrySchema = z.object({
  timestamp: z.string(),
  eventType: z.string().default("logEvent"),
  eventMessage: z.string().nullish(),
  subsystem: z.string().nullish(),
  category: z.string().nullish(),
  messageType: z.string().nullish(),
  processImagePath: z.string().nullish(),
  senderImagePath: z.string().nullish(),
  processID: z.int().nullish(),
  userID: z.int().nullish(),
  lossCount: z.looseObject({ count: z.int().nonnegative() }).or(z.int().nonnegative()).nullish(),
});

/** Before the entries `log` says how it filters them. */
const NOTE = /^(?:Filtering the log data|Timestamp )/;

/** How `log` ends what it writes as ndjson. */
const END = /^\{"count":\d+,"finished":1\}$/;

/**
 * Parses entries of a Mac's unified log. They name a process by its number and no login session, so that they are nobody's: rules
 * read them, and no trial is credited by them.
 */
export class UnifiedLogParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };
  #lost = 0;

  constructor(private readonly host: string) {}

  push(line: string, position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    if (line.trim() === "" || NOTE.test(line) || END.test(line)) {
      this.#counts.ignored += 1;
      return [];
    }
    const entry = read(line);
    if (entry === null) {
      this.#counts.malformed += 1;
      return [];
    }
    if (entry.eventType === "lossEvent") {
      const { lossCount } = entry;
      this.#lost += (typeof lossCount === "object" ? lossCount?.count : lossCount) ?? 1;
      return [];
    }
    if (entry.eventType !== "logEvent") {
      this.#counts.ignored += 1;
      return [];
    }
    this.#counts.events += 1;
    return [this.#event(entry, line, position, now)];
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    // The log does not know that its file was begun anew.
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(): number {
    return this.#lost + this.#counts.malformed;
  }

  #event(
    { time, processID, processImagePath, ...entry }: Entry,
    line: string,
    position: number,
    now: number,
  ): HostEvent {
    const { eventMessage, subsystem, category, messageType, senderImagePath, userID } = entry;
    return {
      id: `${this.host}/unified-log/${String(time)}:${String(position)}`,
      host: this.host,
      sensor: "unified-log",
      kind: "message",
      logsource: { product: "macos", service: "unifiedlog" },
      time,
      ingestedAt: now,
      sequence: position,
      session: null,
      pid: processID ?? null,
      ppid: null,
      argv: [],
      error: null,
      fields: defined({
        Image: processImagePath ?? undefined,
        ProcessId: processID ?? undefined,
        eventMessage: eventMessage ?? undefined,
        subsystem: subsystem ?? undefined,
        category: category ?? undefined,
        messageType: messageType ?? undefined,
        senderImagePath: senderImagePath ?? undefined,
        userID: userID ?? undefined,
      }),
      original: { line },
    };
  }
}

type Entry = z.infer<typeof entrySchema> & { readonly time: number };

function read(line: string): Entry | null {
  try {
    const { success, data } = entrySchema.safeParse(JSON.parse(line));
    if (!success) return null;
    // `2026-11-24 12:00:00.123456+0000`
    const time = Date.parse(data.timestamp.replace(" ", "T").replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
    return Number.isNaN(time) ? null : { ...data, time };
  } catch {
    return null;
  }
}
