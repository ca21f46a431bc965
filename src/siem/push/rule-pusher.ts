import { TyrianError } from "../../errors.js";
import type { ChangeRequest, PushLanguage, RuleToPush } from "./rule-to-push.js";

/** A rule that stands in the SIEM where the one of an analytic is, or would be. */
export interface StoredRule {
  /** By which it is known, and bound. */
  readonly id: string;
  /** Whether it carries the tag of the analytic. */
  readonly marked: boolean;
  /** Whether it is already what it would become. */
  is(rule: RuleToPush): boolean;
}

/** How one kind of SIEM keeps rules. Its methods throw TyrianErrors of SiemHttp; whose a rule is, is not their matter. */
export interface RuleStore<Stored extends StoredRule = StoredRule> {
  readonly language: PushLanguage;
  /**
   * All rules that carry the mark of an analytic, have the name that its rule would have, or the id that was given.
   * @param id of the rule that was installed before, as far as it is known
   */
  find(analytic: string, id: string | null, signal: AbortSignal): Promise<readonly Stored[]>;
  /** The requests that create a rule, in their order; an id that the SIEM gives is `ID_TO_COME`. Nothing is asked. */
  drafts(rule: RuleToPush): readonly ChangeRequest[];
  /** @returns its id */
  create(rule: RuleToPush, signal: AbortSignal): Promise<string>;
  /** @returns its id, which may be new where a part of the rule was missing */
  update(stored: Stored, rule: RuleToPush, signal: AbortSignal): Promise<string>;
  remove(stored: Stored, signal: AbortSignal): Promise<void>;
}

export interface PushedRule {
  /** The SIEM's own name for it, by which it is bound. */
  readonly id: string;
  readonly outcome: "created" | "updated" | "unchanged";
}

/**
 * Installs rules and removes them again. Only what carries Tyrian's tag is ever changed or removed: a rule that has merely the name
 * or the id of ours, because somebody else made it or because its tag was taken off, ends the push or the removal.
 */
export class RulePusher {
  constructor(
    private readonly siem: string,
    private readonly store: RuleStore,
  ) {}

  get language(): PushLanguage {
    return this.store.language;
  }

  drafts(rule: RuleToPush): readonly ChangeRequest[] {
    return this.store.drafts(rule);
  }

  /**
   * The same rule twice is one rule.
   * @param known the id under which it was installed before; null when that is not known
   * @throws TyrianError `rule-not-ours`, `siem-...`
   */
  async push(rule: RuleToPush, known: string | null, signal: AbortSignal): Promise<PushedRule> {
    const own = await this.#own(rule.analytic, known, signal);
    if (own === null) return { id: await this.store.create(rule, signal), outcome: "created" };
    if (own.is(rule)) return { id: own.id, outcome: "unchanged" };
    return { id: await this.store.update(own, rule, signal), outcome: "updated" };
  }

  /** @throws TyrianError `rule-not-ours`, `siem-...` */
  async remove(analytic: string, known: string | null, signal: AbortSignal): Promise<"removed" | "absent"> {
    const own = await this.#own(analytic, known, signal);
    if (own === null) return "absent";
    await this.store.remove(own, signal);
    return "removed";
  }

  /** The one rule of an analytic that is ours; null when there is none. */
  async #own(analytic: string, known: string | null, signal: AbortSignal): Promise<StoredRule | null> {
    const found = await this.store.find(analytic, known, signal);
    const foreign = found.filter(({ marked }) => !marked).map(({ id }) => id);
    if (foreign.length > 0)
      throw new TyrianError(
        "rule-not-ours",
        `${this.siem}: the rule ${foreign.join(", ")} stands where that of ${analytic} belongs, and does not carry Tyrian's tag`,
      );
    const [own = null, ...copies] = found;
    if (copies.length === 0) return own;
    // A copy that somebody made of our rule carries the tag too: it is told from ours by the id alone.
    const ours = found.find(({ id }) => id === known);
    if (ours !== undefined) return ours;
    throw new TyrianError(
      "rule-not-ours",
      `${this.siem}: several rules carry Tyrian's tag of ${analytic}: ${found.map(({ id }) => id).join(", ")}`,
    );
  }
}
