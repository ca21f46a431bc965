/** What stands where an object of JSON was due. */
export class JsonObjectsError extends Error {
  /** @param index of the object, from 0 */
  constructor(readonly index: number) {
    super(`object ${index} is no JSON`);
  }
}

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Objects of JSON that stand one behind the other, with or without white space between. @throws JsonObjectsError behind the last good one */
export function* jsonObjects(text: string): Generator<Readonly<Record<string, unknown>>> {
  let at = skipBlanks(text, 0);
  for (let index = 0; at < text.length; index += 1) {
    const end = text.charCodeAt(at) === OPEN ? endOfObject(text, at) : -1;
    if (end === -1) throw new JsonObjectsError(index);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text.slice(at, end));
    } catch {
      throw new JsonObjectsError(index);
    }
    yield parsed as Readonly<Record<string, unknown>>;
    at = skipBlanks(text, end);
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[ \t\r\n]/.test(text.charAt(at))) at += 1;
  return at;
}

/** Where an object ends, by its brackets alone; -1 when it does not. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE || code === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
