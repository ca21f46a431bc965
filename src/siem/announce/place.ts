import { messageOf, TyrianError } from "../../errors.js";
import type { Told } from "../../model/journal-event.js";
import type { Announcement } from "./announcement.js";

/** Where a SOC is told of runs. */
export interface Place {
  readonly name: string;
  /**
   * Resolves when the place has it.
   * @throws TyrianError `siem-...`, `secret-unresolved`
   */
  send(announcement: Announcement, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that a place has to take an announcement. */
const SEND_MS = 20_000;

/** Tells all places at once; what one of them meets keeps nothing from the others. Never rejects. */
export async function tellAll(places: readonly Place[], announcement: Announcement): Promise<Told[]> {
  return await Promise.all(
    places.map(async (place): Promise<Told> => {
      try {
        await place.send(announcement, AbortSignal.timeout(SEND_MS));
        return { place: place.name, told: true, detail: "" };
      } catch (thrown) {
        const hint = thrown instanceof TyrianError ? ` ${thrown.hint}` : "";
        return { place: place.name, told: false, detail: `${messageOf(thrown)}.${hint}` };
      }
    }),
  );
}
