import type { TyrianError } from "../../errors.js";

/** A message may have reached the host, and what came back does not tell whether the host has done what it asks. */
export class UnknownOutcome extends Error {
  /** What happened, for people. */
  readonly error: TyrianError;

  constructor(error: TyrianError) {
    super(error.message);
    this.error = error;
  }
}
