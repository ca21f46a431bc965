import { type Analytic, OTHER, wordsOf } from "./analytics.js";
import type { Connection, Played } from "./act.js";
import type { SimulatedTrial } from "./model.js";
import type { Random } from "./random.js";
import type { Companion } from "./scenario.js";
import { OTHER_RUN, type Timeline } from "./timeline.js";

/** What others do: at the time of a trial, and all the time. */

const MINUTE = 60_000;
/** Milliseconds between two processes of other users on a host, on average. */
const NOISE_EVERY = 5_000;
const noise = [
  ["ls", "-l"],
  ["bash", "-c", "uptime"],
  ["cat", "/etc/hostname"],
  ["base64", "--plain", "x"],
  ["id"],
];

/** A host on which something is done. */
interface Place {
  readonly timeline: Timeline;
}

/** Somebody else does the like at the same time: on another host, as another user, in another run, or in our own session. */
export function accompany(
  { who, leaf }: Companion,
  here: { stage: Place; stages: readonly Place[]; connection: Connection },
  { startedAt, endedAt }: Played,
  trial: SimulatedTrial["trial"],
  random: Random,
): void {
  const { stage, stages, connection } = here;
  const others = stages.filter((candidate) => candidate !== stage);
  const { timeline } = who === "other-host" && others.length > 0 ? random.pick(others) : stage;
  const at = random.between(startedAt, endedAt);
  const refused = leaf.refused ?? null;
  if (who === "other-user" || who === "other-host") {
    timeline.add({ at, argv: leaf.argv, session: "3", user: "alice", refused });
    return;
  }
  const wrapper = timeline.pid();
  const ours = who === "same-session";
  const common = { session: ours ? connection.session : OTHER_RUN, ppid: wrapper, user: "lab" };
  // Without our own id in it.
  const other = `other-${trial.ordinal}`;
  // In our own session it begins before we do, or while we act.
  const before = ours && random.chance(0.5);
  const [begun, started] = before ? [startedAt - 300, startedAt - 200] : [at - 20, at - 10];
  timeline.sentinel("begin", other, { ...common, at: begun });
  const root = timeline.add({ ...common, at: started, argv: ["bash", "-c", trial.act.code] });
  timeline.add({ ...common, at, argv: leaf.argv, ppid: root.pid, refused });
  timeline.sentinel("end", other, { ...common, at: ours ? endedAt + 400 : at + 20 });
}

export function addNoise(
  stages: readonly Place[],
  deployed: readonly Analytic[],
  random: Random,
  span: { readonly from: number; readonly until: number },
): void {
  const add = (
    timeline: Timeline,
    everyMs: number,
    argv: () => readonly string[],
    secondChannel = false,
  ): void => {
    for (let at = span.from; ;) {
      at -= Math.log(1 - random.next()) * everyMs;
      if (at > span.until) return;
      const [user, session] = random.pick([
        ["alice", "3"],
        ["bob", "5"],
        ["root", null],
      ] as const);
      timeline.add({ at, argv: argv(), session, user, secondChannel });
    }
  };
  for (const { timeline } of stages) {
    add(timeline, NOISE_EVERY, () => random.pick(noise));
    add(timeline, 2 * NOISE_EVERY, () => random.pick(noise), true);
    for (const { scenario, key, rule } of deployed) {
      const words = wordsOf(key, random);
      const inAnHour = rule.id === OTHER ? 3 : (scenario?.noise ?? 0);
      const argv = scenario?.name === "first seen, known" ? words.known : words.hit;
      if (inAnHour > 0) add(timeline, (60 * MINUTE) / inAnHour, argv);
    }
  }
}
