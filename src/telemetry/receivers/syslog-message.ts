import { timeOfText } from "../windows/time.js";
import type { Json } from "../windows/json.js";
import type { ReceivedRecord } from "./receiver.js";

/** The parts of a syslog message; null or absent where it has none. */
interface Header {
  readonly host: string | null;
  readonly program: string | null;
  readonly time: number | null;
  readonly text: string;
  readonly about: Json;
}

const priority = /^<(\d{1,3})>/;
const rfc5424 = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) /;
/** The time of RFC 3164 (no year, no zone) or, as most senders are configured today, of RFC 3339. */
const rfc3164 = /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?:([\w.:-]*[\w.-]) )?/;
const tag = /^([\w.@/-]{1,64})(?:\[([^\]\s]{0,32})\])?: ?/;
const element = /^\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.)*")*)\]/;
const parameter = / ([^\s=\]"]{1,64})="((?:[^"\\\]]|\\.)*)"/g;

/** The highest priority: facility 23, severity 7. */
const MOST_PRIORITY = 191;

/**
 * Reads a syslog message of RFC 5424 or RFC 3164. A message of neither form is kept whole, as RFC 3164, section 4.3.3, has
 * it of a relay. A time without a zone is not taken for one: it stands in `about` only.
 * @param peer the address that it came from
 */
export function readSyslog(message: Buffer, peer: string): ReceivedRecord {
  const whole = message.toString("utf8");
  const found = priority.exec(whole);
  const level = found === null || Number(found[1]) > MOST_PRIORITY ? null : Number(found[1]);
  const rest = level === null ? whole : whole.slice((found as RegExpExecArray)[0].length);
  const header = level === null ? bare(whole) : (read5424(rest) ?? read3164(rest) ?? bare(rest));
  const about = {
    ...(level === null ? {} : { facility: level >> 3, severity: level & 7 }),
    ...header.about,
  };
  return {
    host: header.host ?? peer,
    channel: `syslog/${header.program ?? ""}`,
    time: header.time,
    content: header.text,
    about,
  };
}

function read5424(rest: string): Header | null {
  const found = rfc5424.exec(rest);
  if (found === null) return null;
  const [whole, time = "-", host = "-", program = "-", process = "-", id = "-"] = found;
  const data = structuredData(rest, whole.length);
  if (data === null) return null;
  const text = rest.slice(data.end).replace(/^ /, "");
  return {
    host: host === "-" ? null : host,
    program: program === "-" ? null : program,
    time: time === "-" ? null : timeOfText(time),
    // The mark that says UTF-8 (section 6.4) is no part of the message.
    text: text.startsWith("\ufeff") ? text.slice(1) : text,
    about: named({ time, process, id, data: data.elements }),
  };
}

/** STRUCTURED-DATA (section 6.3): its elements by name and where it ends; null when it is none. */
function structuredData(rest: string, from: number): { elements: Json | undefined; end: number } | null {
  if (rest[from] === "-") return { elements: undefined, end: from + 1 };
  const elements: Record<string, Json> = {};
  let end = from;
  for (;;) {
    const found = element.exec(rest.slice(end));
    if (found === null) break;
    const [whole, name = "", parameters = ""] = found;
    elements[name] = Object.fromEntries(
      [...parameters.matchAll(parameter)].map(([, key = "", value = ""]) => [
        key,
        value.replaceAll(/\\(["\\\]])/g, "$1"),
      ]),
    );
    end += whole.length;
  }
  return end === from ? null : { elements, end };
}

function read3164(rest: string): Header | null {
  const found = rfc3164.exec(rest);
  if (found === null) return null;
  const [whole, time = "", host] = found;
  const behind = rest.slice(whole.length);
  const [tagged = "", program, process] = tag.exec(behind) ?? [];
  return {
    host: host ?? null,
    program: program ?? null,
    time: timeOfText(time),
    text: behind.slice(tagged.length),
    about: named({ time, process }),
  };
}

function bare(text: string): Header {
  return { host: null, program: null, time: null, text, about: {} };
}

function named(parts: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined && value !== "-"),
  );
}
