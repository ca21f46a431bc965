import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HostEvent, sentinelOf } from "../../src/model/event.js";
import { bracketOf } from "../../src/verify/bracket.js";
import type { KnownBracket } from "../../src/verify/bracket-model.js";
import { world } from "./windows-world.js";
import { activity, guidOf, started, told, windowsTrial } from "./windows-events.js";

const script = "powershell.exe -File C:\\Windows\\Temp\\tmpAAAAAAAAAA\\script.ps1";
const { all, act } = told([script, "hostname"]);
const [root] = act as [HostEvent];
const look = all.at(-2) as HostEvent;

function bracketed(events: readonly HostEvent[], otherRecords: { sequence: number }[] = []): KnownBracket {
  const others = otherRecords.map((each) => ({ host: "h1", sensor: "sysmon" as const, ...each }));
  const bracket = bracketOf(windowsTrial, events, { housekeeping: 2, alone: true, otherRecords: others });
  if (!("act" in bracket)) throw new Error(`the bracket is ${bracket.state}`);
  return bracket;
}

const credited = (events: readonly HostEvent[]): string[] =>
  bracketed(events)
    .act.filter(({ kind }) => kind === "activity")
    .map(({ id }) => id);
const unplaced = (events: readonly HostEvent[]): string[] =>
  (bracketed(events).unplaced ?? []).map(({ id }) => id);

describe("what a process of Windows did, by Sysmon's GUID", () => {
  const loaded = (number: number, over: Partial<HostEvent> = {}): HostEvent =>
    activity("image_load", { pid: root.pid, fields: { ProcessGuid: guidOf(number) }, ...over });

  test("is the act's where a process of the act did it, whenever it was recorded", () => {
    const late = loaded(root.pid as number, { time: (all.at(-1) as HostEvent).time + 900 });
    expect(credited([...all, late])).toEqual([late.id]);
  });

  test("is not the act's where another process did it, though that had the same number", () => {
    expect(credited([...all, loaded(99)])).toEqual([]);
    expect(unplaced([...all, loaded(99)])).toEqual([]);
  });

  test("is not the act's where the wrapper's own process did it", () => {
    for (const own of [all[0], all[1], look, all.at(-1)])
      expect(credited([...all, loaded(own?.pid as number, { pid: own?.pid ?? null })])).toEqual([]);
  });

  test("is nobody's where a process that is not the act's claims the same", () => {
    const twice = started("x", { sequence: root.sequence + 0.5, session: "8", fields: root.fields });
    const event = loaded(root.pid as number);
    expect(credited([...all, twice, event])).toEqual([]);
    expect(unplaced([...all, twice, event])).toEqual([event.id]);
  });
});

describe("what a process of Windows did, by its number", () => {
  const ran = activity("ps_script", {
    ...{ pid: root.pid, time: root.time + 1, sequence: 7 },
    fields: { ScriptBlockText: "Write-Output 1" },
  });

  test("is the act's while the process lived, whatever the numbers of its own channel are", () => {
    expect(credited([...all, ran])).toEqual([ran.id]);
    expect(bracketed([...all, ran])).toMatchObject({ state: "closed", unseen: 0 });
  });

  const again = (over: Partial<HostEvent>): HostEvent =>
    started("other.exe", {
      pid: root.pid,
      session: "8",
      fields: { ...look.fields, CommandLine: "other.exe" },
      ...over,
    });

  test.each<[string, (events: HostEvent[]) => HostEvent[]]>([
    ["was before the process", (events) => [...events, { ...ran, time: root.time - 1 }]],
    ["was after the wrapper's look", (events) => [...events, { ...ran, time: look.time + 1 }]],
    [
      "may be another's that got the number later",
      (events) => [...events, ran, again({ sequence: root.sequence + 0.5, time: root.time })],
    ],
    ["may be another's that got it after the look", (events) => [...events, ran, again({})]],
    [
      "may be another's of which the number is not told",
      (events) => [...events, ran, again({ sequence: look.sequence - 0.5, time: look.time, pid: null })],
    ],
    [
      "may be another's of which the record is missing",
      (events) => [...events.filter((each) => each !== act[1]), ran],
    ],
    [
      "was on a host whose clock was set back",
      (events) => [
        ...events,
        ran,
        started("x", { sequence: 0, time: root.time + 1000, session: "8", pid: 9 }),
      ],
    ],
    [
      "is of a process of which the number is not told",
      (events) => [...events.map((each) => (each === root ? { ...each, pid: null } : each)), ran],
    ],
    ["is told without a process", (events) => [...events, { ...ran, pid: null }]],
  ])("that %s earns nothing, and may be the act's", (_what, change) => {
    const events = change([...all]);
    expect(credited(events)).toEqual([]);
    expect(unplaced(events)).toEqual([ran.id]);
  });

  test.each<[string, Partial<HostEvent>]>([
    ["another process, with the same text", { pid: 4711 }],
    ["another host", { host: "h2" }],
  ])("is not the act's where it was %s", (_what, over) => {
    const events = [...all, { ...ran, ...over }];
    expect(credited(events)).toEqual([]);
    expect(unplaced(events)).toEqual([]);
  });

  test("is the act's where what is missing among the processes is known to be none", () => {
    const gap = all.map((event) =>
      event.sequence > root.sequence ? { ...event, sequence: event.sequence + 1 } : event,
    );
    const events = [...gap, ran];
    expect(credited(events)).toEqual([]);
    expect(bracketed(events, [{ sequence: root.sequence + 1 }]).act).toContainEqual(ran);
  });
});

