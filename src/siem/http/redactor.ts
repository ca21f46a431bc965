/** Shorter ones are left: they would be found by chance in words that hold no secret. */
const SHORTEST = 4;

/** Takes secrets out of texts. It is told every secret as soon as that is resolved, and keeps those that were replaced. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** @param secrets also in the forms in which they travel, such as Basic's */
  add(...secrets: readonly string[]): void {
    for (const secret of secrets) {
      if (secret.length < SHORTEST) continue;
      this.#secrets.add(secret);
      this.#secrets.add(encodeURIComponent(secret));
      this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    }
  }

  redact(text: string): string {
    // The longest first: one may be a part of another.
    return [...this.#secrets]
      .sort((one, other) => other.length - one.length)
      .reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
  }
}
