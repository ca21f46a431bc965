import type { RuleEvent } from "../../detection/rule.js";
import type { SplEvent } from "../../detection/spl/events/spl-event.js";
import type { Diagnostic } from "../../errors.js";
import type { HostEvent } from "../../model/event.js";
import { EventReader } from "../../telemetry/files/event-reader.js";
import { fieldsFor, type Logsource } from "../../telemetry/files/event-shape.js";
import type { EventProblem } from "../../telemetry/files/event-source.js";
import { readFound } from "../../telemetry/files/read-found.js";
import { ScriptParts } from "../../telemetry/files/script-parts.js";
import { windowsTime } from "../../telemetry/windows/time.js";
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
  /** The fields for rules about processes, where the event has other names for the same. */
  readonly asProcess?: Readonly<Record<string, unknown>>;
  /** Those that rules may ask for; none when the log source is not known. */
  readonly logsources: readonly Logsource[];
}

/**
 * The events of files, in their order; `-` is standard input. A script block of PowerShell in several events is one, when the last has
 * come; what misses parts comes at the end.
 * @param logsource of every event; null: told by its shape
 * @param onProblem told of what is no event, and of files that cannot be read (to their end)
 */
export async function* eventsOfFiles(
  files: readonly string[],
  logsource: Logsource | null,
  onProblem: (problem: Diagnostic) => void,
): AsyncGenerator<HuntedEvent> {
  const parts = new ScriptParts<Pick<HuntedEvent, "id" | "time" | "logsources">>();
  const placed = (events: ReturnType<typeof parts.flush>): HuntedEvent[] =>
    events.map(({ read, place }) => ({ ...read, ...place }));
  for (const file of files) {
    const found: HuntedEvent[] = [];
    const problem = (each: EventProblem): void => onProblem({ file, severity: "error", ...each });
    const reader = new EventReader({
      event: (each) => {
        const document = each.document();
        const read = readFound({ ...each, document: () => document }, problem);
        if (read === null) return;
        const time = windowsTime(read.fields) ?? timeOf(document);
        const logsources = logsource === null ? read.logsources : [logsource];
        found.push(...placed(parts.push(read, { id: `${file}:${each.line}`, time, logsources })));
      },
      problem,
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
  yield* placed(parts.flush());
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
export function asRuleEvents(event: HuntedEvent): RuleEvent[] {
  const { id, time, logsources } = event;
  return logsources.map((logsource) => ({
    ...{ id, logsource, fields: fieldsFor(event, logsource) },
    ...(time === null ? {} : { time }),
  }));
}

export function asSplEvent({ id, time, host, fields, logsources }: HuntedEvent): SplEvent {
  return { id, time, fields, host, logsource: logsources[0] };
}
