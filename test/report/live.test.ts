import { expect, test } from "vitest";
import { foldRun, nextRun } from "../../src/journal/fold.js";
import { eventLine, renderLive } from "../../src/report/live.js";
import { columns } from "../../src/report/text.js";
import {
  anExecution,
  aTrial,
  aVerdict,
  completed,
  lifeOf,
  numbered,
  started,
} from "../journal/run-fixture.js";

const trials = [
  aTrial(1),
  aTrial(2, { target: "h2", procedure: "env-split-string", twin: true }),
  aTrial(3),
  aTrial(4, { target: "h3" }),
];
const [one, two, three] = trials as [(typeof trials)[0], (typeof trials)[0], (typeof trials)[0]];
const lives = [
  lifeOf(one, [aVerdict("logged")]),
  lifeOf(two, [aVerdict("quiet", { expected: "quiet" })]),
  lifeOf(three, []),
] as const;

function shown(entries: Parameters<typeof numbered>[0], after = 300): string[] {
  const events = numbered([started(trials), ...entries]);
  return renderLive(foldRun(events), {
    now: Date.parse(events.at(-1)?.at ?? "") + after,
    width: 100,
    color: false,
  });
}

test("the block tells how far the run is, what each target does and since when, and what is waited for", () => {
  const lines = shown([...lives[0], ...lives[1].slice(0, 5), ...lives[2].slice(0, 2)]);
  expect(lines[0]).toMatch(/^█{5}░{15} {2}1\/4 trials {2}1 logged {2}\(1 not met\) {2}14\.3 s$/);
  expect(lines[1]).toBe("  h2  waiting for the end sentinel of the twin of env-split-string, 2.3 s");
  expect(lines[2]).toBe("  h1  running decode-and-pipe-to-shell, 300 ms");
  expect(lines).toHaveLength(3);
});

test("what acts on a target is named before what waits for its telemetry", () => {
  const lines = shown([...lives[0].slice(0, 5), ...lives[2].slice(0, 2)]);
  expect(lines[1]).toBe("  h1  running decode-and-pipe-to-shell, 300 ms  (1 more trial waiting)");
});

test("many targets and narrow screens stay within their bounds", () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    aTrial(index + 1, { target: `host-with-a-long-name-${index}` }),
  );
  const events = numbered([
    started(many),
    ...many.map((trial) => ({ type: "trial-armed" as const, trial: trial.id })),
  ]);
  const lines = renderLive(foldRun(events), {
    now: Date.parse("2026-11-24T04:00:00Z"),
    width: 40,
    color: false,
  });
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toContain("and 40 more targets");
  for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(40);
});

test("every prefix of a run has a picture", () => {
  const events = numbered([started(trials), ...lives.flat(), completed]);
  for (let length = 0; length <= events.length; length += 1) {
    const lines = renderLive(foldRun(events.slice(0, length)), {
      now: Date.parse("2026-11-24T04:00:00Z"),
      width: 100,
      color: true,
    });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toMatch(/NaN|undefined|Invalid/);
  }
});

test("without a terminal there is a line for starts, ends, verdicts and what went wrong, and for everything if asked", () => {
  const failed = lifeOf(
    three,
    [aVerdict("undecided")],
    anExecution({ status: "failed", reason: { code: "x", message: "no \x1b[31mproof" } }),
  );
  const events = numbered([started(trials), ...lives[0], ...failed, completed]);
  const lines = (everything: boolean): string[] => {
    let state = foldRun([]);
    return events.flatMap((event) => {
      state = nextRun(state, event);
      return eventLine(state, event, everything) ?? [];
    });
  };
  expect(lines(false)).toEqual([
    "run 20261124-0350-abcd: 4 trials",
    "[1/4] h1  decode-and-pipe-to-shell: logged, expected detected (Base64 decoded and piped to a shell)",
    "[1/4] h1  decode-and-pipe-to-shell: failed: no \\x1b[31mproof",
    "[2/4] h1  decode-and-pipe-to-shell: undecided, expected detected (Base64 decoded and piped to a shell)",
    "run 20261124-0350-abcd: completed",
  ]);
  expect(lines(true)).toHaveLength(events.length);
});
