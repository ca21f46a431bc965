import type { Entry, GroupWindow, WindowMatch } from "./window.js";

/** The events that a match rests on. */
export interface Sources {
  /** Ids of the latest of them, each once, by their times, and of equal times by their ids. */
  readonly ids: readonly string[];
  readonly count: number;
  /** Time of the first of all. */
  readonly from: number;
}

/** The events that a match rests on, of which at most a number is listed. */
export function sourcesOf(match: WindowMatch, most: number): Sources {
  const isChain = match.window.correlation.counted.some(({ type }) => type === "correlation");
  return isChain ? sourcesOfChain(match, most) : sourcesOfEvents(match, most);
}

function idsInOrder(entries: Iterable<Pick<Entry, "id" | "time">>): string[] {
  return [...entries]
    .toSorted((left, right) => left.time - right.time || (left.id < right.id ? -1 : 1))
    .map(({ id }) => id);
}

/** Only the end of the window is looked at: a flood makes a match of each event, and each has the flood before it. */
function sourcesOfEvents({ window, to }: WindowMatch, most: number): Sources {
  const { from, until } = window.rangeUntil(to);
  let start = Math.max(from, until - most);
  // Of the events of one time all are taken, or it would depend on which came first.
  while (start > from && window.timeAt(start - 1) === window.timeAt(start)) start--;
  const ids = idsInOrder(window.entriesIn(start, until));
  return { ids: ids.slice(Math.max(0, ids.length - most)), count: until - from, from: window.timeAt(from) };
}

/** The windows of the matches that a chain reads overlap: each is looked at once for all matches in it. */
function sourcesOfChain({ window, to }: WindowMatch, most: number): Sources {
  const events = new Map<string, Entry>();
  let ends = new Map<GroupWindow, number[]>([[window, [to]]]);
  while (ends.size > 0) {
    const inner = new Map<GroupWindow, number[]>();
    for (const [each, times] of ends) {
      for (const entry of entriesOfWindows(each, times)) {
        if (entry.match === null) events.set(entry.id, entry);
        else {
          const known = inner.get(entry.match.window);
          if (known === undefined) inner.set(entry.match.window, [entry.match.to]);
          else known.push(entry.match.to);
        }
      }
    }
    ends = inner;
  }
  const ids = idsInOrder(events.values());
  const from = [...events.values()].reduce((first, { time }) => Math.min(first, time), to);
  return { ids: ids.slice(Math.max(0, ids.length - most)), count: ids.length, from };
}

/** The entries of a group's windows that end at some times, each once. */
function* entriesOfWindows(window: GroupWindow, times: readonly number[]): Generator<Entry> {
  let done = 0;
  for (const time of times.toSorted((left, right) => left - right)) {
    const { from, until } = window.rangeUntil(time);
    yield* window.entriesIn(Math.max(from, done), until);
    done = Math.max(done, until);
  }
}

/** Ids of the events of a match that came at its end. */
export function completingEvents(match: WindowMatch): Set<string> {
  const ids = new Set<string>();
  const collect = ({ window, to }: WindowMatch): void => {
    for (const entry of window.entriesAt(to)) {
      if (entry.match === null) ids.add(entry.id);
      else collect(entry.match);
    }
  };
  collect(match);
  return ids;
}
