import { type HypervisorLine, type HypervisorLogReader, recordOf } from "./record.js";

/**
 * Logs of VMware ESXi, from its files (/var/run/log) or by syslog. Behind the time a line has the host's name by syslog only, since
 * ESXi 8 a priority such as `In(182)`, then the program. Sources: VMware, "ESXi Log File Locations" and "Auditing ESXi Shell logins and
 * commands" (knowledge base 2032076).
 */
const HEAD = String.raw`^(?:(?!\w+\[\d+\]|\w+:)[\w.-]+ +)?(?:[A-Z][a-z]{1,2}\(\d+\) +)?`;

/** `PROGRAM[WORLD]: TEXT`, the program written as the log in question has it. */
function line(programs: string): RegExp {
  return new RegExp(String.raw`${HEAD}((?:${programs})(?:\[(\d+)\])?: *(.*))$`);
}

const ANY = line(String.raw`[\w.-]+`);

function otherwise(rest: string): HypervisorLine {
  return ANY.test(rest) ? "other" : null;
}

const SHELL = line("shell|ash");
const SHELL_STATE = line("ESXShell|SSH");
const BY_USER = /^\[([^\]\s]+)\]: (.*)$/;

/** shell.log: what is typed into the shell, by the world of the shell, and since ESXi 5.5 the user. */
export const readShellLog: HypervisorLogReader = (rest) => {
  const [, message, world, text = ""] = SHELL.exec(rest) ?? [];
  if (message === undefined) {
    const [, state] = SHELL_STATE.exec(rest) ?? [];
    return state === undefined ? otherwise(rest) : recordOf({ Message: state });
  }
  if (world === undefined) return null;
  const session = `shell[${world}]`;
  if (/^Interactive shell session (?:started|ended)/.test(text))
    return recordOf({ Message: message, LogonId: world }, session);
  const [, user, command] = BY_USER.exec(text) ?? [];
  return recordOf(
    { Message: message, CommandLine: (command ?? text).trim(), User: user, LogonId: world },
    session,
  );
};

const LOGIN = line("sshd|sshd-session|login|dropbear");
/** What these programs say of a log-in: how it ended, whose it was, and from where. */
const outcomes: readonly (readonly [RegExp, string])[] = [
  [/^Accepted \S+ for (?<user>\S+) from (?<address>\S+) port \d+/, "accepted"],
  [/^Failed \S+ for (?:invalid user )?(?<user>\S+) from (?<address>\S+) port \d+/, "failed"],
  [
    /^(?:error: )?PAM: Authentication failure for (?:illegal user )?(?<user>\S+) from (?<address>\S+)/,
    "failed",
  ],
  [/^Session opened for '(?<user>[^']+)' on (?<terminal>\S+)/, "session-opened"],
  [/^Session closed for '(?<user>[^']+)' on (?<terminal>\S+)/, "session-closed"],
  [/^pam_unix\([^)]*:session\): session opened for user (?<user>\S+)/, "session-opened"],
  [/^pam_unix\([^)]*:session\): session closed for user (?<user>\S+)/, "session-closed"],
  [/^(?<user>\S+) login on '(?<terminal>[^']+)'/, "accepted"],
];

/** auth.log: log-ins at the console and over SSH. A world of sshd is not that of the shell behind it. */
export const readAuthLog: HypervisorLogReader = (rest) => {
  const [, message, , text = ""] = LOGIN.exec(rest) ?? [];
  if (message === undefined) return otherwise(rest);
  for (const [pattern, action] of outcomes) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const { user, address, terminal } = groups;
    return recordOf({ Message: message, Action: action, User: user, SourceIp: address, Terminal: terminal });
  }
  return recordOf({ Message: message });
};

const VOB = new RegExp(
  String.raw`${HEAD}(?:vobd(?:\[\d+\])?: *)?(\[\w+\] \d+us: \[([\w.-]+)\] ?(.*)|\[(esx\.[\w.-]+)\] ?(.*))$`,
);
/** What it says of its own deliveries stands there without its name. */
const ABOUT_DELIVERY = /^An event \([\w.-]+\) could not be sent /;
const FOR_USER = /'([^'@\s]+)@([^'\s]+)'/;

/** vobd.log: observations, such as that a shell was enabled or a session opened. */
export const readVobdLog: HypervisorLogReader = (rest) => {
  const [, message, correlated, told, plain, alone] = VOB.exec(rest) ?? [];
  if (message === undefined) return ABOUT_DELIVERY.test(rest) ? "other" : otherwise(rest);
  const [, user, address] = FOR_USER.exec(told ?? alone ?? "") ?? [];
  return recordOf({ Message: message, EventType: correlated ?? plain, User: user, SourceIp: address });
};

/** The host agent's own form, with the priority as a word before ESXi 8; by syslog behind the word `Hostd:`. */
const HOSTD = new RegExp(
  String.raw`${HEAD}(?:[Hh]ostd: +)?(?:(?:verbose|trivia|info|warning|error|panic) +)?([Hh]ostd\[\w+\]:? +\[Originator@\d+ ([^\]]*)\] *(.*))$`,
);
const LOGGED_IN = /^Event \d+ : User ([^@\s]+)@(\S+) logged (?:in|out)\b/;

/** hostd.log: what the host agent does, which serves vim-cmd, esxcli, the web client and vCenter. */
export const readHostdLog: HypervisorLogReader = (rest) => {
  // The rest of a message of several lines.
  if (/^-->/.test(rest)) return "other";
  const [, message, origin = "", text = ""] = HOSTD.exec(rest) ?? [];
  if (message === undefined) return otherwise(rest.replace(/^\w+ +/, "")) ?? otherwise(rest);
  const attribute = (name: string): string | undefined =>
    new RegExp(String.raw`(?:^| )${name}=(\S+)`).exec(origin)?.[1];
  const [, user, address] = LOGGED_IN.exec(text) ?? [];
  return recordOf({
    Message: message,
    Subsystem: attribute("sub"),
    Operation: attribute("opID"),
    User: user ?? attribute("user"),
    SourceIp: address,
  });
};
