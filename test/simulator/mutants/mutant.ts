/** A check of the verifier that is taken out, or turned round: a bench that is worth its name must see it. */
export interface Mutant {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  /** A text that stands there once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** Why no bench can see it, where that is so: the check is redundant as long as this holds. */
  readonly redundant?: string;
}
