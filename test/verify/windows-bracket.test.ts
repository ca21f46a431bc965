import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askProcesses, runScript } from "../../src/engine/windows/script.js";
import type { HostEvent } from "../../src/model/event.js";
import { bracketOf } from "../../src/verify/bracket.js";
import type { Bracket } from "../../src/verify/bracket-model.js";
import { wrapperPartOf } from "../../src/verify/windows-housekeeping.js";
import { acted, edgeOf, lineText, lookText, nonce, started, windowsTrial } from "./windows-events.js";

const alone = { housekeeping: 2, alone: true };
const script = "cscript //Nologo C:\\Windows\\Temp\\tmpAAAAAAAAAA\\script.vbs";

function bracketed(events: readonly HostEvent[]): Bracket {
  return bracketOf(windowsTrial, events, alone);
}

/** Ids of what is credited; none where the bracket cannot be told. */
function credited(events: readonly HostEvent[]): string[] {
  const bracket = bracketed(events);
  return "act" in bracket ? bracket.act.map(({ id }) => id) : [];
}

const ids = (events: readonly HostEvent[]): string[] => events.map(({ id }) => id);

/** The events with another before the one that has this command line. */
function withBefore(all: readonly HostEvent[], text: string, event: HostEvent): HostEvent[] {
  const at = all.findIndex(({ fields }) => fields["CommandLine"] === text);
  const sequence = ((all[at - 1] as HostEvent).sequence + (all[at] as HostEvent).sequence) / 2;
  return [...all, { ...event, sequence }];
}

