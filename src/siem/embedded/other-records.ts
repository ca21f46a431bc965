import type { OtherRecord } from "../../model/observation.js";
import type { TimedRecord } from "../../telemetry/sensor.js";
import type { HostSpan } from "../siem.js";

/** Records that are kept of a host, at least, and hosts of which they are. */
const MOST_OF_HOST = 50_000;
const MOST_HOSTS = 1_000;

/** The latest audit records that are no events. Those that were forgotten look missing, which proves nothing wrong. */
export class OtherRecords {
  readonly #hosts = new Map<string, TimedRecord[]>();
  readonly #mostOfHost: number;

  constructor(mostOfHost = MOST_OF_HOST) {
    this.#mostOfHost = mostOfHost;
  }

  add(record: TimedRecord): void {
    let records = this.#hosts.get(record.host);
    if (records === undefined) {
      if (this.#hosts.size >= MOST_HOSTS) return;
      this.#hosts.set(record.host, (records = []));
    }
    records.push(record);
    // Half at once: an array is slow to lose its first.
    if (records.length >= this.#mostOfHost * 2) records.splice(0, this.#mostOfHost);
  }

  in({ host, from, to }: HostSpan): OtherRecord[] {
    const found = (this.#hosts.get(host) ?? []).filter(({ time }) => time >= from && time <= to);
    return found.map(({ sensor, sequence }) => ({ host, sensor, sequence }));
  }
}
