import { likenessOf } from "../detection/nearest.js";
import type { CompiledRule } from "../detection/rule.js";
import type { HostEvent } from "../model/event.js";
import { type Cause, type CauseLink, causeLinkSchema, type NearestEvent } from "../model/verdict.js";

/** The chain from the act to the alert, in order. The last two of the model's list stand beside the chain, not in it. */
const chain = causeLinkSchema.options.filter((link) => link !== "attribution" && link !== "siem");

export interface LinkTests {
  /** Links known to hold, besides those before the failed one. */
  readonly holds?: readonly CauseLink[];
  /** Why a link could not be tested. */
  readonly untestable?: Partial<Record<CauseLink, string>>;
}

/** A miss names the first link that failed, tests the others, and says which it could not test. */
export function causeAt(
  link: CauseLink,
  detail: string,
  tests: LinkTests = {},
  nearest: NearestEvent | null = null,
): Cause {
  const untestable = tests.untestable ?? {};
  const at = chain.findIndex((candidate) => candidate === link);
  // What stands beside the chain is asked only of what ran.
  const holds = new Set<CauseLink>([...(at < 0 ? (["execution"] as const) : []), ...(tests.holds ?? [])]);
  const tested: CauseLink[] = [];
  const untested: Cause["untested"] = [];
  chain.forEach((candidate, index) => {
    if (candidate === link) return;
    const reason = untestable[candidate];
    if (reason !== undefined) untested.push({ link: candidate, reason });
    else if (holds.has(candidate) || (at >= 0 && index < at)) tested.push(candidate);
    else untested.push({ link: candidate, reason: at < 0 ? detail : `nothing passed the link ${link}` });
  });
  return { link, detail, nearest, tested, untested };
}

/** The same cause where a link that seemed to hold could not be tested. */
export function withUntested(cause: Cause, link: CauseLink, reason: string): Cause {
  if (cause.link === link || cause.untested.some((known) => known.link === link)) return cause;
  const tested = cause.tested.filter((known) => known !== link);
  return { ...cause, tested, untested: [{ link, reason }, ...cause.untested] };
}

/**
 * Of the trial's events that the rule reads, the one that came nearest to matching; of equals the one that is more like what
 * was wanted, or that an exclusion alone keeps out; then the earliest.
 */
export function nearestOf(rule: CompiledRule, events: readonly HostEvent[]): NearestEvent | null {
  const explained = events.filter((event) => rule.reads(event)).map((event) => rule.explain(event));
  const distance = (nearest: NearestEvent): number => nearest.needed - nearest.met;
  return explained.reduce<NearestEvent | null>((best, candidate) => {
    if (best === null) return candidate;
    const difference =
      distance(best) - distance(candidate) ||
      candidate.met - best.met ||
      likenessOf(candidate) - likenessOf(best);
    return difference > 0 ? candidate : best;
  }, null);
}

/** What processes of Windows ran, loaded, wrote, asked for and reached. */
const activityFields = [
  ...["ScriptBlockText", "Payload", "HostApplication"],
  ...["ImageLoaded", "TargetFilename", "QueryName", "DestinationIp"],
] as const;

/** An event in a few words. */
export function summaryOf(event: HostEvent): string {
  const { fields } = event;
  const call = ["action", "eventName", "operationName", "gcp.audit.method_name"].find(
    (name) => name in fields,
  );
  const done = activityFields.find((name) => name in fields);
  const text = String(fields["CommandLine"] ?? fields[done ?? "Image"] ?? fields[call ?? "Path"] ?? event.id);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
