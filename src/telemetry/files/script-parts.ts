import { EventDefect } from "../windows/event-defect.js";
import { isPart, type ScriptBlock, ScriptBlocks, type ScriptEvent } from "../windows/script-blocks.js";
import { windowsEvent } from "../windows/windows-event.js";
import type { WindowsFields } from "../windows/windows-fields.js";
import type { ReadEvent } from "./event-shape.js";

/** Whether an event of a file is a part of a script block that has more of them. */
export function isScriptPart(read: ReadEvent): boolean {
  const event = ofWindows(read);
  return event !== null && isPart(event);
}

interface Part<Place> extends ScriptEvent {
  readonly read: ReadEvent;
  readonly place: Place;
}

/** An event of a file, at its place. */
export interface PlacedEvent<Place> {
  readonly read: ReadEvent;
  readonly place: Place;
}

/**
 * Puts script blocks together that files hold in parts (see `ScriptBlocks`). A whole block is one event at the place of its first part;
 * of a block that is given up each part is an event at its own, for that is what Windows recorded.
 */
export class ScriptParts<Place> {
  readonly #blocks = new ScriptBlocks<Part<Place>>();
  #whole = 0;
  #incomplete = 0;

  /** Blocks that became whole, and those that were given up; parts of blocks that had been whole before. */
  get counts(): { whole: number; incomplete: number; repeatedParts: number } {
    return { whole: this.#whole, incomplete: this.#incomplete, repeatedParts: this.#blocks.repeated };
  }

  /** Takes an event. @returns what is an event now; the event itself when it is no part */
  push(read: ReadEvent, place: Place): PlacedEvent<Place>[] {
    const event = ofWindows(read);
    const done = event === null ? null : this.#blocks.push({ ...event, read, place });
    return done === null ? [{ read, place }] : this.#eventsOf(done);
  }

  /** Gives up what still waits: nothing comes any more. */
  flush(): PlacedEvent<Place>[] {
    return this.#eventsOf(this.#blocks.flush());
  }

  #eventsOf(blocks: readonly ScriptBlock<Part<Place>>[]): PlacedEvent<Place>[] {
    return blocks.flatMap(({ text, parts }) => {
      const [first] = parts;
      if (text === null || first === undefined) {
        this.#incomplete += 1;
        return parts.map(({ event: { read, place } }) => ({ read, place }));
      }
      this.#whole += 1;
      const { read, place } = first.event;
      return [{ read: { ...read, fields: { ...read.fields, ScriptBlockText: text } }, place }];
    });
  }
}

function ofWindows(read: ReadEvent): ScriptEvent | null {
  if (read.logsources[0]?.product !== "windows" || read.fields["ScriptBlockText"] === undefined) return null;
  try {
    return windowsEvent(read as WindowsFields);
  } catch (thrown) {
    if (thrown instanceof EventDefect) return null;
    throw thrown;
  }
}
