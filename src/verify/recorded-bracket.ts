import type { HostEvent } from "../model/event.js";
import { RECORDED_CLOCK_MS, type RecordedAct } from "../model/trial.js";
import type { Bracket } from "./bracket-model.js";
import { missingNumbers, uniqueInOrder } from "./records.js";

/**
 * The bracket of an execution that somebody else made, without sentinels. Its first process is the only one on the host, in the time
 * that was recorded, that has exactly its command line (or its number, where no command was recorded); what that process started, and
 * what those started, is the act. Everything else is nobody's. That all of it has arrived is proved only up to a record of the host from after
 * the recorded end, and only when no number is missing before that.
 */
export function recordedBracket(
  recorded: RecordedAct,
  host: string,
  hostEvents: readonly HostEvent[],
): Bracket {
  const untold = (state: "open" | "overlap", detail: string): Bracket => ({
    ...{ state, begin: null, end: null, detail },
  });
  const what = whatOf(recorded);
  if (what === null)
    return untold(
      "open",
      `${recorded.recorder} recorded neither the command nor its process: nothing can be told to be its own`,
    );
  if (!recorded.alone)
    return untold(
      "overlap",
      "another execution of the file, of the same command at the same time, cannot be told from it",
    );
  // What a process did besides is not its start, and is not told apart without sentinels.
  const events = uniqueInOrder(hostEvents).filter(
    (event) => event.host === host && event.kind !== "activity",
  );
  const startedAt = Date.parse(recorded.startedAt);
  const endedAt = Date.parse(recorded.endedAt ?? recorded.startedAt);
  const candidates = events.filter(
    (event) =>
      event.time >= startedAt - RECORDED_CLOCK_MS &&
      event.time <= endedAt + RECORDED_CLOCK_MS &&
      isOf(recorded, event),
  );
  const [root] = candidates;
  if (root === undefined) return untold("open", `no record of the host shows ${what} in the recorded time`);
  const channel = events.filter(({ sensor }) => sensor === root.sensor);
  const act = lineageOf(root, channel);
  // A shell that hands over to the one command that it was given shows that command once more.
  const rival = candidates.find((event) => !act.includes(event));
  if (rival !== undefined)
    return untold("overlap", `more than one process of the host shows ${what} in the recorded time`);
  const known = { state: "half", begin: null, end: null, act } as const;
  if (recorded.endedAt === null) return { ...known, unseen: null, detail: "when it ended was not recorded" };
  const over = root.time + (endedAt - startedAt) + RECORDED_CLOCK_MS;
  const after = channel.find((event) => event.sequence > root.sequence && event.time > over);
  if (after === undefined)
    return { ...known, unseen: null, detail: "nothing of the host has arrived from after its end" };
  const unseen = missingNumbers(channel, root.sequence, after.sequence).length;
  return { ...known, unseen, detail: "" };
}

function whatOf({ command, pid }: RecordedAct): string | null {
  if (command !== null) return "exactly this command line";
  return pid === null ? null : `a process with the number ${pid}`;
}

/** Options of an interpreter that stand before its code. */
const OPTION = /^[-/+][\w:=.-]*$/;

function isOf({ command, pid }: RecordedAct, event: HostEvent): boolean {
  if (event.kind === "command" || (pid !== null && event.pid !== pid)) return false;
  if (command === null) return true;
  if (event.fields["CommandLine"] === command) return true;
  const [program, ...words] = event.argv;
  const code = words.pop();
  return (
    program !== undefined && code === command && words.length > 0 && words.every((word) => OPTION.test(word))
  );
}

/**
 * A process and all that it started, by who started whom, in the host's order. A number that another parent starts anew is another
 * process.
 */
function lineageOf(root: HostEvent, channel: readonly HostEvent[]): HostEvent[] {
  const pids = new Set([root.pid]);
  const act = [root];
  const isOfWindows = root.logsource.product === "windows";
  if (root.pid === null) return act;
  for (const event of channel) {
    if (event.sequence <= root.sequence || event.pid === null || event.session !== root.session) continue;
    // A process of Windows runs one program; elsewhere it may hand over to another.
    const again = !isOfWindows && event.pid === root.pid && event.ppid === root.ppid;
    if (again || (event.ppid !== null && pids.has(event.ppid))) {
      pids.add(event.pid);
      act.push(event);
    } else pids.delete(event.pid);
  }
  return act;
}
