import type { ReceivedRecord, RecordSink } from "../../../src/telemetry/receivers/receiver.js";

/** A stand-in for the store: it keeps what it is given in memory, can be made to wait, to fail and to be busy. */
export class StandInSink implements RecordSink {
  readonly records: ReceivedRecord[] = [];
  readonly losses: { count: number; why: string }[] = [];
  busy = false;
  /** Thrown by `store` as often as is said here. */
  failures = 0;
  #gate: Promise<void> = Promise.resolve();
  #waiters: { count: number; resolve: () => void }[] = [];

  isBusy(): boolean {
    return this.busy;
  }

  async store(records: readonly ReceivedRecord[]): Promise<void> {
    await this.#gate;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("no space left on device");
    }
    this.records.push(...records);
    for (const { count, resolve } of this.#waiters) if (this.records.length >= count) resolve();
  }

  lost(count: number, why: string): void {
    this.losses.push({ count, why });
  }

  /** Nothing is stored until the returned function is called. */
  hold(): () => void {
    let open: () => void = () => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  /** Resolves when so many records are stored. */
  async holding(count: number): Promise<readonly ReceivedRecord[]> {
    if (this.records.length < count)
      await new Promise<void>((resolve) => this.#waiters.push({ count, resolve }));
    return this.records;
  }

  get contents(): unknown[] {
    return this.records.map(({ content }) => content);
  }
}
