/**
 * What a terminal would show of a device's output, line by line: escape sequences are obeyed as far as they change a line
 * (ECMA-48: cursor left, right and to a column, erase in line) and else left out; a carriage return or backspace goes back, and
 * what comes then is written over. Pieces may end anywhere, also within a sequence.
 */
export class Screen {
  readonly #onLine: (line: string) => void;
  #cells: string[] = [];
  #column = 0;
  #sequence = "";

  /** @param onLine is told each line when it has ended. */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** The line that has not ended. */
  get line(): string {
    return this.#cells.join("");
  }

  write(text: string): void {
    for (const character of text) {
      if (this.#sequence !== "" || character === "\u001b") this.#escape(character);
      else this.#plain(character);
    }
  }

  #plain(character: string): void {
    if (character === "\n") {
      this.#onLine(this.line);
      this.#cells = [];
      this.#column = 0;
    } else if (character === "\r") this.#column = 0;
    else if (character === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (character === "\t" || (character >= " " && character !== "\u007f")) {
      while (this.#cells.length < this.#column) this.#cells.push(" ");
      this.#cells[this.#column] = character;
      this.#column += 1;
    }
  }

  #escape(character: string): void {
    // One that begins anew has cut the one before.
    this.#sequence =
      character === "\u001b" && !isString(this.#sequence) ? character : this.#sequence + character;
    if (!isWhole(this.#sequence)) return;
    const [, parameter = "", action = ""] = /^\u001b\[([\d;?]*)([A-Za-z])$/.exec(this.#sequence) ?? [];
    this.#sequence = "";
    const count = Math.min(Number.parseInt(parameter, 10) || 0, LONGEST_MOVE);
    if (action === "D") this.#column = Math.max(0, this.#column - Math.max(1, count));
    else if (action === "C") this.#column += Math.max(1, count);
    else if (action === "G") this.#column = Math.max(0, count - 1);
    else if (action === "K") this.#erase(count);
  }

  /** @param which 0 to the end of the line, 1 from its beginning, 2 the whole line */
  #erase(which: number): void {
    if (which === 0) this.#cells.length = Math.min(this.#cells.length, this.#column);
    else if (which === 2) this.#cells = [];
    else this.#cells.fill(" ", 0, Math.min(this.#cells.length, this.#column + 1));
  }
}

/** Columns that one sequence may move; no line of a device is longer. */
const LONGEST_MOVE = 1_000;
/** Characters after which a sequence without an end is given up. */
const LONGEST_SEQUENCE = 256;

/** Operating system commands and the like hold any text up to their terminator. */
function isString(sequence: string): boolean {
  return /^\u001b[\]PX^_]/.test(sequence);
}

function isWhole(sequence: string): boolean {
  if (sequence.length >= LONGEST_SEQUENCE) return true;
  if (isString(sequence)) return /(?:\u0007|\u001b\\)$/.test(sequence);
  if (sequence.startsWith("\u001b[")) return /^\u001b\[[0-?]*[ -/]*[@-~]$/.test(sequence);
  // Two characters, or one more behind the intermediate ones (character sets).
  return /^\u001b[ -/]*[0-~]$/.test(sequence) && sequence.length > 1;
}