describe("the bracket of a trial on Windows", () => {
  test("holds what ran in the session between the sentinels, without the wrapper's own processes", () => {
    const { all, act } = acted([script, "cmd /d /c ver"]);
    const before = started(script, { sequence: (all[0] as HostEvent).sequence - 0.5 });
    const after = started("cmd.exe /d /c C:\\Windows\\Temp\\tmpAAAAAAAAAA.run\\cleanup.cmd tyrian-00");
    expect(bracketed([before, ...all, after])).toMatchObject({ state: "closed", unseen: 0 });
    expect(credited([before, ...all, after])).toEqual(ids(act));
  });

  test("needs nothing told of who started what, and does not take what is not told for the same", () => {
    const { all, act } = acted([script], { pid: null, ppid: null });
    expect(credited(all)).toEqual(ids(act));
    const withoutSession = all.map((event) => ({ ...event, session: null }));
    expect(bracketed(withoutSession)).toMatchObject({ state: "overlap" });
    const beside = started(script, { session: null, sequence: (all[2] as HostEvent).sequence + 0.5 });
    expect(bracketed([...all, beside])).toMatchObject({ unplaced: [beside] });
    expect(credited([...all, beside])).toEqual(ids(act));
  });

  test("that lost its begin has the act's shell in its place, and nothing is missing after that", () => {
    const { all, act } = acted([script]);
    const [, line] = all as [HostEvent, HostEvent];
    expect(bracketed(all.slice(1))).toMatchObject({ state: "half", begin: null, act, unseen: 0 });
    const foreign = started(script, { sequence: line.sequence - 0.5 });
    expect(credited([foreign, ...all.slice(1)])).toEqual(ids(act));
  });

  test("that lost its end has the look at what was left in its place, after which something may be missing", () => {
    const { all, act } = acted([script]);
    const after = started("cmd.exe /d /c C:\\Windows\\Temp\\tmpAAAAAAAAAA.run\\cleanup.cmd tyrian-00");
    expect(bracketed([...all.slice(0, -1), after])).toMatchObject({
      state: "half",
      end: null,
      act,
      unseen: null,
    });
  });

  test("that lost a sentinel and what stands in for it, or whose session others used, tells nothing", () => {
    const { all } = acted([script]);
    expect(bracketed(all.slice(2))).toMatchObject({
      state: "open",
      detail: expect.stringContaining("no begin"),
    });
    expect(bracketed(all.slice(0, -2))).toMatchObject({
      state: "open",
      detail: expect.stringContaining("no end"),
    });
    expect(bracketed([...all.slice(1), started(lineText)])).toMatchObject({ state: "half" });
    expect(bracketed([started(lineText, { sequence: 0.5 }), ...all.slice(1)])).toMatchObject({
      state: "overlap",
    });
    expect(bracketed([...all, edgeOf("end")])).toMatchObject({ state: "overlap" });
    expect(bracketOf(windowsTrial, all, { housekeeping: 2, alone: false })).toMatchObject({
      state: "overlap",
    });
  });

  test.each<[string, (all: HostEvent[]) => HostEvent[]]>([
    [
      "lost the start of the act's shell",
      (all) => all.filter(({ fields }) => fields["CommandLine"] !== lineText),
    ],
    [
      "lost the look at what was left",
      (all) => all.filter(({ fields }) => fields["CommandLine"] !== lookText),
    ],
    [
      "has the look in other words",
      (all) =>
        all.map((event) =>
          event.fields["CommandLine"] === lookText
            ? {
                ...event,
                fields: {
                  CommandLine: "cscript.exe //nologo C:\\Windows\\Temp\\TMPAAA~1.RUN\\processes.vbs",
                },
              }
            : event,
        ),
    ],
    ["has the act's shell twice", (all) => withBefore(all, lookText, started(lineText))],
    [
      "has a sweep in it",
      (all) => withBefore(all, lookText, started(askProcesses(windowsTrial, "sweep", nonce))),
    ],
    [
      "has another script of the wrapper in it",
      (all) => withBefore(all, lookText, started(runScript(windowsTrial, "probe.cmd"))),
    ],
    ["has something before the act's shell", (all) => withBefore(all, lineText, started(script))],
    [
      "has a process without a command line",
      (all) => withBefore(all, lookText, started("", { fields: { Image: "C:\\a.exe" } })),
    ],
    [
      "has another trial's sentinel in it",
      (all) => withBefore(all, lookText, edgeOf("begin", {}, "run-0002")),
    ],
    [
      "has a line of the login shell of a host of Wine in it",
      (all) =>
        withBefore(all, lookText, {
          ...started(""),
          logsource: { product: "linux" },
          argv: ["/bin/bash", "--norc", "/etc/tyrian/windows-shell", "-c", "ver"],
        }),
    ],
    [
      "has the wrapper's process started by another",
      (all) => all.map((event) => ({ ...event, ppid: event.fields["CommandLine"] === lookText ? 77 : 40 })),
    ],
    ["has the wrapper start what it does not", (all) => all.map((event) => ({ ...event, ppid: 40 }))],
  ])("that %s credits nothing", (_what, change) => {
    const bracket = bracketed(change(acted([script]).all));
    expect(bracket.state).toBe("overlap");
  });

  test("uses who started what where the sensor tells it, and only against a credit", () => {
    const { all } = acted([script]);
    const told = all.map((event, index) => ({ ...event, pid: 50 + index, ppid: index === 2 ? 51 : 40 }));
    expect(credited(told)).toEqual([told[2]?.id]);
    const half = told.map((event, index) => (index === 0 ? { ...event, ppid: null } : event));
    expect(credited(half)).toEqual([told[2]?.id]);
  });

  test("never credits what is not the act's, whatever else happens on the host and whatever is lost", () => {
    const texts = fc.constantFrom(
      script,
      lineText,
      lookText,
      "cmd.exe /d /c ver",
      runScript(windowsTrial, "act.cmd"),
    );
    const strangers = fc.array(
      fc.record({
        text: texts,
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        over: fc.constantFrom<Partial<HostEvent>>(
          { session: "8" },
          { session: null },
          { sensor: "security" },
          { host: "h2" },
        ),
      }),
      { maxLength: 8 },
    );
    const lost = fc.array(fc.nat(20), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(script, "cmd /d /c ver"), { maxLength: 4 }),
        strangers,
        lost,
        (lines, others, gone) => {
          const { all, act } = acted(lines);
          const [first, last] = [all[0], all.at(-1)].map((event) => (event as HostEvent).sequence) as [
            number,
            number,
          ];
          const foreign = others.map(({ text, at, over }, index) =>
            started(text, { ...over, id: `foreign-${index}`, sequence: first - 1 + at * (last - first + 2) }),
          );
          const arrived = [...foreign, ...all].filter((_event, index) => !gone.includes(index));
          const own = ids(act);
          for (const id of credited(arrived)) expect(own).toContain(id);
          // Nothing but records that are lost can take a credit away.
          if (gone.length === 0) expect(credited(arrived)).toEqual(own);
        },
      ),
    );
  });

  test("is the same in whatever order and however often the events come", () => {
    const { all } = acted([script, "cmd /d /c ver"]);
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }), (shuffled) => {
        expect(bracketed(shuffled)).toEqual(bracketed(all));
      }),
    );
  });
});

describe("a process of the wrapper on Windows", () => {
  const { work } = windowsTrial;

  test("is known by the engine's own words for it, and by those that cmd.exe makes of them", () => {
    expect(wrapperPartOf(lineText, work)).toBe("line");
    expect(wrapperPartOf(lookText, work)).toBe("look");
    const asWritten = (text: string): string =>
      text.replace(/^(\w+)\.exe /, '"C:\\WINDOWS\\system32\\$1.exe"  ');
    expect(wrapperPartOf(asWritten(lineText), work)).toBe("line");
    expect(wrapperPartOf(`${asWritten(lookText)} `, work)).toBe("look");
  });

  test.each(["act.cmd", "check0.cmd", "undo.cmd", "probe.cmd", "proof.cmd", "line.cmd x"])(
    "that is neither, as %s, is not taken for one",
    (name) => expect(wrapperPartOf(runScript(windowsTrial, name), work)).toBe("other"),
  );

  test("is none that only has the procedure's own folder in it", () => {
    expect(wrapperPartOf(script, work)).toBeNull();
    expect(wrapperPartOf(`cmd /d /c type ${work}\\line.cmd`, work)).toBeNull();
    expect(
      wrapperPartOf("cscript.exe //nologo C:\\Windows\\Temp\\tmpBBBBBBBBBB.run\\processes.vbs left", work),
    ).toBeNull();
  });
});
