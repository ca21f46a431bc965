/** Why a query is refused, or why its evaluation ended. Does not leave `spl/`: what leaves it are diagnostics. */
export class SplProblem extends Error {
  constructor(
    readonly code: string,
    /** Offset into the query's text as the caller gave it. */
    readonly at: number,
    message: string,
    readonly hint = "",
  ) {
    super(message);
    this.name = "SplProblem";
  }
}
