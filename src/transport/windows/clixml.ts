import { parseXml, XmlDefect, type XmlElement } from "./xml.js";

const HEADER = Buffer.from("#< CLIXML");
const OPENING = Buffer.from("<Objs");
const CLOSING = Buffer.from("</Objs>");
/** Bytes of a document that are waited for; a longer one is passed on as it is. */
const LONGEST = 4 * 1024 * 1024;

/**
 * PowerShell writes its error stream as serialised objects (MS-PSRP 2.2.5) when that is no terminal. This passes a stream on
 * with those documents as the text that a terminal would show; progress bars are left out. What is no such document, or
 * one that cannot be read, is passed on unchanged.
 */
export class ClixmlFilter {
  #pending = Buffer.alloc(0);
  /** Whether what is pending stands in a document, or where one may follow the last. */
  #state: "text" | "document" | "after-document" = "text";
  #lineStart = true;
  /** The header before the document, for a document that cannot be read. */
  #header = Buffer.alloc(0);

  /** What is known of the stream's text with this piece. */
  push(piece: Uint8Array): Buffer {
    this.#pending = Buffer.concat([this.#pending, piece]);
    const out: Buffer[] = [];
    while (this.#step(out));
    return Buffer.concat(out);
  }

  /** What is left at the stream's end. */
  finish(): Buffer {
    const rest = Buffer.concat([this.#header, this.#pending]);
    this.#header = Buffer.alloc(0);
    this.#pending = Buffer.alloc(0);
    return rest;
  }

  /** One step; whether another one may follow. */
  #step(out: Buffer[]): boolean {
    if (this.#state === "document") return this.#document(out);
    if (this.#state === "after-document") {
      if (isPrefix(this.#pending, OPENING)) return false;
      this.#state = startsWith(this.#pending, OPENING) ? "document" : "text";
      return true;
    }
    const at = this.#headerAt();
    if (at === null) {
      this.#pass(this.#pending.length - this.#maybeHeader(), out);
      return false;
    }
    if (at > 0) this.#pass(at, out);
    const opening = this.#pending.indexOf(OPENING);
    // Between the header and its document there is one line end.
    if (opening >= 0 && /^\r?\n?$/.test(this.#pending.toString("latin1", HEADER.length, opening))) {
      this.#header = this.#pending.subarray(0, opening);
      this.#pending = this.#pending.subarray(opening);
      this.#state = "document";
      return true;
    }
    if (opening < 0 && this.#pending.length < HEADER.length + 2 + OPENING.length) return false;
    this.#pass(HEADER.length, out);
    return true;
  }

  #document(out: Buffer[]): boolean {
    const end = this.#pending.indexOf(CLOSING);
    if (end < 0) {
      if (this.#pending.length <= LONGEST) return false;
      out.push(this.#header);
      this.#header = Buffer.alloc(0);
      this.#state = "text";
      this.#pass(this.#pending.length, out);
      return false;
    }
    const document = this.#pending.subarray(0, end + CLOSING.length);
    this.#pending = this.#pending.subarray(document.length);
    out.push(textOf(document) ?? Buffer.concat([this.#header, document]));
    this.#header = Buffer.alloc(0);
    this.#state = "after-document";
    this.#lineStart = true;
    return true;
  }

  /** Passes the first bytes on as they are. */
  #pass(length: number, out: Buffer[]): void {
    if (length === 0) return;
    out.push(this.#pending.subarray(0, length));
    this.#lineStart = this.#pending[length - 1] === 0x0a;
    this.#pending = this.#pending.subarray(length);
  }

  /** Where a line begins with the header; null when none does. */
  #headerAt(): number | null {
    for (let from = 0; ; from += 1) {
      const at = this.#pending.indexOf(HEADER, from);
      if (at < 0) return null;
      if (at === 0 ? this.#lineStart : this.#pending[at - 1] === 0x0a) return at;
      from = at;
    }
  }

  /** How many of the last bytes may be the beginning of a header. */
  #maybeHeader(): number {
    const line = this.#pending.subarray(this.#pending.lastIndexOf(0x0a) + 1);
    const begins = line.length < this.#pending.length || this.#lineStart;
    return begins && isPrefix(line, HEADER) ? line.length : 0;
  }
}

function startsWith(bytes: Buffer, what: Buffer): boolean {
  return bytes.subarray(0, what.length).equals(what);
}

/** Whether the bytes are a beginning of the word, but not yet the whole. */
function isPrefix(bytes: Buffer, word: Buffer): boolean {
  return bytes.length < word.length && word.subarray(0, bytes.length).equals(bytes);
}

/** A document's text; null for one that cannot be read. */
function textOf(document: Buffer): Buffer | null {
  try {
    const root = parseXml(document.toString("utf8"));
    return Buffer.from(root.children.map(textOfRecord).join(""), "utf8");
  } catch (thrown) {
    if (thrown instanceof XmlDefect) return null;
    throw thrown;
  }
}

/** The words that PowerShell's console puts before what is not an error. */
const prefixes: ReadonlyMap<string, string> = new Map([
  ["warning", "WARNING: "],
  ["verbose", "VERBOSE: "],
  ["debug", "DEBUG: "],
]);

function textOfRecord(record: XmlElement): string {
  const stream = record.attributes.get("S")?.toLowerCase() ?? "";
  if (stream === "progress") return "";
  const shown = record.name === "S" ? record : record.children.find(({ name }) => name === "ToString");
  if (shown === undefined) throw new XmlDefect("it holds an object without text");
  const text = `${prefixes.get(stream) ?? ""}${unescape(shown.text)}`;
  // The console has cut errors into lines already.
  return stream === "error" && record.name === "S" ? text : `${text.replace(/\r?\n$/, "")}\r\n`;
}

/** What XML has no place for stands as `_xHHHH_` (MS-PSRP 2.2.5.3.2). */
function unescape(text: string): string {
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
