import type { DeviceLogReader } from "./logged-command.js";

/** `notify syslog` of the configuration logger (IOS, "Configuration Change Notification and Logging"): configuration commands only. */
const CHANGE = /%PARSER-5-CFGLOG_LOGGEDCMD: User:(\S*?),? +logged command:(.*)$/;
const ANY_MESSAGE = /%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-\d-[A-Z0-9_]+:/;

/** Cisco IOS by syslog. The message names the user, and neither the line nor the session: its commands have no session. */
export const readIosLog: DeviceLogReader = (rest, time) => {
  const [, user = "", logged = ""] = CHANGE.exec(rest) ?? [];
  // What was typed outside the configuration mode is marked so.
  const [, command = ""] = /^(?:!exec: *)?(.*?) *$/.exec(logged) ?? [];
  if (command === "") return ANY_MESSAGE.test(rest) ? "other" : null;
  const mode = logged.startsWith("!exec:") ? {} : { mode: "config" };
  return { time, command, ...(user === "" ? {} : { user }), ...mode, session: null };
};

/** A record of `show accounting log`; `id` is where the user came from, `@`, and the terminal. */
const RECORD = /^:type=(\w+):id=(.*?):user=([^:]*):cmd=(.*)$/;

/** The accounting log of Cisco NX-OS: configuration commands, and with `terminal log-all` the others too. */
export const readNxosLog: DeviceLogReader = (rest, time) => {
  const [, type, id = "", user = "", logged = ""] = RECORD.exec(rest) ?? [];
  if (type !== "update") return type === undefined ? null : "other";
  const [, path = "", result] = /^(.*?)(?: \((SUCCESS|FAILURE|REDIRECT)\))?$/.exec(logged) ?? [];
  // The modes that lead to a command stand before it, each behind a semicolon.
  const steps = path.split(" ; ");
  const command = steps.at(-1)?.trim() ?? "";
  if (command === "") return "other";
  const [, address = "", terminal] = /^(.*?)(?:@(.*))?$/.exec(id) ?? [];
  return {
    ...{ time, command, user },
    ...(steps.length > 1 ? { mode: steps.slice(0, -1).join(" ; ").trim() } : {}),
    ...(address === "" ? {} : { address }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(result === undefined ? {} : { result }),
    session: terminal === undefined ? null : `${user}@${id}`,
  };
};
