import type { RuleEvent } from "../../detection/rule.js";
import type { SplEvent } from "../../detection/spl/events/spl-event.js";
import type { Diagnostic } from "../../errors.js";
import type { HostEvent } from "../../model/event.js";
import { EventReader } from "../../telemetry/files/event-reader.js";
import { type Logsource, readShape } from "../../telemetry/files/event-shape.js";
import { EventStore } from "../../telemetry/store.js";
import { fileChunks, marked, UnreadableEvents } from "../detect/file-chunks.js";
import { timeOf } from "./event-time.js";

/** An event that is searched, of a file or of a run's store. */
export interface HuntedEvent {
  /** `FILE:LINE` where it starts, or its id in the store. */
  readonly id: string;
  /** Milliseconds since 1970; null when nothing in it tells. */
  readonly time: number | null;
  readonly host?: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Those that rules may ask for; none when the log source is not known. */
  readonly logsources: readonly Logsource[];
}

/**
 * The events of files, in their order; `-` is standard input.
 * @param logsource of every event; null: told by its shape
 * @param onProblem told of what is no event, and of files that cannot be read (to their end)
 */
export async function* eventsOfFiles(
  files: readonly string[],
  logsource: Logsource | null,
  onProblem: (problem: Diagnostic) => void,
): AsyncGenerator<HuntedEvent> {
  for (const file of files) {
    const found: HuntedEvent[] = [];
    const reader = new EventReader({
      event: ({ line, document }) => {
        const read = document();
        const { fields, logsources } = readShape(read);
        const own = logsource === null ? logsources : [logsource];
        found.push({ id: `${file}:${line}`, time: timeOf(read), fields, logsources: own });
      },
      problem: (problem) => onProblem({ file, severity: "error", ...problem }),
    });
    try {
      for await (const { bytes, last } of marked(fileChunks(file))) {
        reader.push(bytes, last);
        yield* found.splice(0);
      }
    } catch (thrown) {
      if (!(thrown instanceof UnreadableEvents)) throw thrown;
      const { code, message, hint } = thrown;
      onProblem({ file, line: 1, column: 1, severity: "error", code, message, hint });
    }
  }
}

/** The events of a run's store, in the order in which they arrived. @throws TyrianError `siem-unreachable`. */
export async function* eventsOfStore(file: string): AsyncGenerator<HuntedEvent> {
  const store = new EventStore(file);
  try {
    for await (const batch of store.scan()) yield* batch.map(ofHost);
  } finally {
    await store.close();
  }
}

function ofHost({ id, time, host, fields, logsource }: HostEvent): HuntedEvent {
  return { id, time, host, fields, logsources: [logsource] };
}

/** The event as rules read it, once for each of its log sources. */
export function asRuleEvents({ id, time, fields, logsources }: HuntedEvent): RuleEvent[] {
  return logsources.map((logsource) => ({ id, logsource, fields, ...(time === null ? {} : { time }) }));
}

export function asSplEvent({ id, time, host, fields, logsources }: HuntedEvent): SplEvent {
  return { id, time, fields, host, logsource: logsources[0] };
}
