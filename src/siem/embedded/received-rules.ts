import type { RuleEvent } from "../../detection/rule.js";
import { type HostEvent, sentinelOf } from "../../model/event.js";
import { fieldsFor } from "../../telemetry/files/event-shape.js";
import type { ReceivedEvent } from "../../telemetry/received/record-reader.js";
import { textOf } from "../../telemetry/windows/json.js";
import type { ObservedEvent } from "./background.js";
import type { CorrelatedEvent } from "./correlations.js";
import type { Matched, RuleSet } from "./rules.js";

/** An event that was received, as the parts of the SIEM read it. */
export interface MatchedEvent {
  readonly event: CorrelatedEvent & Pick<HostEvent, "ingestedAt">;
  readonly matched: Matched;
  readonly observed: ObservedEvent;
}

/** Matches an event under each log source that rules may ask for. A rule that reads several of them matches once. */
export function matchReceived(rules: RuleSet, received: ReceivedEvent): MatchedEvent {
  const { id, host, time, ingestedAt, read } = received;
  const views = read.logsources.map((logsource): RuleEvent => ({
    ...{ id, time, logsource },
    fields: fieldsFor(read, logsource),
  }));
  const [first] = views as [RuleEvent, ...RuleEvent[]];
  const observed = views.map((view) => observedAs(view, host, time));
  const sentinel = observed.find((each) => sentinelOf(each) !== null);
  const matches = sentinel === undefined ? views.map((view) => rules.match(view)) : [];
  // A correlation groups by the fields under which the event matched its rule.
  const counted = views[matches.findIndex(({ bases }) => bases.length > 0)] ?? first;
  return {
    event: { ...counted, host, time, ingestedAt, session: null },
    matched: {
      rules: [...new Set(matches.flatMap((match) => match.rules))],
      bases: [...new Set(matches.flatMap((match) => match.bases))],
    },
    observed: sentinel ?? (observed[0] as ObservedEvent),
  };
}

function observedAs({ logsource, fields }: RuleEvent, host: string, time: number): ObservedEvent {
  const line = textOf(fields["CommandLine"]) ?? "";
  return { host, time, session: null, argv: [], logsource: { ...logsource }, fields: { CommandLine: line } };
}
