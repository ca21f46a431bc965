import { EventDefect } from "../../../src/telemetry/windows/event-defect.js";
import { readWindows } from "../../../src/telemetry/windows/windows-fields.js";
import { windowsEvent, type WindowsEvent } from "../../../src/telemetry/windows/windows-event.js";
import { read } from "../files/reading.js";

/** The event that a document of a shipper is. */
export function eventOf(document: unknown): WindowsEvent {
  const fields = readWindows(document as Record<string, unknown>);
  if (fields === null) throw new Error(`no event of Windows: ${JSON.stringify(document)}`);
  return windowsEvent(fields);
}

/** The one event that a file with this content holds. */
export function readingOf(content: string): WindowsEvent {
  const { events, problems } = read(content);
  if (problems.length > 0 || events.length !== 1) throw new Error(JSON.stringify(problems));
  return eventOf(events[0]?.document);
}

/** Why a document is not read. */
export function defectOf(document: unknown): EventDefect {
  try {
    eventOf(document);
  } catch (thrown) {
    if (thrown instanceof EventDefect) return thrown;
    throw thrown;
  }
  throw new Error("the document is read");
}
