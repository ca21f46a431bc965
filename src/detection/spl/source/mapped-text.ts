/** A text made out of another one, which knows for each of its characters where that stood. */
export class MappedText {
  readonly #origins: readonly number[];

  constructor(
    readonly text: string,
    origins: readonly number[],
    private readonly end: number,
  ) {
    this.#origins = origins;
  }

  /** The offset in the original text of a character of this one; the original's end for the end. */
  originOf(offset: number): number {
    return this.#origins[offset] ?? this.end;
  }
}

/** Builds a {@link MappedText} from left to right. */
export class MappedTextBuilder {
  #text = "";
  readonly #origins: number[] = [];

  get length(): number {
    return this.#origins.length;
  }

  /** Adds characters that stand side by side in the original. */
  copy(text: string, from: number): void {
    this.#text += text;
    for (let index = 0; index < text.length; index++) this.#origins.push(from + index);
  }

  /** Adds characters that all stem from one place of the original. */
  insert(text: string, from: number): void {
    this.#text += text;
    for (let index = 0; index < text.length; index++) this.#origins.push(from);
  }

  build(end: number): MappedText {
    return new MappedText(this.#text, this.#origins, end);
  }
}
