import type { Json } from "../windows/json.js";

/** One record as a shipper sent it, whatever protocol brought it. */
export interface ReceivedRecord {
  /** The host that the record says it is of; the sender's address where it names none. */
  readonly host: string;
  /** The protocol and the sender's own name for such records: `syslog/auditd`, `splunk-hec/linux:audit`. */
  readonly channel: string;
  /** The record's time by its sender, milliseconds since 1970; null when it names none, or one without a zone. */
  readonly time: number | null;
  /** The record itself: a text as it was sent, or an object of JSON. */
  readonly content: string | Json;
  /** An object's own text, in one line, where it is at hand: it is stored as it is. */
  readonly json?: string;
  /** What the protocol says beside it: facility and severity, indexed fields, attributes. */
  readonly about?: Json;
  /** The sender's own name of the record: one that comes again under its name is the same record. */
  readonly name?: string;
}

/** Where receivers hand over what they took. */
export interface RecordSink {
  /**
   * Resolves when the records are on disk and survive a crash of this process and of the machine: only then may a receiver
   * acknowledge them. It resolves late while there is much to do; who waits for it puts the pressure back on the sender.
   * @throws TyrianError `records-not-stored`: none of them counts as stored, the sender keeps them
   */
  store(records: readonly ReceivedRecord[]): Promise<void>;
  /** Whether so much waits that nothing more should be taken now. */
  isBusy(): boolean;
  /** Tells of records that came and could not be kept, such as datagrams while the sink was busy. */
  lost(count: number, why: string): void;
}

/** What a receiver has met; each count only grows. */
export interface ReceiverCounts {
  /** Records that were stored. */
  readonly records: number;
  /** Requests, connections or messages that were refused: not authenticated, too large, not of the protocol. */
  readonly refused: number;
  /** Records that came and are lost. Senders of the other protocols than UDP keep what was not acknowledged. */
  readonly lost: number;
}

/** Something that shippers can speak to. What it accepts it gives to its sink, as records with a channel and a host. */
export interface Receiver {
  readonly name: string;
  /** @returns the address and port, as in `127.0.0.1:6514`. @throws TyrianError `listen-failed` */
  listen(): Promise<string>;
  counts(): ReceiverCounts;
  /** Takes no more, finishes what was begun, and resolves when all of it is stored or refused. */
  close(): Promise<void>;
}

/** Where a receiver listens. */
export interface ListenAddress {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** The address and port in words. */
export function shownAddress({ address, port }: ListenAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
