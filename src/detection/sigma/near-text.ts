/** Longer texts are looked at only in their first part: a hint need not be perfect, but it must be quick. */
const longestText = 8192;
const longestWanted = 200;

interface Loose {
  readonly text: string;
  /** By character of the loose text: where it stands in the original. */
  readonly origin: readonly number[];
}

/** The text without what differs between two ways to write the same command line: quotes, carets, widths of spaces. */
function loosen(original: string): Loose {
  let text = "";
  const origin: number[] = [];
  for (let index = 0; index < Math.min(original.length, longestText); index++) {
    const character = original.charAt(index);
    if (/["'`^]/.test(character)) continue;
    const space = /\s/.test(character);
    if (space && (text === "" || text.endsWith(" "))) continue;
    text += space ? " " : character;
    origin.push(index);
  }
  return { text, origin };
}

/** Where in a text the wanted text stands but for quotes and the width of spaces; null when it does not. Both of one case. */
export function findLoosely(text: string, wanted: string): { start: number; end: number } | null {
  if (wanted.length > longestWanted) return null;
  const trimmed = loosen(wanted).text.trim();
  if (trimmed.length < 2) return null;
  const { text: looseText, origin } = loosen(text);
  const at = looseText.indexOf(trimmed);
  if (at === -1) return null;
  const start = origin[at] ?? 0;
  return { start, end: (origin[at + trimmed.length - 1] ?? start) + 1 };
}

/** The longest text that both have; the first such when there are several. Takes the product of the lengths, which are cut. */
export function longestCommon(text: string, wanted: string): { text: string; at: number } {
  const left = text.slice(0, 2048);
  const right = wanted.slice(0, longestWanted);
  let best = 0;
  let end = 0;
  let previous = new Uint16Array(right.length + 1);
  let current = new Uint16Array(right.length + 1);
  for (let row = 1; row <= left.length; row++) {
    for (let column = 1; column <= right.length; column++) {
      const length = left[row - 1] === right[column - 1] ? (previous[column - 1] ?? 0) + 1 : 0;
      current[column] = length;
      if (length > best) {
        best = length;
        end = row;
      }
    }
    [previous, current] = [current, previous];
  }
  return { text: left.slice(end - best, end), at: end - best };
}

/** The last part of a path with the separator before it: `/bash` of `/usr/bin/bash`; null when the text is no path. */
export function lastPathPart(text: string): string | null {
  const at = Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\"));
  return at === -1 || at === text.length - 1 ? null : text.slice(at);
}
