import { TyrianError } from "../../errors.js";

/** Events that are held at once, for what is over many of them. */
const MOST_EVENTS = 200_000;

/** Keeps one more. @throws TyrianError `usage` when there are too many to be held. */
export function hold<T>(held: T[], event: T): void {
  if (held.length === MOST_EVENTS) {
    throw new TyrianError("usage", `there are more than ${MOST_EVENTS} events to be searched at once`, {
      hint: "Name fewer files, or cut them by time: a query over many events holds all of them.",
    });
  }
  held.push(event);
}

/** All of them. @throws TyrianError `usage` when they are too many to be held. */
export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const held: T[] = [];
  for await (const event of events) hold(held, event);
  return held;
}
