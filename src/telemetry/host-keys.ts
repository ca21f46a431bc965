/**
 * Which host an audit record belongs to: the key of the rule that made it is the host's telemetry name. When the source
 * names its hosts (`users`), only those are hosts (several labs may share one kernel, and so one log); else every key is.
 */
export class HostKeys {
  readonly #named: ReadonlySet<string>;

  constructor(users: Readonly<Record<string, unknown>>) {
    this.#named = new Set(Object.keys(users));
  }

  /** Whether a record with this name as its key is a host's. */
  isHost(name: string): boolean {
    return this.#named.size === 0 || this.#named.has(name);
  }

  /** @param key several keys of one record are separated by a byte 0x01 */
  hostOf(key: string | undefined): string | null {
    if (key === undefined || key === "") return null;
    return key.split("\u0001").find((name) => this.isHost(name)) ?? null;
  }
}