describe("an engine of PowerShell that tells no process", () => {
  const id = "3ff2018c-1111-2222-3333-444455556666";
  const at = { time: root.time + 1 };
  const engine = activity("ps_classic_start", {
    ...at,
    pid: null,
    fields: { HostId: id, HostApplication: script },
  });
  const command = (pid: number | null, context = `\r\n        Host ID = ${id}\r\n`): HostEvent =>
    activity("ps_module", {
      ...at,
      pid,
      fields: { ContextInfo: `        Host Name = ConsoleHost${context}` },
    });

  test("is the act's where a command of the act names its host", () => {
    const named = command(root.pid);
    expect(credited([...all, engine, named])).toEqual([engine.id, named.id]);
  });

  test("is nobody's where none does, by its command line alone", () => {
    expect(credited([...all, engine])).toEqual([]);
    expect(unplaced([...all, engine])).toEqual([engine.id]);
  });

  test("is not the act's where a command of another process names it", () => {
    expect(credited([...all, engine, command(4711)])).toEqual([]);
    expect(credited([...all, engine, command(4711), command(root.pid)])).not.toContain(engine.id);
  });

  test("is not the act's where the name stands only in what was typed", () => {
    const typed = command(root.pid, `\r\n        Host Application = x Host ID = ${id}\r\n`);
    expect(credited([...all, engine, typed])).toEqual([typed.id]);
  });
});

test("what a process did is no sentinel, whatever is written in it", () => {
  const words = { CommandLine: (all[0] as HostEvent).fields["CommandLine"] as string };
  const event = activity("ps_classic_start", { pid: 4711, fields: words });
  expect(sentinelOf(event)).toBeNull();
  expect(bracketed([...all, event])).toMatchObject({ state: "closed" });
});

describe("whatever happens on a host, whoever gets whose number, and whatever is lost", () => {
  test.each(["sysmon", "security"] as const)(
    "only the act's own is credited, beside sentinels of %s",
    (sensor) => {
      let most = 0;
      fc.assert(
        fc.property(world(sensor), ({ events, own, lost }) => {
          const bracket = bracketOf(
            windowsTrial,
            events.filter((_event, index) => !lost.includes(index)),
            { housekeeping: 2, alone: true },
          );
          const ids = "act" in bracket ? bracket.act.map((event) => event.id) : [];
          most = Math.max(most, ids.length);
          for (const id of ids) expect(own).toContain(id);
        }),
        { numRuns: 1500 },
      );
      expect(most).toBeGreaterThan(2);
    },
  );

  test("is the same in whatever order and however often it comes", () => {
    fc.assert(
      fc.property(
        world("sysmon").chain(({ events }) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
          ),
        ),
        ([events, shuffled]) => {
          const bracket = (each: readonly HostEvent[]): unknown =>
            bracketOf(windowsTrial, each, { housekeeping: 2, alone: true });
          expect(bracket(shuffled)).toEqual(bracket(events));
        },
      ),
      { numRuns: 50 },
    );
  });
});
