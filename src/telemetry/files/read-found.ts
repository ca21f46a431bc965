import { EventDefect } from "../windows/event-defect.js";
import { readShape, type ReadEvent } from "./event-shape.js";
import type { EventProblem, FoundEvent } from "./event-source.js";

/** Reads an event that was found in a file; null when it cannot be read, which is told with its place. */
export function readFound(found: FoundEvent, onProblem: (problem: EventProblem) => void): ReadEvent | null {
  try {
    return readShape(found.document());
  } catch (thrown) {
    if (!(thrown instanceof EventDefect)) throw thrown;
    const { code, message } = thrown;
    const hint = thrown.hint === "" ? "was the event cut on its way? see how it was exported" : thrown.hint;
    onProblem({ line: found.line, column: found.column, code, message, hint });
    return null;
  }
}
