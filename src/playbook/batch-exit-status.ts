import { readBatch } from "./effects/batch-reader.js";
import type { ExitStatusKnowledge } from "./exit-status.js";

/** Commands whose exit status says what they found. */
const telling = new Set(["find", "findstr", "where", "dir", "type", "fc", "reg", "copy", "comp"]);

/**
 * Whether a batch script that is meant as a check can tell anything: a condition ends it with another status, or its last
 * command's status says what was found.
 */
export function batchExitStatus(script: string): ExitStatusKnowledge {
  const { commands } = readBatch(script);
  const exits = commands.filter(({ name }) => name.toLowerCase() === "exit");
  const statuses = new Set(exits.map(({ tail }) => /(\d+)\s*$/.exec(tail)?.[1] ?? "0"));
  const conditional = /(^|[\s&|(@])if[\s(]|&&|\|\|/i.test(script);
  if (conditional && exits.length > 0)
    return statuses.size === 1 && statuses.has("0") ? "succeeds" : "varies";
  const last = commands.at(-1);
  if (exits.length > 0) return statuses.has("0") ? "succeeds" : "fails";
  return last !== undefined && telling.has(last.name.toLowerCase()) ? "varies" : "succeeds";
}
