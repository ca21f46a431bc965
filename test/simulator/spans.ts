import type { Span } from "./model.js";
import type { Random } from "./random.js";
import type { Settings } from "./settings.js";

const HOUR = 3_600_000;

/** The times in which the SIEM answers badly: none overlaps another of its kind. */
export function spansOf({ spans }: Settings, random: Random, start: number, end: number): Span[] {
  const kinds = [
    ["unreachable", spans.unreachable],
    ["busy", spans.busy],
    ["stale", spans.stale / 2],
    ["stale-unsaid", spans.stale / 2],
    ["forgetting", spans.forgetting],
  ] as const;
  return kinds.flatMap(([kind, inAnHour]) => {
    const found: Span[] = [];
    if (inAnHour === 0) return found;
    for (let at = start; ;) {
      at -= Math.log(1 - random.next()) * (HOUR / inAnHour);
      if (at > end) return found;
      const until = at + spans.lasting * random.between(0.3, 1);
      found.push({ kind, from: at, until, behindMs: spans.behind });
      at = until;
    }
  });
}
