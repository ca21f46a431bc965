import type { QueryLanguage } from "../../detection/convert/index.js";
import type { HttpRequest } from "../http/request.js";

/** A Sigma rule as it is to be installed in a SIEM. */
export interface RuleToPush {
  /** The rule's own id, a UUID in lower case. */
  readonly analytic: string;
  readonly title: string;
  readonly level: "informational" | "low" | "medium" | "high" | "critical";
  /** As Sigma has them, such as `attack.t1059.004`. */
  readonly tags: readonly string[];
  /** What it looks for, in the language that the SIEM's rules are pushed in. */
  readonly query: string;
  /** Evaluated from now on; else it is there and switched off. */
  readonly enabled: boolean;
}

/** The language in which a rule is handed over: one that Sigma is converted to, or the Sigma rule as it is written. */
export type PushLanguage = QueryLanguage | "sigma";

/** A request that changes something, before it is sent. */
export type ChangeRequest = Pick<
  HttpRequest<unknown>,
  "what" | "method" | "path" | "query" | "headers" | "body"
>;

/** Stands in drafts for an id that the SIEM gives. */
export const ID_TO_COME = "{id}";

/** The tag by which a rule is known as Tyrian's, and as that of one analytic. */
export function markOf(analytic: string): string {
  return `tyrian-rule:${analytic}`;
}

/** The name of a rule in SIEMs that know rules by names. */
export function nameOf(analytic: string): string {
  return `tyrian-${analytic}`;
}

/** A description that carries the mark, where a SIEM has no tags. */
export function descriptionOf({ analytic, title }: RuleToPush): string {
  return `${title} (installed by Tyrian to be validated) [${markOf(analytic)}]`;
}

/** Whether a text carries the mark. */
export function isMarked(text: unknown, analytic: string): boolean {
  return typeof text === "string" && text.includes(`[${markOf(analytic)}]`);
}

/** Whether all that is wanted is there, whatever the SIEM has added. A number may be a text there. */
export function holds(there: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(there) &&
      there.length === wanted.length &&
      wanted.every((each, index) => holds(there[index], each))
    );
  if (typeof wanted === "object" && wanted !== null)
    return (
      typeof there === "object" &&
      there !== null &&
      Object.entries(wanted).every(([key, each]) => holds((there as Record<string, unknown>)[key], each))
    );
  return (wanted ?? null) === (there ?? null) || (typeof wanted === "number" && there === String(wanted));
}
