import type { Language } from "./language.js";

/** How a value is written where a placeholder stands: as a literal of a language, as it is, or as text of a regular expression. */
export type Quoting = Language | "batch-line" | "raw" | "regular-expression";

/**
 * Writes a value as one literal. A whole number is written bare in every language; a text becomes a string literal that
 * the real interpreter reads back exactly (NUL and lone surrogates excepted, which no command line can carry).
 * Returns null when the language's quoting is not known, or when the language has no way to write this text (batch: line
 * breaks; on a command line of cmd.exe, percent signs too).
 */
export function quote(value: string | number, quoting: Quoting): string | null {
  if (typeof value === "number" && quoting !== "unknown") return String(value);
  const text = String(value);
  switch (quoting) {
    case "raw":
      return text;
    case "regular-expression":
      return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    case "shell":
      return `'${text.replaceAll("'", `'\\''`)}'`;
    case "python":
      return pythonLiteral(text);
    case "javascript":
      return javascriptLiteral(text);
    case "lua":
      return luaLiteral(text);
    case "powershell":
      return powershellLiteral(text);
    case "batch":
      return batchLiteral(text);
    case "batch-line":
      // Only a batch file has a way to write a percent sign.
      return text.includes("%") ? null : batchLiteral(text);
    case "vbscript":
      return vbscriptLiteral(text);
    case "jscript":
      return javascriptLiteral(text);
    case "device":
      // Devices have no quoting that all of them read the same way.
      return /^[\w./:-]+(?: [\w./:-]+)*$/.test(text) ? text : null;
    case "unknown":
      return null;
  }
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Printable ASCII that stands for itself inside double quotes in Python, JavaScript and Lua. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c;
}

// Only ASCII is written: the literal then means the same under every locale and source encoding.
function pythonLiteral(text: string): string {
  let out = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (isPlain(code)) out += character;
    else if (code === 0x22 || code === 0x5c) out += `\\${character}`;
    else if (code < 0x100) out += `\\x${hex(code, 2)}`;
    else if (code < 0x10000) out += `\\u${hex(code, 4)}`;
    else out += `\\U${hex(code, 8)}`;
  }
  return `"${out}"`;
}

function javascriptLiteral(text: string): string {
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isPlain(code)) out += text[index];
    else if (code === 0x22 || code === 0x5c) out += `\\${text[index]}`;
    else out += `\\u${hex(code, 4)}`;
  }
  return `"${out}"`;
}

// Lua strings are bytes; three decimal digits are understood by every version since 5.1.
function luaLiteral(text: string): string {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) {
    if (isPlain(byte)) out += String.fromCharCode(byte);
    else if (byte === 0x22 || byte === 0x5c) out += `\\${String.fromCharCode(byte)}`;
    else out += `\\${String(byte).padStart(3, "0")}`;
  }
  return `"${out}"`;
}

/** Runs of a text's characters: those that stand for themselves (`plain`), and every other UTF-16 unit by itself. */
function runs(text: string, plain: RegExp): string[] {
  return text.match(new RegExp(`(?:${plain.source})+|[^]`, "g")) ?? [];
}

// Only ASCII is written: Windows PowerShell reads a script without a byte order mark in the machine's code page, and takes
// typographic quotes for quotes.
function powershellLiteral(text: string): string {
  const plain = /[ -~]/;
  const parts = runs(text, plain).map((part) =>
    plain.test(part) ? `'${part.replaceAll("'", "''")}'` : `[char]0x${hex(part.charCodeAt(0), 4)}`,
  );
  const [first] = parts;
  if (first === undefined) return "''";
  if (parts.length === 1 && first.startsWith("'")) return first;
  return `(${["''", ...parts].join("+")})`;
}

// A line of VBScript ends where the text does; ChrW takes one UTF-16 unit.
function vbscriptLiteral(text: string): string {
  const plain = /[ -~]/;
  const parts = runs(text, plain).map((part) =>
    plain.test(part) ? `"${part.replaceAll('"', '""')}"` : `ChrW(${part.charCodeAt(0)})`,
  );
  if (parts.length === 0) return '""';
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(" & ")})`;
}

/**
 * A text as it has to stand in a batch file, outside quotes, so that a command or program gets exactly this. Every character
 * that cmd.exe could act on has a caret; a percent sign is doubled. It is one argument only where the program takes it so.
 * Null for a text with a line break, which no line of a batch file can hold.
 */
export function batchLiteral(text: string): string | null {
  if (/[\r\n]/.test(text)) return null;
  return text.replace(/[\^&|<>()"!]/g, "^$&").replaceAll("%", "%%");
}
