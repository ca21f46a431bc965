import { TyrianError } from "../../errors.js";
import type { SiemSettings } from "../connect.js";
import { openEventInput } from "../event-input.js";
import type { HttpOptions } from "../http/open.js";
import type { Announcement } from "./announcement.js";
import type { Place } from "./place.js";
import { nameOfPlace, type PlaceSettings } from "./settings.js";
import { openWebhook } from "./webhook.js";

/**
 * Opens the places of a configuration. Nothing is asked yet; whoever opens them closes them.
 * @param siems by name; null for the embedded one
 * @throws TyrianError `config-invalid` for a SIEM to whose kind nothing is sent
 */
export async function openPlaces(
  places: readonly PlaceSettings[],
  siems: ReadonlyMap<string, SiemSettings | null>,
  options?: HttpOptions,
): Promise<Place[]> {
  return await Promise.all(
    places.map(async (place) =>
      place.kind === "webhook" ? openWebhook(place, options) : await openSiemPlace(place, siems, options),
    ),
  );
}

async function openSiemPlace(
  place: Extract<PlaceSettings, { kind: "siem" }>,
  siems: ReadonlyMap<string, SiemSettings | null>,
  options?: HttpOptions,
): Promise<Place> {
  const name = nameOfPlace(place);
  const settings = siems.get(place.siem) ?? null;
  const kind = settings?.kind ?? "embedded";
  const input =
    settings === null || settings.kind === "tyrian"
      ? null
      : await openEventInput(name, settings, place.index, options);
  if (input === null)
    throw new TyrianError(
      "config-invalid",
      `runs are to be announced to ${name}, and Tyrian sends no events to a SIEM of the kind ${kind}`,
      {
        hint: "Announce to a webhook instead: of its SOAR, or of whoever carries events to it (docs/announce.md).",
      },
    );
  return {
    name,
    send: (announcement, signal) => input.send(eventOf(announcement), signal),
    close: () => input.close(),
  };
}

function eventOf({ type, timestamp, data }: Announcement) {
  const { run, hosts, techniques, contact } = data;
  const what = type === "tyrian.run.begins" ? "begins" : "has ended";
  return {
    id: `${type}.${run}`,
    time: Date.parse(timestamp),
    message: `Tyrian: the exercise ${run} ${what} on ${hosts.join(", ")} (${techniques.join(", ")}); contact: ${contact}`,
    fields: { type, ...data },
  };
}
