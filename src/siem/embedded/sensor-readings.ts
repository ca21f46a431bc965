import { messageOf } from "../../errors.js";
import type { AnswerState } from "../../model/observation.js";

export interface SensorReading {
  /** Records lost so far; null when not known. Only its growth means something. */
  readonly lost: number | null;
  readonly running: boolean | null;
  readonly detail: string;
  /** The process that takes the records from the kernel, 0 for none; absent where there is no such process. */
  readonly daemon?: number;
}

/** Asks the lab about the sensor of a host, by its telemetry name. */
export type SensorProbe = (host: string) => Promise<SensorReading>;

/** Milliseconds after which a probe is given up; one that asks on the host may have to connect first. */
const PROBE_MS = 20_000;

interface Reading<Value = SensorReading> {
  readonly state: AnswerState;
  readonly detail: string;
  readonly value: Value;
}

/**
 * The readings of the sensors, with what the logs themselves show to be missing added to what the kernel says it lost. While no daemon
 * takes them the kernel drops records that it has numbered and counts none (`kauditd_hold_skb` in kernel/audit.c, without `audit=1`), so
 * another daemon than before counts as one lost record.
 */
export class SensorReadings {
  readonly #probe: SensorProbe | undefined;
  readonly #daemons = new Map<string, { daemon: number; changes: number }>();
  readonly #latest = new Map<string, { at: number; reading: Promise<Reading> }>();

  constructor(probe: SensorProbe | undefined) {
    this.#probe = probe;
  }

  /**
   * @param since milliseconds since 1970: a reading that began before this is not used.
   * @param isNumbered what the sensor drops has numbers, which are then missing: nothing is lost beside that and what the log shows
   */
  async of(
    host: string,
    lostInLog: number,
    since: number,
    isNumbered = false,
  ): Promise<Reading<SensorReading & { missing: number }>> {
    const { state, detail, value } = await this.#read(host, since);
    const lost = value.lost ?? (isNumbered ? 0 : null);
    const said = lostInLog === 0 ? "" : `${lostInLog} record(s) are missing in the log itself`;
    return {
      state,
      detail,
      value: {
        lost: lost === null ? null : lost + lostInLog,
        missing: lostInLog,
        running: value.running,
        detail: [value.detail, said].filter((text) => text !== "").join("; "),
      },
    };
  }

  /** With the changes of the daemon counted as lost records. */
  #counted(host: string, reading: SensorReading): SensorReading {
    const known = this.#daemons.get(host);
    const daemon = reading.daemon ?? known?.daemon;
    if (daemon === undefined) return reading;
    const changes = (known?.changes ?? 0) + (known === undefined || known.daemon === daemon ? 0 : 1);
    this.#daemons.set(host, { daemon, changes });
    return { ...reading, lost: reading.lost === null ? null : reading.lost + changes };
  }

  #read(host: string, since: number): Promise<Reading> {
    const latest = this.#latest.get(host);
    if (latest !== undefined && latest.at >= since) return latest.reading;
    const reading = this.#ask(host);
    this.#latest.set(host, { at: Date.now(), reading });
    return reading;
  }

  async #ask(host: string): Promise<Reading> {
    const unknown = (detail: string): SensorReading => ({ lost: null, running: null, detail });
    if (this.#probe === undefined) {
      return { state: "complete", detail: "", value: unknown("the sensor of this host cannot be asked") };
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_MS} ms`)), PROBE_MS);
    });
    try {
      const reading = await Promise.race([this.#probe(host), late]);
      return { state: "complete", detail: "", value: this.#counted(host, reading) };
    } catch (thrown) {
      const detail = `the sensor of ${host} could not be asked: ${messageOf(thrown)}`;
      return { state: "partial", detail, value: unknown(detail) };
    } finally {
      clearTimeout(timer);
    }
  }
}
