import { LOGIN_SHELL } from "../lab/embedded/wine/login-shell.js";
import { type HostEvent, sentinelOf } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import type { Bracket, Circumstances } from "./bracket-model.js";
import { missingNumbers } from "./records.js";
import { commandLineOf, wrapperPartOf } from "./windows-housekeeping.js";

interface Sentinels {
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
  /** All that the sentinels' sensor told of their host, in its order. */
  readonly channel: readonly HostEvent[];
  /** Of that, what is of the sentinels' own session. */
  readonly session: readonly HostEvent[];
  readonly circumstances: Circumstances;
}

/**
 * The bracket of a trial on Windows, where a sensor may not tell who started a process. Credit needs the same host, the same logon
 * session, a record between both sentinels, and that the connection was the trial's alone: then all that ran there is the
 * wrapper's or the act's. The wrapper starts two processes between its sentinels, and both must be there to be left out, once and as it
 * writes them: one that is missing, or that is told in other words, would pass for the act's. Where a sensor does tell who
 * started a process, that must not speak against it. What it does not tell speaks neither for nor against.
 */
export function windowsBracket(trial: Pick<Trial, "id" | "work">, sentinels: Sentinels): Bracket {
  const { begin, end, channel, session, circumstances } = sentinels;
  const untold = (state: "open" | "overlap", detail: string): Bracket => ({ state, begin, end, detail });
  if (begin === null || end === null)
    return untold("open", `no ${begin === null ? "begin" : "end"} sentinel of the trial arrived`);
  if (!circumstances.alone)
    return untold(
      "overlap",
      "the login session was not the trial's alone: what others did there cannot be told",
    );

  const isInside = ({ sequence }: HostEvent): boolean => sequence > begin.sequence && sequence < end.sequence;
  const inside = session.filter(isInside);
  const other = inside.map(sentinelOf).find((sentinel) => sentinel !== null);
  if (other !== undefined && other !== null)
    return untold("overlap", `trial ${other.trial} acted in the same session at the same time`);
  const connected = inside.find(({ argv }) => argv.includes(LOGIN_SHELL));
  if (connected !== undefined)
    return untold("overlap", "another command came over the connection while the act ran");

  const processes = inside.filter(isOfWindows);
  const unread = processes.find((event) => commandLineOf(event) === null);
  if (unread !== undefined)
    return untold(
      "overlap",
      "of some processes the sensor does not tell the command line: one may be the wrapper's",
    );
  const partOf = (event: HostEvent): ReturnType<typeof wrapperPartOf> =>
    wrapperPartOf(commandLineOf(event) ?? "", trial.work);
  const wrapper = processes.filter((event) => partOf(event) !== null);
  const parts = wrapper.map(partOf).join(" ");
  if (parts !== "line look")
    return untold(
      "overlap",
      `of the wrapper's own processes ${parts === "" ? "none" : `"${parts}"`} is there: one could be taken for the act's`,
    );
  const [line, look] = wrapper as [HostEvent, HostEvent];
  if (processes[0]?.id !== line.id)
    return untold("overlap", "something ran in the session before the act's own shell");
  const act = processes.filter((event) => partOf(event) === null);
  if (![line, look].every((event) => mayBeChild(event, begin)))
    return untold("overlap", "what looks like the wrapper's own process was started by another");
  if (act.some((event) => event.ppid !== null && event.ppid === begin.ppid))
    return untold("overlap", "the wrapper started something that is not its own");

  const missing = missingNumbers(channel, begin.sequence, end.sequence).length;
  const unplaced = channel.filter((event) => event.session === null && isOfWindows(event) && isInside(event));
  return {
    ...{ state: "closed", begin, end, act, unseen: missing, detail: "" },
    ...(unplaced.length === 0 ? {} : { unplaced }),
  };
}

function isOfWindows({ logsource }: HostEvent): boolean {
  return logsource.product === "windows";
}

/** Unless the sensor says that another has started it. */
function mayBeChild({ ppid }: HostEvent, sibling: HostEvent): boolean {
  return ppid === null || sibling.ppid === null || ppid === sibling.ppid;
}
