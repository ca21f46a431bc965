import type { QueryLanguage } from "../../detection/convert/index.js";
import type { Alert } from "../../model/alert.js";
import type { RuleStatus } from "../../model/observation.js";
import type { RuleFiles } from "../push/rule-files.js";
import type { RulePusher } from "../push/rule-pusher.js";
import type { Found } from "../http/pages.js";
import type { HostSpan, TrialOnHost } from "../siem.js";

/** One document, event or log line as a SIEM keeps it. */
export interface SiemDocument {
  /** The SIEM's own id, unique there. */
  readonly id: string;
  /** The host as the SIEM names it. */
  readonly host: string;
  /** When it was in the SIEM, milliseconds since 1970, the SIEM's clock and not too early; null when the SIEM does not say. */
  readonly ingestedAt: number | null;
  /** The record as the sensor wrote it; null when the SIEM kept only what was made of it. */
  readonly text: string | null;
  /** What the SIEM made of it, by its own names, nested as it is there. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An alert as its connector finds it: it stands for documents, of which the frame makes events. */
export interface FoundAlert extends Omit<Alert, "sourceEvents"> {
  /** The rule by the name that a binding has for it. */
  readonly rule: string;
  /** What it stands for, and the ids of what could not be fetched; null when the SIEM does not tell. */
  readonly sources: {
    readonly documents: readonly SiemDocument[];
    readonly missing: readonly string[];
  } | null;
}

/** What a SIEM says of one of its rules, and why it may not be all; null when it is. */
export interface FoundRule extends Pick<
  RuleStatus,
  "present" | "enabled" | "schedule" | "throttles" | "stateful"
> {
  readonly lacks: string | null;
}

/** What a rule is by its content: what somebody would change to change what it finds. */
export interface RuleDefinition {
  readonly title: string;
  /** Without its title, and without what the SIEM itself writes into it. Plain JSON. */
  readonly content: unknown;
}

/** A rule that the SIEM does not have. */
export const absentRule: FoundRule = {
  present: false,
  enabled: false,
  schedule: { type: "streaming" },
  throttles: [],
  stateful: false,
  lacks: null,
};

/** Which alerts are wanted: of these rules on any host, and of any rule on these hosts. */
export interface AlertsWanted {
  /** By the names that bindings have for them. */
  readonly rules: readonly string[];
  readonly hosts: readonly string[];
  /** Created or updated between, inclusive: milliseconds since 1970, the SIEM's clock. */
  readonly from: number;
  readonly to: number;
}

/** A question in one of the SIEM's own languages. */
export interface NativeQuery {
  readonly language: QueryLanguage;
  readonly text: string;
}

/** Where a query is run: these hosts, and this span of event time, inclusive. */
export interface SearchSpan {
  readonly hosts: readonly string[];
  readonly from: number;
  readonly to: number;
}

/**
 * What a SIEM must be asked in its own way. The frame (`port.ts`) makes of it what the verifier asks: it gives every question its
 * deadline (`signal`), turns what is thrown into the state of an answer, and documents into events. A method throws TyrianErrors
 * of SiemHttp; what it cannot tell it says in `lacks`, and never leaves out.
 */
export interface Connector {
  /** The languages of `search`. */
  readonly languages: readonly QueryLanguage[];
  clock(signal: AbortSignal): Promise<{ now: number; errorMs: number }>;
  /** The documents of the sentinels of these trials, on their hosts; others do no harm. */
  sentinels(asked: readonly TrialOnHost[], signal: AbortSignal): Promise<Found<SiemDocument>>;
  /** The sensor's documents of a host whose own time lies in a span. */
  documents(span: HostSpan, signal: AbortSignal): Promise<Found<SiemDocument>>;
  alerts(wanted: AlertsWanted, signal: AbortSignal): Promise<Found<FoundAlert>>;
  /** @param since evaluations that ended before are of no interest; the SIEM's clock */
  rule(name: string, since: number, signal: AbortSignal): Promise<FoundRule>;
  /** What a rule is now; null when there is none. Absent where the SIEM does not show its rules. */
  definition?(name: string, signal: AbortSignal): Promise<RuleDefinition | null>;
  /** What a query in one of the SIEM's own languages finds among the sensor's documents. */
  search(query: NativeQuery, span: SearchSpan, signal: AbortSignal): Promise<Found<SiemDocument>>;
  /**
   * Has a rule evaluated now, where the SIEM can. Absent where it cannot.
   * @returns what it would alert about, with its sources
   */
  runRule?(name: string, span: Omit<SearchSpan, "hosts">, signal: AbortSignal): Promise<Found<FoundAlert>>;
  /**
   * Milliseconds that an alert may take by the way the SIEM is set up, where it does not tell when its rules were evaluated: so
   * long it is waited for at least, whatever was declared. Asked once, before everything else.
   */
  slowestAlertMs?(signal: AbortSignal): Promise<number>;
  /**
   * Installs rules there and removes them again, or writes the files that somebody has to put there.
   * @throws TyrianError `push-unsupported` where neither can be
   */
  pusher(): RulePusher | RuleFiles;
  close(): Promise<void>;
}
