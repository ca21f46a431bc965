import { durationMs } from "../ruler/selector.js";

/**
 * Milliseconds that a metric query of LogQL looks back from the moment for which it is evaluated; null when its ranges differ, or
 * when it looks at another moment (`offset`). Texts in quotes are no part of it.
 */
export function lookBackOf(query: string): number | null {
  const bare = query.replaceAll(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '""').replaceAll(/#[^\n]*/g, "");
  if (/\boffset\b/.test(bare)) return null;
  const ranges = new Set([...bare.matchAll(/\[\s*(\w+)\s*\]/g)].map(([, range = ""]) => durationMs(range)));
  const [range] = ranges;
  return ranges.size === 1 && range !== undefined ? range : null;
}
