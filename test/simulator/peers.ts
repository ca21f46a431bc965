import type { AlertVersion, SimulatedTrial, World } from "./model.js";
import { rulesById } from "./analytics.js";

/**
 * How three peers tie an alert to a run, written from the description of what they do (notes/peers.md, 1a and 4), over what
 * the SIEM of a world would answer to a plain query at the end of their window: every alert that could be found by then,
 * with the source events that it names. Each is asked for the analytic that the trial expects, and answers yes or no.
 */
export const peerNames = [
  /**
   * The run's id as a substring anywhere in an alert of the named rule, within an hour after the act (Threatest). Its marker
   * stands in the command line of every process of the act, as that peer has it.
   */
  "identifier",
  /** The ATT&CK technique of any alert, two hours either side (BASTION for Caldera). */
  "technique",
  /** The host of an alert and the name of a process of the act in it, within 45 minutes (OpenAEV). */
  "host and process",
  /** The first one where the marker is not in the command line, but outside what rules read, as product.md wants it. */
  "identifier, marker elsewhere",
] as const;
export type PeerName = (typeof peerNames)[number];

const MINUTE = 60_000;
/** What the act's processes are called: the peer started them, so it knows. */
const actPrograms = new Set(["bash", "base64"]);

/** A world's alerts as peers search them; texts are made once. */
export class Peers {
  readonly #world: World;
  readonly #texts = new Map<AlertVersion, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether the peer says that the analytic fired for the trial. */
  says(peer: PeerName, trial: SimulatedTrial): boolean {
    const { id, telemetryHost, technique } = trial.trial;
    const rule = trial.rule.id;
    switch (peer) {
      case "identifier, marker elsewhere":
        return this.#found(
          trial,
          60,
          0,
          (version) => version.alert.rule === rule && this.#text(version).includes(id),
        );
      case "identifier":
        return this.#found(
          trial,
          60,
          0,
          (version) =>
            version.alert.rule === rule &&
            (this.#text(version).includes(id) ||
              named(version).some((event) => event.trial === id && event.part === "act")),
        );
      case "technique":
        return this.#found(
          trial,
          120,
          120,
          ({ alert }) => rulesById.get(alert.rule)?.techniques.includes(technique) === true,
        );
      case "host and process":
        return this.#found(
          trial,
          45,
          0,
          (version) =>
            version.alert.host === telemetryHost &&
            named(version).some(({ record }) =>
              actPrograms.has(String(record.fields["Image"]).split("/").at(-1) ?? ""),
            ),
        );
    }
  }

  /** @param after and @param before minutes around the act within which the alert was made, by the SIEM's clock as it is */
  #found(
    trial: SimulatedTrial,
    after: number,
    before: number,
    wanted: (version: AlertVersion) => boolean,
  ): boolean {
    const until = trial.startedAt + after * MINUTE;
    const from = trial.startedAt - before * MINUTE;
    return this.#world.alerts.some(({ versions }) => {
      const version = versions.findLast(({ visibleAt }) => visibleAt <= until);
      if (version === undefined) return false;
      const { createdAt, updatedAt } = version.alert;
      return updatedAt >= from && createdAt <= until && wanted(version);
    });
  }

  #text(version: AlertVersion): string {
    const known = this.#texts.get(version);
    if (known !== undefined) return known;
    const text = JSON.stringify([version.alert, named(version).map(({ record }) => record)]);
    this.#texts.set(version, text);
    return text;
  }
}

/** The source events that an alert names, of those that it stands for. */
function named({ alert, sources }: AlertVersion): AlertVersion["sources"] {
  return sources.slice(0, alert.sourceEvents?.length ?? 0);
}
