import type { CompiledRule } from "../../detection/rule.js";
import type { CorrelationRule } from "../../detection/sigma/correlation/rule.js";
import type { BackgroundBook } from "./background.js";
import { type Correlated, type CorrelatedEvent, Correlations } from "./correlations.js";

/** Milliseconds of a host's own time after which it is known of a session whether it is Tyrian's: its first words say so. */
const KNOWN_AFTER_MS = 5_000;

interface Waiting {
  readonly event: CorrelatedEvent;
  readonly bases: readonly CompiledRule[];
}

/** How often correlations match over what others did alone. One for each timespan: repetitions are left out. */
export class BackgroundCorrelations {
  readonly #book: BackgroundBook;
  /** Hosts of which correlations count lines that tell no session of Tyrian's. */
  readonly #withMessages = new Set<string>();
  readonly #correlations: Correlations;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(rules: readonly CorrelationRule[], book: BackgroundBook) {
    this.#book = book;
    this.#correlations = new Correlations(rules);
  }

  use(rules: readonly CorrelationRule[]): void {
    this.#correlations.use(rules);
  }

  /** @param bases the rules of correlations that the event matches */
  observe(event: CorrelatedEvent, bases: readonly CompiledRule[]): void {
    const waiting = this.#waiting.get(event.host) ?? [];
    this.#waiting.set(event.host, waiting);
    if (bases.length > 0) waiting.push({ event, bases });
    if (bases.length > 0 && (event.kind === "message" || event.kind === "activity"))
      this.#withMessages.add(event.host);
    const known = waiting.findIndex((each) => each.event.time > event.time - KNOWN_AFTER_MS);
    this.#take(waiting.splice(0, known === -1 ? waiting.length : known));
  }

  /** What a host did until now is counted. */
  settle(host: string): void {
    this.#take(this.#waiting.get(host)?.splice(0) ?? []);
    this.#count(this.#correlations.settle(host));
  }

  #take(known: readonly Waiting[]): void {
    for (const { event, bases } of known) {
      if (!this.#book.isOwn(event)) this.#count(this.#correlations.add(event, bases));
    }
  }

  #count(found: readonly Correlated[]): void {
    for (const { rule, host, match } of found) {
      const kind = this.#withMessages.has(host) ? { kind: "message" as const } : {};
      if (!match.repeats) this.#book.matched(rule.id, { host, session: null, ...kind });
    }
  }
}
