import { LOGIN_SHELL } from "../lab/embedded/wine/login-shell.js";
import { type HostEvent, sentinelOf } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import type { Bracket, Circumstances } from "./bracket-model.js";
import { missingNumbers } from "./records.js";
import { activitiesOf } from "./windows-activity.js";
import { commandLineOf, wrapperPartOf } from "./windows-housekeeping.js";

interface Sentinels {
  readonly begin: HostEvent | null;
  readonly end: HostEvent | null;
  /** All that the sentinels' sensor told of their host, in its order. */
  readonly channel: readonly HostEvent[];
  /** What processes of Windows did, of whichever sensor. */
  readonly activities: readonly HostEvent[];
  readonly circumstances: Circumstances;
}

/**
 * The bracket of a trial on Windows, where a sensor may not tell who started a process. Credit needs the same host, the same logon
 * session, a record between both sentinels, and that the connection was the trial's alone: then all that ran there is the
 * wrapper's or the act's. The wrapper starts two processes between its sentinels, and both must be there to be left out, once and as it
 * writes them: one that is missing, or that is told in other words, would pass for the act's. Where a sensor does tell who
 * started a process, that must not speak against it. What it does not tell speaks neither for nor against.
 *
 * Where one sentinel was lost, the wrapper's own process next to it stands in for it, for no command line but the wrapper's names its
 * folder: the act's shell for the begin, after which all is as before; the look at what was left for the end, after which something
 * may still have started, so that silence proves nothing.
 *
 * What the act's processes did besides starting others is told by `activitiesOf`.
 */
export function windowsBracket(trial: Pick<Trial, "id" | "work">, sentinels: Sentinels): Bracket {
  const { begin, end, channel, activities, circumstances } = sentinels;
  const edge = begin ?? end;
  const untold = (state: "open" | "overlap", detail: string): Bracket => ({ state, begin, end, detail });
  const session = channel.filter((event) => event.session !== null && event.session === edge?.session);
  const partOf = (event: HostEvent): ReturnType<typeof wrapperPartOf> =>
    wrapperPartOf(commandLineOf(event) ?? "", trial.work);
  // Others of the wrapper's, from before the act and after it, are told by what is between.
  const standIn = (part: "line" | "look"): HostEvent | undefined =>
    session.find((event) => isOfWindows(event) && partOf(event) === part);
  const first = begin ?? standIn("line");
  const last = end ?? standIn("look");
  const detail = `no ${begin === null ? "begin" : "end"} sentinel of the trial arrived`;
  if (first === undefined || last === undefined) return untold("open", detail);
  if (!circumstances.alone)
    return untold(
      "overlap",
      "the login session was not the trial's alone: what others did there cannot be told",
    );

  const isInside = ({ sequence, id }: HostEvent): boolean =>
    sequence >= first.sequence && sequence <= last.sequence && id !== begin?.id && id !== end?.id;
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
  if (![line, look].every((event) => mayBeChild(event, first)))
    return untold("overlap", "what looks like the wrapper's own process was started by another");
  if (act.some((event) => event.ppid !== null && event.ppid === first.ppid))
    return untold("overlap", "the wrapper started something that is not its own");

  const others = (circumstances.otherRecords ?? []).filter(
    ({ host, sensor }) => host === first.host && sensor === first.sensor,
  );
  const missing = missingNumbers([...channel, ...others], first.sequence, last.sequence).length;
  const done = activitiesOf({ processes: act, channel, others, look, activities });
  const unplaced = [
    ...channel.filter((event) => event.session === null && isOfWindows(event) && isInside(event)),
    ...done.unplaced,
  ];
  const isClosed = begin !== null && end !== null;
  return {
    ...{ state: isClosed ? "closed" : "half", begin, end, act: [...act, ...done.own] },
    ...{ unseen: end === null ? null : missing, detail: isClosed ? "" : detail },
    ...(unplaced.length === 0 ? {} : { unplaced }),
  };
}

function isOfWindows({ logsource, kind }: HostEvent): boolean {
  return logsource.product === "windows" && kind === "exec";
}

/** Unless the sensor says that another has started it. */
function mayBeChild({ ppid }: HostEvent, sibling: HostEvent): boolean {
  return ppid === null || sibling.ppid === null || ppid === sibling.ppid;
}
