/** An event whose place is known and that cannot be read. Whoever reads the file adds the place. */
export class EventDefect extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "EventDefect";
  }
}
