import { type HostEvent, sentinelOf } from "../../src/model/event.js";
import type { Trial } from "../../src/model/trial.js";
import type { Answer } from "../../src/siem/siem.js";
import type { HostLog } from "../../src/verify/host-log.js";
import type { World } from "./model.js";
import { Random } from "./random.js";
import type { VirtualTime } from "./virtual-time.js";

/** The part of the attempts to reach a host that fail. */
const UNREACHABLE = 0.02;

/**
 * The sensors' own logs on the hosts of a world: what was numbered, whatever became of it on the way. Who may not read the
 * kernel's count of lost records may not read them either.
 */
export class SimulatedHostLog implements HostLog {
  readonly #world: World;
  readonly #time: VirtualTime;
  readonly #random: Random;

  constructor(world: World, time: VirtualTime) {
    this.#world = world;
    this.#time = time;
    this.#random = new Random(world.seed ^ 0x106);
  }

  async recordsOf({ id, telemetryHost }: Trial): Promise<Answer<HostEvent[]>> {
    await this.#time.sleep(this.#random.between(100, 2_000));
    const host = this.#world.hosts.find(({ name }) => name === telemetryHost);
    const refused = (detail: string): Answer<HostEvent[]> => ({ state: "unreachable", detail, value: [] });
    if (host === undefined || this.#random.chance(UNREACHABLE)) return refused("the host was not reached");
    if (!host.tellsLost) return refused("the log may not be read");
    const numbered = host.events.filter(({ record }) => !Number.isNaN(record.sequence));
    const edges = numbered.filter(({ record }) => sentinelOf(record)?.trial === id);
    const [begin, end] = [edges[0]?.record, edges[1]?.record];
    if (begin === undefined || end === undefined)
      return { state: "partial", detail: "a sentinel is not in the log", value: [] };
    const records = numbered.filter(
      ({ record }) =>
        record.sensor === begin.sensor &&
        record.sequence >= begin.sequence &&
        record.sequence <= end.sequence,
    );
    return {
      state: "complete",
      detail: "",
      value: records.map(({ record }) => ({ ...record, ingestedAt: record.time })),
    };
  }
}
