import { TyrianError } from "../../errors.js";
import type { AcceptedMiss } from "../../model/accepted-miss.js";
import type { Binding } from "./schema.js";

/** A SIEM, and which of its environments; null for none in particular. */
export interface Place {
  readonly siem: string;
  readonly environment: string | null;
}

/** Reads `NAME` or `NAME@ENVIRONMENT`. */
export function placeOf(name: string): Place {
  const at = name.indexOf("@");
  return at === -1
    ? { siem: name, environment: null }
    : { siem: name.slice(0, at), environment: name.slice(at + 1) };
}

/**
 * The SIEM's rules by analytic id in one place: those of the bindings, and those that the configuration has for it.
 * @param configured `siems.NAME.rules`
 * @throws TyrianError `bindings-invalid` when the two contradict each other, or a rule would stand for two analytics
 */
export function rulesAt(
  { siem, environment }: Place,
  bindings: readonly Binding[],
  configured: Readonly<Record<string, string>>,
): Record<string, string> {
  const rules = new Map(Object.entries(configured));
  for (const { analytic, rules: places } of bindings) {
    const at = new Map(Object.entries(places));
    const rule = at.get(`${siem}@${String(environment)}`) ?? at.get(siem);
    if (rule === undefined) continue;
    const before = rules.get(analytic);
    if (before !== undefined && before !== rule)
      throw contradiction(`${analytic} is bound to ${rule}, and in siems.${siem}.rules to ${before}`);
    rules.set(analytic, rule);
  }
  const analytics = new Map<string, string>();
  for (const [analytic, rule] of rules) {
    const other = analytics.get(rule);
    if (other !== undefined)
      throw contradiction(`the rule ${rule} of ${siem} would stand for ${other} and for ${analytic}`);
    analytics.set(rule, analytic);
  }
  return Object.fromEntries(rules);
}

/** The known gaps in one place. */
export function acceptedAt({ siem, environment }: Place, bindings: readonly Binding[]): AcceptedMiss[] {
  return bindings.flatMap(({ analytic, acceptedMisses }) =>
    acceptedMisses
      .filter(({ at }) => at === undefined || at === siem || at === `${siem}@${String(environment)}`)
      .map(({ at: _at, ...miss }) => ({ analytic, ...miss })),
  );
}

function contradiction(message: string): TyrianError {
  return new TyrianError("bindings-invalid", message);
}
