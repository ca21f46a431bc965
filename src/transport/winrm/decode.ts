import { TextDecoder } from "node:util";
import type { codePages } from "../../model/target.js";
import { ClixmlFilter } from "../windows/clixml.js";

type CodePage = (typeof codePages)[number];

/** The names of the code pages (WHATWG Encoding). */
function labelOf(codePage: CodePage): string {
  switch (codePage) {
    case 65001:
      return "utf-8";
    case 866:
      return "ibm866";
    case 932:
      return "shift_jis";
    case 936:
      return "gbk";
    case 949:
      return "euc-kr";
    case 950:
      return "big5";
    default:
      return `windows-${String(codePage)}`;
  }
}

/** One output stream of a command on its way to us: pieces in the host's code page come in, UTF-8 goes out. */
export class StreamDecoder {
  /** Null for UTF-8, which passes as it is: also bytes that are none are kept. */
  readonly #decoder: TextDecoder | null;
  readonly #filter: ClixmlFilter | null;

  constructor(stream: "stdout" | "stderr", codePage: CodePage) {
    this.#decoder = codePage === 65001 ? null : new TextDecoder(labelOf(codePage), { ignoreBOM: true });
    this.#filter = stream === "stderr" ? new ClixmlFilter() : null;
  }

  push(piece: Uint8Array): Uint8Array {
    const text = this.#decoder === null ? piece : Buffer.from(this.#decoder.decode(piece, { stream: true }));
    return this.#filter === null ? text : this.#filter.push(text);
  }

  /** What is left at the stream's end. */
  finish(): Uint8Array {
    const rest = this.#decoder === null ? Buffer.alloc(0) : Buffer.from(this.#decoder.decode());
    if (this.#filter === null) return rest;
    return Buffer.concat([this.#filter.push(rest), this.#filter.finish()]);
  }
}
