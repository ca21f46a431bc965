import { dirname, resolve } from "node:path";
import { TyrianError } from "../errors.js";
import type { JournalEntry, Told } from "../model/journal-event.js";
import { type AnnouncedRun, announcementOf, type Ended } from "../siem/announce/announcement.js";
import { openPlaces } from "../siem/announce/open.js";
import { type Place, tellAll } from "../siem/announce/place.js";
import type { AnnounceSettings, PlaceSettings } from "../siem/announce/settings.js";
import { loadConfiguration } from "./configuration.js";
import { chooseSiem } from "./siem-choice.js";

/** Tells a SOC of one run: before its first act, and when it has ended. */
export class RunAnnouncer {
  /** Those that know of the beginning: they are owed the end. */
  #told: readonly Place[] = [];

  /**
   * @param journal appends what was told to whom
   * @param onWarning told of a place that was not reached
   */
  constructor(
    private readonly settings: Pick<AnnounceSettings, "need">,
    private readonly places: readonly Place[],
    private readonly run: AnnouncedRun,
    private readonly journal: (entry: JournalEntry) => Promise<unknown>,
    private readonly onWarning: (message: string) => void,
  ) {}

  /**
   * To be called before anything is done on a host.
   * @throws TyrianError `announce-failed` where it is required and a place was not reached
   */
  async begins(): Promise<void> {
    const told = await this.#tell("begins", this.places, null);
    this.#told = this.places.filter(({ name }) => told.some((each) => each.place === name && each.told));
    const failed = told.filter((each) => !each.told);
    if (failed.length === 0 || this.settings.need === "wanted") return;
    const what = failed.map(({ place, detail }) => `${place}: ${detail}`).join("; ");
    throw new TyrianError("announce-failed", `the run was not announced, and nothing was run: ${what}`);
  }

  /** To be called once, however the run ends. Never rejects. */
  async ended(how: Ended): Promise<void> {
    if (this.#told.length === 0) return;
    const places = this.#told;
    this.#told = [];
    await this.#tell("ended", places, how).catch((thrown: unknown) => this.onWarning(String(thrown)));
  }

  async #tell(edge: "begins" | "ended", places: readonly Place[], how: Ended | null): Promise<Told[]> {
    const told = await tellAll(places, announcementOf(this.run, how, Date.now()));
    for (const { place, detail, told: reached } of told)
      if (!reached && (edge === "ended" || this.settings.need === "wanted"))
        this.onWarning(
          `that the run ${edge === "begins" ? "begins" : "has ended"} was not told ${place}: ${detail}`,
        );
    await this.journal({ type: "run-announced", edge, places: told });
    return told;
  }
}

/** The places of the configuration, opened. */
export interface Announcing {
  readonly settings: AnnounceSettings;
  readonly places: readonly Place[];
  close(): Promise<void>;
}

/**
 * Where runs are announced, by the strongest configuration file that says so; null where none does. Nothing is asked yet.
 * @throws TyrianError `usage` for a SIEM that there is none of, `config-invalid`
 */
export async function openAnnouncing(): Promise<Announcing | null> {
  const files = await loadConfiguration();
  const found = files.find(({ values }) => values.announce !== undefined);
  const settings = found?.values.announce;
  if (found === undefined || settings === undefined) return null;
  const folder = dirname(found.file);
  const siems = new Map(
    await Promise.all(
      settings.places
        .flatMap((place) => (place.kind === "siem" ? [place.siem] : []))
        .map(async (name) => [name, (await chooseSiem(name, files)).settings] as const),
    ),
  );
  const places = await openPlaces(
    settings.places.map((place) => withPath(place, folder)),
    siems,
  );
  return {
    settings,
    places,
    close: async () => void (await Promise.all(places.map((place) => place.close()))),
  };
}

/** Paths of a file are relative to it. */
function withPath(place: PlaceSettings, folder: string): PlaceSettings {
  if (place.kind === "siem" || place.tls.caFile === undefined) return place;
  return { ...place, tls: { ...place.tls, caFile: resolve(folder, place.tls.caFile) } };
}
