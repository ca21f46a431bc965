import type { DeviceLogReader, LoggedCommand } from "./logged-command.js";

/** The attributes of an accounting record (RFC 8907, 8.2), `name=value`; `cmd` is the last, and ends in `<cr>`. */
function commandOf(attributes: string): string | null {
  const [, command] = /(?:^|\s)cmd=(.*?)(?:\s*<cr>)?\s*$/.exec(attributes) ?? [];
  return command === undefined || command === "" ? null : command;
}

function commandBy(
  time: number,
  command: string,
  user: string,
  terminal: string,
  address: string,
): LoggedCommand {
  // A program that speaks to the device's own interface has no terminal.
  const known = terminal !== "unknown" && terminal !== "";
  return {
    ...{ time, command, user, terminal, address },
    session: known ? `${user}@${address}@${terminal}` : null,
  };
}

/** `aaa accounting commands ... logging` of Arista EOS: USER TERMINAL ADDRESS start|stop, then attributes. */
const EOS = /^\s*\S+ Aaa: (?:\d+: )?%ACCOUNTING-6-CMD: (\S+) (\S+) (\S+) (start|stop) (.*)$/;
const EOS_MESSAGE = /^\s*\S+ \w+: (?:\d+: )?%[A-Z0-9_]+-\d-\w+: /;

/** Arista EOS by syslog. Of a command that is logged at its start and at its end the end counts. */
export const readEosLog: DeviceLogReader = (rest, time) => {
  const [, user = "", terminal = "", address = "", edge, attributes = ""] = EOS.exec(rest) ?? [];
  if (edge === undefined) return EOS_MESSAGE.test(rest) ? "other" : null;
  const command = commandOf(attributes);
  if (command === null) return "other";
  return edge === "start" ? "copy" : commandBy(time, command, user, terminal, address);
};

/**
 * The accounting file of a TACACS+ server (tac_plus): time, device, user, terminal, where the user came from, `start` or `stop`, and
 * attributes, separated by tabs. Cisco's devices send one `stop` for each command.
 */
export const readTacacsLog: DeviceLogReader = (rest, time) => {
  const [device, user = "", terminal, address = "", edge, ...attributes] = rest.split("\t");
  if (device === "" || terminal === undefined || edge === undefined) return null;
  const command = commandOf(attributes.join("\t"));
  if (command === null) return "other";
  if (edge !== "stop") return edge === "start" || edge === "update" ? "copy" : null;
  return commandBy(time, command, user, terminal, address);
};
