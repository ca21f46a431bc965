import type { Effect } from "../../model/playbook.js";
import { need, type Scope } from "./finding.js";

/** Commands that only show, by their first word; which of them read secrets or the configuration is told apart below. */
const SHOWS = "show";

/** Filters of what is shown. Others write it to a file or a server, or hand it to a shell. */
const filters = new Set([
  ...[
    "include",
    "exclude",
    "begin",
    "section",
    "count",
    "match",
    "except",
    "find",
    "last",
    "no-more",
    "display",
  ],
]);

/** What a `show` reads beyond the state of the device. */
const reads: readonly (readonly [RegExp, Effect, string])[] = [
  [
    /\b(?:keys?|crypto|passwords?|secrets?|usernames?|users? .*detail|snmp|community|aaa|tacacs|radius|certificates?|pki)\b/,
    "credentials",
    "shows keys, users' secrets or communities",
  ],
  [
    /\b(?:running-config|startup-config|configuration|config|archive|tech-support|history|accounting)\b/,
    "configuration-read",
    "shows the configuration, or what others typed",
  ],
];

const NETWORK = new Set([
  "ping",
  "ping6",
  "traceroute",
  "traceroute6",
  "mtrace",
  "telnet",
  "ssh",
  "connect",
  "monitor",
]);

/** Lines that change nothing but this session, or leave a mode. */
const SESSION =
  /^(?:end|exit|quit|enable|disable|exit configuration-mode|exit discard|rollback 0|(?:no )?terminal (?:length|width|paginate)(?: \d+)?|set (?:cli screen-length|terminal length) \d+)$/;

const CONFIGURE = /^configure(?: terminal| exclusive| private)?$/;

/** A loopback carries no traffic of others, and these networks (RFC 5737) are nobody's. */
const LOOPBACK = String.raw`(?:lo\d*|[Ll]oopback ?\d+|dum(?:my)?\d+)`;
const DOCUMENTATION = String.raw`(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\/\d\d`;
/** Words without a sign that any device takes for the end of a command or for a key. */
const TEXT = String.raw`[\w./:-]+(?: [\w./:-]+)*`;
const CHANGES: readonly RegExp[] = [
  new RegExp(`^interface ${LOOPBACK}$`),
  new RegExp(`^(?:no )?ip route ${DOCUMENTATION} Null0$`, "i"),
  new RegExp(`^(?:set|delete) interfaces (?:loopback )?${LOOPBACK} description(?: ${TEXT})?$`),
  new RegExp(
    `^(?:set|delete) (?:routing-options|protocols) static route ${DOCUMENTATION} (?:discard|blackhole)$`,
  ),
  /^commit$/,
];
const DESCRIPTION = new RegExp(`^(?:description ${TEXT}|no description)$`);

/**
 * What lines for the command line of a network device do. Devices take abbreviations, and each vendor's words are others: a line
 * that is not known to be harmless is destructive until its effect is declared.
 */
export function analyseDevice(scope: Scope, code: string): void {
  let configuring = false;
  let onLoopback = false;
  let at = 0;
  for (const raw of code.split("\n")) {
    const start = at + (raw.length - raw.trimStart().length);
    at += raw.length + 1;
    const line = raw.trim();
    if (line === "") continue;
    const lower = line.toLowerCase();
    const asked = configuring ? lower.replace(/^(?:do|run) +/, "") : lower;
    if (asked.startsWith(`${SHOWS} `)) show(scope, asked, start);
    else if (SESSION.test(lower)) {
      if (lower === "end" || /^exit (?:configuration-mode|discard)$/.test(lower)) configuring = false;
      if (lower === "exit" && !onLoopback) configuring = false;
      onLoopback = false;
    } else if (CONFIGURE.test(lower)) {
      need(scope, "configuration-change", "enters the configuration mode", start);
      configuring = true;
    } else if (configuring && CHANGES.some((change) => change.test(line))) {
      need(scope, "configuration-change", `changes the configuration (${line})`, start);
      onLoopback = lower.startsWith("interface ");
    } else if (configuring && onLoopback && DESCRIPTION.test(line)) {
      need(scope, "configuration-change", "changes the description of a loopback", start);
    } else other(scope, line, lower, start);
  }
}

function show(scope: Scope, line: string, at: number): void {
  const [subject = "", ...pipes] = line.split("|");
  for (const [pattern, effect, reason] of reads) if (pattern.test(subject)) need(scope, effect, reason, at);
  // Among them what completes a line or asks for help: the rest of the line would stand before the next one.
  if (/[^\x20-\x7e]|[<>;&`$?(){}\\]/.test(line)) {
    need(scope, "destructive", "holds a sign that a device may act on", at);
  }
  for (const pipe of pipes) {
    const [word = ""] = pipe.trim().split(/\s+/);
    if (filters.has(word)) continue;
    need(scope, "destructive", `the filter "${word}" may write a file or start a program`, at);
  }
}

function other(scope: Scope, line: string, lower: string, at: number): void {
  const [word = ""] = lower.replace(/^(?:do|run|no) +/, "").split(/\s+/);
  if (NETWORK.has(word)) need(scope, "network", `${word} sends packets`, at);
  else if (/^(?:write|copy|save)\b/.test(word)) {
    need(scope, "persistence", `${word} writes what a later start reads, or sends it away`, at);
  } else {
    const reason = `lint does not know "${line}" as harmless; it reads whole words, no abbreviations, and changes of loopbacks only`;
    need(scope, "destructive", reason, at);
  }
}

/** Whether a check of a device can fail: one `show` with a filter prints nothing when what it looks for is not there. */
export function canPrintNothing(check: string): boolean {
  const lines = check.split("\n").filter((line) => line.trim() !== "");
  return (
    lines.length === 1 &&
    /^\s*show [^|]+\|\s*(?:include|match|section|find|begin)\s+\S/.test(lines[0] as string)
  );
}
