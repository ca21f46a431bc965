/** Where a verb prints: data to stdout, all else to stderr. */
export interface OutputOptions {
  /** False for `--no-color`; the environment and the terminal decide otherwise. */
  readonly color: boolean;
  /** Only data, warnings and errors. */
  readonly quiet: boolean;
  /** Details too. */
  readonly verbose: boolean;
}

/** One of the two streams, as far as a renderer must know it. */
export interface Screen {
  readonly terminal: boolean;
  readonly color: boolean;
  /** Columns; 100 where there is no terminal and COLUMNS is not set. */
  readonly width: number;
}

/**
 * The only writer of stdout and stderr. A reader that goes away (`| head`) ends the output and not the work: what is
 * under way still finishes and cleans up.
 */
export class Output {
  readonly #options: OutputOptions;
  readonly #closed = new Set<NodeJS.WriteStream>();
  /** The block that stands at the end of the terminal now. */
  #block: readonly string[] = [];

  constructor(options: OutputOptions) {
    this.#options = options;
    for (const stream of [process.stdout, process.stderr]) {
      // EPIPE is quiet by contract, and any other failure to print has nowhere to be printed.
      stream.on("error", () => this.#closed.add(stream));
    }
  }

  get quiet(): boolean {
    return this.#options.quiet;
  }

  get verbose(): boolean {
    return this.#options.verbose;
  }

  get stdout(): Screen {
    return this.#screen(process.stdout);
  }

  get stderr(): Screen {
    return this.#screen(process.stderr);
  }

  /** A line (or lines) of data. */
  data(text: string): void {
    this.#write(process.stdout, `${text}\n`);
  }

  /** One JSON document of data. */
  json(value: unknown): void {
    this.data(JSON.stringify(value, null, 2));
  }

  /** Progress and remarks; silenced by --quiet. */
  note(text: string): void {
    if (!this.#options.quiet) this.#write(process.stderr, `${text}\n`);
  }

  /** Only with --verbose. */
  detail(text: string): void {
    if (this.#options.verbose) this.#write(process.stderr, `${text}\n`);
  }

  warn(text: string): void {
    this.#write(process.stderr, `${text}\n`);
  }

  /**
   * Puts a block of lines at the end of the terminal on stderr, in place of the one before; an empty one takes it away.
   * Everything else that is printed goes above it. Lines must be shorter than the terminal is wide.
   */
  block(lines: readonly string[]): void {
    const before = this.#eraser();
    this.#block = lines;
    this.#send(process.stderr, before + this.#blockText());
  }

  /** Resolves when everything has been handed to the system or its reader has gone. */
  async flush(): Promise<void> {
    await Promise.all([process.stdout, process.stderr].map((stream) => this.#drained(stream)));
  }

  #drained(stream: NodeJS.WriteStream): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed.has(stream) || stream.destroyed) return resolve();
      const done = (): void => {
        stream.removeListener("error", done);
        resolve();
      };
      stream.once("error", done);
      stream.write("", done);
    });
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    const before = this.#eraser();
    if (before !== "" && stream === process.stdout) {
      // Two streams, one terminal: stderr is taken away and painted again around the data.
      this.#send(process.stderr, before);
      this.#send(stream, text);
      this.#send(process.stderr, this.#blockText());
    } else {
      this.#send(stream, before + text + (before === "" ? "" : this.#blockText()));
    }
  }

  #eraser(): string {
    return this.#block.length === 0 ? "" : `\x1b[${this.#block.length}A\x1b[J`;
  }

  #blockText(): string {
    return this.#block.map((line) => `${line}\n`).join("");
  }

  #send(stream: NodeJS.WriteStream, text: string): void {
    if (text !== "" && !this.#closed.has(stream)) stream.write(text);
  }

  #screen(stream: NodeJS.WriteStream): Screen {
    const terminal = stream.isTTY === true;
    return {
      terminal,
      color: this.#options.color && colorAllowed(terminal, process.env),
      width: widthOf(terminal ? stream.columns : undefined, process.env),
    };
  }
}

/** NO_COLOR (no-color.org) wins over FORCE_COLOR, that over TERM=dumb and what the stream is. */
export function colorAllowed(terminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  const forced = environment["FORCE_COLOR"];
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return terminal && environment["TERM"] !== "dumb";
}

function widthOf(terminalColumns: number | undefined, environment: NodeJS.ProcessEnv): number {
  const asked = Number(environment["COLUMNS"]);
  const width = terminalColumns ?? (Number.isInteger(asked) && asked > 0 ? asked : 100);
  return Math.min(200, Math.max(40, width));
}
