import { markOf, nameOf, type RuleToPush } from "../push/rule-to-push.js";

/** The label of a rule that carries the mark; its alerts have it too. */
export const MARK_LABEL = "tyrian_rule";

/** A group of one rule, as Prometheus, Loki and vmalert write it. */
export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly {
    readonly alert: string;
    readonly expr: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/**
 * The group of a rule.
 * @param host the label of alerts that names the host, and the one by which the expression keeps hosts apart
 */
export function groupOf(
  { analytic, title, level }: RuleToPush,
  expr: string,
  host: { readonly label: string; readonly by: string },
): RuleGroup {
  const named = host.label === host.by ? {} : { [host.label]: `{{ $labels.${host.by} }}` };
  return {
    name: nameOf(analytic),
    interval: "1m",
    rules: [
      {
        alert: nameOf(analytic),
        expr,
        labels: { [MARK_LABEL]: markOf(analytic), severity: level, ...named },
        annotations: { title },
      },
    ],
  };
}
