/** The small constant evaluator: what harmless text programs print for inputs that are known. Null: not known. */

/** What stands behind a backslash, for what; the shells and the script languages have these from C. */
export const escapesOfC: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

const shellEscapes: Readonly<Record<string, string>> = { ...escapesOfC, e: "\x1b", E: "\x1b", "?": "?" };

/** Backslash escapes of printf formats, `echo -e` and `$'...'`; null for one that is not known. */
export function unescape(text: string, style: "printf" | "echo" | "ansi"): string | null {
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character !== "\\") {
      out += character;
      continue;
    }
    const rest = text.slice(index + 1);
    const octal = (style === "echo" ? /^0[0-7]{0,3}/ : /^[0-7]{1,3}/).exec(rest)?.[0];
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    const unicode = /^(?:u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest);
    const code =
      octal !== undefined ? Number.parseInt(octal, 8) : hex ? Number.parseInt(hex[1] as string, 16) : null;
    if (code !== null) {
      // A byte that is no character of its own would need the bytes around it.
      if (code === 0 || code > 0x7f) return null;
      out += String.fromCharCode(code);
      index += (octal ?? hex?.[0] ?? "").length;
    } else if (unicode !== null) {
      const point = Number.parseInt(unicode[1] ?? unicode[2] ?? "", 16);
      if (point === 0 || point > 0x10ffff) return null;
      out += String.fromCodePoint(point);
      index += unicode[0].length;
    } else {
      const plain = shellEscapes[rest[0] ?? ""];
      if (plain === undefined) return null;
      out += plain;
      index += 1;
    }
  }
  return out;
}

/** What `printf` prints. */
export function printf(words: readonly string[]): string | null {
  const [format, ...values] = words[0] === "--" ? words.slice(1) : words;
  if (format === undefined || (format.startsWith("-") && format.length > 1)) return null;
  let out = "";
  let next = 0;
  do {
    const started = next;
    for (const part of format.match(/%[^a-zA-Z%]*[a-zA-Z%]|[^%]+|%/g) ?? []) {
      if (!part.startsWith("%")) {
        const text = unescape(part, "printf");
        if (text === null) return null;
        out += text;
      } else if (part === "%%") out += "%";
      else if (part === "%s") out += values[next++] ?? "";
      else if (part === "%c") out += (values[next++] ?? "").slice(0, 1);
      else if (part === "%d" && /^-?\d+$/.test(values[next] ?? "0"))
        out += String(Number(values[next++] ?? "0"));
      else if (part === "%b") {
        const text = unescape(values[next++] ?? "", "echo");
        if (text === null) return null;
        out += text;
      } else return null;
    }
    if (next === started) break;
  } while (next < values.length);
  return out;
}

/** What `echo` prints. Only bash's is known where options or backslashes are concerned. */
export function echo(words: readonly string[], bash: boolean): string | null {
  let index = 0;
  let newline = true;
  let escapes = false;
  for (; /^-[neE]+$/.test(words[index] ?? ""); index += 1) {
    if (!bash && words[index] !== "-n") return null;
    if (words[index]?.includes("n") === true) newline = false;
    if (words[index]?.includes("e") === true) escapes = true;
  }
  const text = words.slice(index).join(" ");
  if (text.includes("\\") && !bash) return null;
  const shown = escapes ? unescape(text, "echo") : text;
  return shown === null ? null : shown + (newline ? "\n" : "");
}

/** `base64`, encoding as the coreutils do (76 columns unless `-w0`) or decoding. */
export function base64(words: readonly string[], input: string): string | null {
  if (words.some((word) => ["-d", "--decode", "-D", "-di", "-id"].includes(word))) {
    const text = input.replace(/\s/g, "");
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
    return decodeUtf8(Buffer.from(text, "base64"));
  }
  const encoded = Buffer.from(input, "utf8").toString("base64");
  const options = words.join(" ");
  if (options === "-w0" || options === "-w 0" || options === "--wrap=0") return encoded;
  return options === "" ? (encoded.match(/.{1,76}/g) ?? []).map((line) => `${line}\n`).join("") : null;
}

/** `xxd -p` and `xxd -r -p`. */
export function xxd(words: readonly string[], input: string): string | null {
  const options = words
    .map((word) => word.replace(/^--?/, ""))
    .sort()
    .join("");
  if (["pr", "rp", "plainrevert", "prevert", "plainr", "psr"].includes(options)) {
    const text = input.replace(/\s/g, "");
    return /^([0-9a-fA-F]{2})*$/.test(text) ? decodeUtf8(Buffer.from(text, "hex")) : null;
  }
  if (options !== "p") return null;
  const encoded = Buffer.from(input, "utf8").toString("hex");
  return (encoded.match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join("");
}

/** `rev`: each line backwards. */
export function rev(input: string): string {
  return input
    .split("\n")
    .map((line) => [...line].reverse().join(""))
    .join("\n");
}

/** `tr SET1 SET2` and `tr -d SET1` for plain characters and ranges. */
export function tr(words: readonly string[], input: string): string | null {
  const remove = words[0] === "-d";
  const sets = (remove ? words.slice(1) : words).map(expandSet);
  const [from, to] = sets;
  if (from === undefined || from === null || sets.length !== (remove ? 1 : 2)) return null;
  if (remove) return [...input].filter((character) => !from.includes(character)).join("");
  if (to === undefined || to === null || to.length === 0) return null;
  return [...input]
    .map((character) => {
      const index = from.lastIndexOf(character);
      return index === -1 ? character : (to[Math.min(index, to.length - 1)] as string);
    })
    .join("");
}

function expandSet(set: string): string[] | null {
  if (set.startsWith("-") || /\[[:=.]/.test(set)) return null;
  const plain = unescape(set, "printf");
  if (plain === null || (set.includes("\\") && plain.includes("-"))) return null;
  const characters = [...plain];
  const out: string[] = [];
  for (let index = 0; index < characters.length; index += 1) {
    const first = (characters[index] as string).codePointAt(0) as number;
    const last = characters[index + 2]?.codePointAt(0);
    if (characters[index + 1] !== "-" || last === undefined) out.push(characters[index] as string);
    else {
      if (last < first || last > 0x7f) return null;
      for (let code = first; code <= last; code += 1) out.push(String.fromCharCode(code));
      index += 2;
    }
  }
  return out;
}

/** Bytes as text; null when they are not UTF-8 or hold a NUL. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
