import { messageOf } from "../../errors.js";
import { stateOf } from "../http/siem-error.js";
import type { Connector, RuleDefinition } from "../connector/connector.js";
import { type AcceptedRule, fingerprintOf } from "./record.js";

/**
 * What is to be said of a bound rule. `unrecorded`: what it was is not recorded, so that a change of it cannot be seen. `untold`: the
 * SIEM does not tell, or not all.
 */
export type BindingFinding = "missing" | "disabled" | "renamed" | "changed" | "unrecorded" | "untold";

/** A bound rule as the SIEM has it. */
export interface CheckedBinding {
  readonly analytic: string;
  readonly rule: string;
  /** As the SIEM has it now; null when there is none, or it does not tell. */
  readonly title: string | null;
  readonly findings: readonly { readonly finding: BindingFinding; readonly detail: string }[];
  /** To be recorded when it is accepted; null where there is nothing to record. */
  readonly now: Omit<AcceptedRule, "acceptedAt"> | null;
}

/** Milliseconds that the SIEM has to tell of one rule. */
const RULE_MS = 50_000;

/**
 * Asks the SIEM about every bound rule, one after the other.
 * @param rules by analytic id
 * @param accepted by rule
 * @throws TyrianError `siem-...` for what no other rule will change, such as an account that is refused
 */
export async function checkBindings(
  connector: Connector,
  rules: Readonly<Record<string, string>>,
  accepted: Readonly<Record<string, AcceptedRule>>,
): Promise<CheckedBinding[]> {
  const known = new Map(Object.entries(accepted));
  const checked: CheckedBinding[] = [];
  for (const [analytic, rule] of Object.entries(rules))
    checked.push(await checkOne(connector, analytic, rule, known.get(rule)));
  return checked;
}

async function checkOne(
  connector: Connector,
  analytic: string,
  rule: string,
  accepted: AcceptedRule | undefined,
): Promise<CheckedBinding> {
  const found: { finding: BindingFinding; detail: string }[] = [];
  const say = (finding: BindingFinding, detail: string): void => void found.push({ finding, detail });
  const about = { analytic, rule, title: null, findings: found, now: null };
  try {
    const signal = AbortSignal.timeout(RULE_MS);
    const { present, enabled, lacks } = await connector.rule(rule, Date.now(), signal);
    const definition = (await connector.definition?.(rule, signal)) ?? null;
    if (lacks !== null) say("untold", lacks);
    if (!present && lacks === null)
      say(
        "missing",
        definition === null ? "there is no such rule" : "the rule is there, and nothing evaluates it",
      );
    if (present && !enabled) say("disabled", "it is not evaluated");
    if (definition === null) {
      if (present && connector.definition === undefined)
        say("untold", "whether it was changed: this SIEM's rules are not read");
      return about;
    }
    const now = { title: definition.title, fingerprint: fingerprintOf(definition) };
    compare(definition, now.fingerprint, accepted, say);
    return { ...about, title: definition.title, now };
  } catch (thrown) {
    if (stateOf(thrown) === null) throw thrown;
    say("untold", messageOf(thrown));
    return about;
  }
}

function compare(
  { title }: RuleDefinition,
  fingerprint: string,
  accepted: AcceptedRule | undefined,
  say: (finding: BindingFinding, detail: string) => void,
): void {
  if (accepted === undefined) return say("unrecorded", "it was never accepted");
  const day = accepted.acceptedAt.slice(0, "2026-12-31".length);
  if (accepted.title !== title) say("renamed", `on ${day} it was called "${accepted.title}"`);
  if (accepted.fingerprint !== fingerprint) say("changed", `it is not what it was on ${day}`);
}
