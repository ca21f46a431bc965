import { z } from "zod";
import type { AlertsWanted, FoundAlert, SiemDocument } from "../connector/connector.js";
import { severityOf } from "../connector/severity.js";
import { textAt } from "../connector/values.js";
import type { SiemHttp } from "../http/client.js";
import { allPages, type Found, found } from "../http/pages.js";
import { dateOf, requestedBy } from "./messages.js";

const PAGE = 500;
/** The events that a search reaches. */
const MOST = 10_000;
/** Milliseconds by which an event's own time may lie before or behind the moment at which it was made. */
const EVENT_TIME_MS = 26 * 3_600_000;

const eventSchema = z.object({
  id: z.string(),
  event_definition_id: z.string(),
  origin_context: z.string().nullish(),
  timestamp_processing: z.iso.datetime({ offset: true }),
  message: z.string(),
  alert: z.boolean(),
  priority: z.int().optional(),
  fields: z.record(z.string(), z.unknown()),
  group_by_fields: z.record(z.string(), z.unknown()).nullish(),
});

const answerSchema = z.object({
  events: z.array(z.object({ event: eventSchema })),
  total_events: z.int(),
});

/** Low, normal, high and, in later versions, critical: without that one high is the highest. */
const priorities = {
  1: ["informational", "low"],
  2: ["medium"],
  3: ["high", "critical"],
  4: ["critical"],
} as const;

/** What an event says of itself: its message where it was made of one. */
export interface GraylogEvent {
  readonly alert: Omit<FoundAlert, "sources" | "sourcesWhole">;
  readonly message: { readonly index: string; readonly id: string } | null;
}

/** The events that were made in a span, of some definitions or of all (REST API, "Events", search). */
export async function graylogEvents(
  http: SiemHttp,
  hostField: string,
  { rules, hosts, from, to }: AlertsWanted,
  signal: AbortSignal,
): Promise<Found<GraylogEvent>> {
  if (rules.length === 0 && hosts.length === 0) return found([]);
  const { rows, lacks } = await allPages(
    1,
    async (page) => {
      const { value } = await http.request({
        what: "the events",
        method: "POST",
        path: "/api/events/search",
        headers: requestedBy,
        body: {
          json: {
            query: "",
            page,
            per_page: PAGE,
            timerange: {
              type: "absolute",
              from: dateOf(BigInt(Math.floor(Math.max(0, from - EVENT_TIME_MS)))),
              to: dateOf(BigInt(Math.ceil(to + EVENT_TIME_MS))),
            },
            // A host stands in no field that all events have.
            filter: { alerts: "include", event_definitions: hosts.length === 0 ? rules : [] },
            sort_by: "timestamp",
            sort_direction: "asc",
          },
        },
        schema: answerSchema,
        signal,
      });
      const last = value.events.length < PAGE || page * PAGE >= value.total_events;
      const more = !last && page * PAGE >= MOST;
      return {
        rows: value.events,
        next: last || more ? null : page + 1,
        lacks: more ? `there are ${value.total_events} events, and ${MOST} can be had` : null,
      };
    },
    MOST,
  );
  const events = rows.map(({ event }) => eventOf(event, hostField));
  return found(
    events.filter(({ alert }) => alert.createdAt >= from && alert.createdAt <= to),
    lacks,
  );
}

function eventOf(event: z.infer<typeof eventSchema>, hostField: string): GraylogEvent {
  const [, index, id] = /^urn:graylog:message:es:([^:]+):(.+)$/.exec(event.origin_context ?? "") ?? [];
  const at = Date.parse(event.timestamp_processing);
  return {
    alert: {
      id: event.id,
      rule: event.event_definition_id,
      title: event.message,
      tier: event.alert ? "alert" : "signal",
      host: textAt(event.group_by_fields, hostField) ?? textAt(event.fields, hostField) ?? null,
      createdAt: at,
      updatedAt: at,
      evaluatedAt: at,
      foldedInto: null,
      ...(event.priority === undefined ? {} : { severity: severityOf(String(event.priority), priorities) }),
    },
    message: index === undefined || id === undefined ? null : { index, id },
  };
}

/** An event with its message; without one, what it stands for is not told. */
export function alertOf({ alert, message }: GraylogEvent, document: SiemDocument | null): FoundAlert {
  if (message === null) return { ...alert, sources: null, sourcesWhole: false };
  return {
    ...alert,
    host: document?.host ?? alert.host,
    sources:
      document === null ? { documents: [], missing: [message.id] } : { documents: [document], missing: [] },
    sourcesWhole: true,
  };
}
