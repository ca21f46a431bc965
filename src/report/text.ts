/** Text for a terminal. Everything that came from a host, a rule or a file passes `plain` before it is shown. */

/** Bidirectional controls, line separators and invisible characters: they make a text look like another one. */
const deceptive = /[\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/u;

/**
 * The text with everything that a terminal would act on made visible: controls as `\x1b`, line ends as `\n`, deceptive
 * Unicode as `\u{202e}`, lone surrogates as U+FFFD. The result is one line without any control character.
 */
export function plain(text: string): string {
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\n") result += "\\n";
    else if (character === "\t") result += "\\t";
    else if (character === "\r") result += "\\r";
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
      result += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code >= 0xd800 && code <= 0xdfff) result += "\ufffd";
    else if (deceptive.test(character)) result += `\\u{${code.toString(16)}}`;
    else result += character;
  }
  return result;
}

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u;
const onlyAscii = /^[\x20-\x7e]*$/;

/** Columns that a plain text takes in a terminal. */
export function columns(text: string): number {
  if (onlyAscii.test(text)) return text.length;
  let count = 0;
  for (const { segment } of segments.segment(text)) count += wide.test(segment) ? 2 : 1;
  return count;
}

/** The text cut to a number of columns, ending in `…` when something was left out. */
export function clip(text: string, limit: number): string {
  if (columns(text) <= limit) return text;
  if (limit < 1) return "";
  let result = "";
  let used = 0;
  for (const { segment } of segments.segment(text)) {
    used += wide.test(segment) ? 2 : 1;
    if (used > limit - 1) break;
    result += segment;
  }
  return `${result}…`;
}

/** The text filled with spaces, or cut, to exactly a number of columns. */
export function pad(text: string, limit: number, side: "left" | "right" = "right"): string {
  const fitted = clip(text, limit);
  const space = " ".repeat(Math.max(0, limit - columns(fitted)));
  return side === "right" ? fitted + space : space + fitted;
}

/** Lines of at most `limit` columns, broken between words where there is a space, else within the word. */
export function wrap(text: string, limit: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    if (line !== "" && columns(line) + 1 + columns(rest) <= limit) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (columns(rest) > limit) {
      const piece = takeColumns(rest, limit);
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

function takeColumns(text: string, limit: number): string {
  let result = "";
  let used = 0;
  for (const { segment } of segments.segment(text)) {
    used += wide.test(segment) ? 2 : 1;
    if (used > limit && result !== "") break;
    result += segment;
  }
  return result;
}

/** `1 trial`, `2 trials`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Milliseconds for people: `7 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 999.5) return `${Math.round(whole)} ms`;
  if (whole < 59_950) return `${(whole / 1000).toFixed(1)} s`;
  const seconds = Math.round(whole / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
