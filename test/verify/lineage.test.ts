import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { RecordedAct } from "../../src/model/trial.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { exec, sentinel, T0, trialOf } from "./builders.js";

/**
 * Whose processes are by who started whom, where the host has so few numbers that it gives them again all the time, also those of the
 * act's processes and of their parents. What another of the session started must never be credited.
 */

interface Process {
  readonly pid: number;
  ppid: number;
  readonly ours: boolean;
}

const step = fc.record({
  what: fc.constantFrom("start", "start", "exec", "exit"),
  /** Which of the living processes does it. */
  who: fc.nat(2),
  /** The number of the new process, where it is free. */
  pid: fc.integer({ min: 1, max: 3 }),
});

/** What is recorded of the act and of another's processes that live beside it, in one session, and which of it is the act's. */
function recordsOf(steps: readonly { what: string; who: number; pid: number }[]) {
  const root: Process = { pid: 1, ppid: 100, ours: true };
  let living: Process[] = [root, { pid: 2, ppid: 4242, ours: false }];
  const events: HostEvent[] = [];
  const own = new Set<string>();
  const record = ({ pid, ppid, ours }: Process, argv: string[]): void => {
    const event = exec(argv, { pid, ppid, sequence: 11 + events.length });
    events.push(event);
    if (ours) own.add(event.id);
  };
  record(root, ["bash", "-c", "true"]);
  for (const { what, who, pid } of steps) {
    const process = living[who % Math.max(1, living.length)];
    if (process === undefined) break;
    if (what === "exec") record(process, ["id"]);
    else if (what === "exit") {
      living = living.filter((one) => one !== process);
      for (const orphan of living) if (orphan.ppid === process.pid) orphan.ppid = 0;
    } else if (living.every((one) => one.pid !== pid)) {
      const child = { pid, ppid: process.pid, ours: process.ours };
      living.push(child);
      record(child, ["ls"]);
    }
  }
  return { events, own };
}

describe("no process of another's is the act's, whatever its number", () => {
  const recorded: RecordedAct = {
    ...{ recorder: "Caldera", command: "true", pid: null, alone: true },
    ...{ startedAt: new Date(T0).toISOString(), endedAt: new Date(T0 + 1_000).toISOString() },
  };

  test.each([
    ["between sentinels", trialOf()],
    ["of an execution that was recorded", trialOf({ recorded })],
  ])("%s", (_where, trial) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 14 }), (steps) => {
        const { events, own } = recordsOf(steps);
        const edges = [
          sentinel("begin", "run-0001", { sequence: 10 }),
          sentinel("end", "run-0001", { sequence: 11 + events.length }),
        ];
        const bracket = bracketOf(trial, trial.recorded === undefined ? [...edges, ...events] : events);
        const credited = "act" in bracket ? bracket.act : [];
        expect(credited.filter(({ id }) => !own.has(id))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
