import type { DeviceLogReader } from "./logged-command.js";

/** The process that serves the user's session has one for each session, so its number tells them apart. */
const PLAIN = /\bmgd\[(\d+)\]: (?:%\w+-\d-)?UI_CMDLINE_READ_LINE: User '([^']*)', command '(.*)'\s*$/;
/** With `structured-data` (RFC 5424): HOST mgd PID UI_CMDLINE_READ_LINE [junos@2636... username="U" command="C"]. */
const STRUCTURED =
  /^\S+ mgd (\d+) UI_CMDLINE_READ_LINE \[junos@\S+ username="((?:[^"\\]|\\.)*)" command="((?:[^"\\]|\\.)*)"\]/;
const ANY_MESSAGE = /^\S+ [\w/.-]+(?:\[\d+\])?(?::| \d+ | - )/;

/** Junos by syslog, facility `interactive-commands`. */
export const readJunosLog: DeviceLogReader = (rest, time) => {
  const structured = STRUCTURED.exec(rest);
  const match = structured ?? PLAIN.exec(rest);
  if (match === null) return ANY_MESSAGE.test(rest) ? "other" : null;
  const [, pid = "", user = "", logged = ""] = match;
  const plain = (text: string): string => (structured === null ? text : text.replace(/\\(.)/g, "$1"));
  const command = plain(logged).trim();
  return command === "" ? "other" : { time, command, user: plain(user), session: `mgd[${pid}]` };
};
