import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareQuestions } from "../../src/siem/shared.js";
import { VirtualTime } from "../simulator/virtual-time.js";
import { alertOf } from "../verify/builders.js";
import { execAt, liesIn, RecordingSiem } from "./recording-siem.js";

const MINUTE = 60_000;

function shared(questionsPerMinute: number | null = 600) {
  const time = new VirtualTime(0);
  const siem = new RecordingSiem(time, questionsPerMinute);
  return { time, siem, front: shareQuestions(siem, time) };
}

describe("questions that are put together", () => {
  test("are one for the sentinels of all trials, and each asker gets its own", async () => {
    const { time, siem, front } = shared();
    const answers = await time.run(() =>
      Promise.all([1, 2, 3].map((n) => front.canaries([{ host: `h${n}`, trial: `t${n}` }]))),
    );
    expect(siem.texts).toEqual(["canaries t1 t2 t3"]);
    expect(answers.map(({ value }) => value[0]?.begin?.argv.at(-1))).toEqual(["t1", "t2", "t3"]);
    expect(answers.map(({ value }) => value[0]?.begin?.host)).toEqual(["h1", "h2", "h3"]);
  });

  test("are one for the alerts of all, and each asker gets those of its rules, hosts and time", async () => {
    const { time, siem, front } = shared();
    const at = (createdAt: number, updatedAt = createdAt) => ({ createdAt, updatedAt });
    siem.alertBook = [
      alertOf("r1", null, { id: "by-rule", host: "h9", ...at(50) }),
      alertOf("r9", null, { id: "by-host", host: "h1", ...at(50) }),
      alertOf("r2", null, { id: "others", host: "h2", ...at(150) }),
      alertOf("r1", null, { id: "too-late", host: "h1", ...at(101) }),
      alertOf("r1", null, { id: "grown", host: "h1", ...at(-500, 10) }),
      alertOf("r1", null, { id: "too-early", host: null, ...at(-500, -1) }),
    ];
    const [one, other] = await time.run(() =>
      Promise.all([
        front.alerts({ rules: ["r1"], hosts: ["h1"], from: 0, to: 100 }),
        front.alerts({ rules: ["r2"], hosts: ["h2"], from: 100, to: 200 }),
      ]),
    );
    expect(siem.texts).toEqual(["alerts r1,r2 h1,h2 0 200"]);
    expect(one.value.map(({ id }) => id)).toEqual(["by-rule", "by-host", "grown"]);
    expect(other.value.map(({ id }) => id)).toEqual(["others"]);
  });

  test("are one for events of all hosts, over one span where those of a host lie near each other, and each asker gets those of its span", async () => {
    const { time, siem, front } = shared();
    siem.telemetry = [5, 15, 25, 900_095].map((at) => execAt("h1", at));
    const answers = await time.run(() =>
      Promise.all([
        front.events([{ host: "h1", from: 0, to: 10 }]),
        front.events([{ host: "h1", from: 900_090, to: 900_100 }]),
        front.events([{ host: "h2", from: 0, to: 100 }]),
        front.events([{ host: "h1", from: 10, to: 30 }]),
      ]),
    );
    expect(siem.texts.toSorted()).toEqual(["events h1 0 30, h2 0 100, h1 900090 900100"]);
    expect(answers.map(({ value }) => value.map((event) => event.time))).toEqual([
      [5],
      [900_095],
      [],
      [15, 25],
    ]);
  });

  test("are one for all rules as of the earliest moment, and one for a sensor as of the latest", async () => {
    const { time, siem, front } = shared();
    await time.run(() =>
      Promise.all([
        ...[30, 10, 20].map((since) => front.ruleStatuses(["r1"], since)),
        ...[30, 50, 20].map((since) => front.sensor("h1", since)),
        front.ruleStatuses(["r2"], 5),
        front.clock(),
        front.clock(),
      ]),
    );
    expect(siem.texts.toSorted()).toEqual(["clock", "sensor h1 50", "statuses r1,r2 5"]);
  });

  test("are not put again for the background of ten minutes ago, unless that was no whole answer", async () => {
    const { time, siem, front } = shared();
    await time.run(async () => {
      await Promise.all([
        front.background("r1", "h1"),
        front.background("r1", "h1"),
        front.background("r1", "h2"),
      ]);
      await time.sleep(9 * MINUTE);
      await front.background("r1", "h1");
      expect(siem.texts).toEqual(["background r1 h1", "background r1 h2"]);
      await time.sleep(2 * MINUTE);
      siem.mood = () => "partial";
      expect((await front.background("r1", "h1")).state).toBe("partial");
      siem.mood = () => "complete";
      expect((await front.background("r1", "h1")).state).toBe("complete");
      expect(siem.texts).toHaveLength(4);
    });
  });

  test("are put at once and one by one where there is no bound", async () => {
    const { time, siem, front } = shared(null);
    await time.run(() =>
      Promise.all([front.clock(), front.ruleStatuses(["r1"], 0), front.background("r1", "h1")]),
    );
    expect(siem.recorded.map(({ at }) => at)).toEqual([0, 0, 0]);
    expect(front.asked).toBe(3);
  });

  test("give every asker the state of the answer", async () => {
    const { time, siem, front } = shared();
    siem.mood = () => "partial";
    const answers = await time.run(() =>
      Promise.all([
        front.canaries([{ host: "h1", trial: "t1" }]),
        front.alerts({ rules: [], hosts: ["h1"], from: 0, to: 1 }),
        front.events([{ host: "h1", from: 0, to: 1 }]),
        front.ruleStatuses(["r"], 0),
        front.sensor("h1", 0),
        front.clock(),
      ]),
    );
    for (const { state, detail } of answers) expect([state, detail]).toEqual(["partial", "as recorded"]);
  });
});

describe("a SIEM that fails", () => {
  test("makes the answer partial for whom it left out", async () => {
    const { time, siem, front } = shared();
    siem.canaries = (asked) =>
      Promise.resolve({
        state: "complete",
        detail: "",
        value: asked.slice(1).map(() => ({ begin: null, end: null })),
      });
    const answers = await time.run(() =>
      Promise.all([1, 2].map((n) => front.canaries([{ host: "h1", trial: `t${n}` }]))),
    );
    expect(answers.map(({ state }) => state)).toContain("partial");
  });

  test("by rejecting reaches those who asked that, and nobody else", async () => {
    const { time, siem, front } = shared();
    siem.mood = (text) => {
      if (text.includes("h1")) throw new Error("no route to h1");
      return "complete";
    };
    const settled = await time.run(() =>
      Promise.allSettled([front.sensor("h1", 0), front.sensor("h2", 0), front.sensor("h1", 0)]),
    );
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    siem.mood = () => "complete";
    expect((await time.run(() => front.sensor("h1", 0))).state).toBe("complete");
  });

  test("leaves nobody waiting when it rejects everything, or when the clock of the pacing does", async () => {
    const { time, siem, front } = shared();
    siem.mood = () => {
      throw new Error("down");
    };
    const ask = (one: typeof front) => [
      one.canaries([{ host: "h1", trial: "t1" }]),
      one.alerts({ rules: [], hosts: ["h1"], from: 0, to: 1 }),
      one.events([{ host: "h1", from: 0, to: 1 }]),
      one.ruleStatuses(["r"], 0),
      one.sensor("h1", 0),
      one.clock(),
      one.background("r", "h1"),
    ];
    const settled = await time.run(() => Promise.allSettled(ask(front)));
    expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(settled.length);
    const stopped = shareQuestions(siem, {
      now: () => 0,
      sleep: () => Promise.reject(new Error("the clock stopped")),
    });
    const unpaced = await Promise.allSettled(ask(stopped));
    expect(unpaced.filter(({ status }) => status === "rejected")).toHaveLength(unpaced.length);
  });

  test("is closed by the front, and waits for news through it", async () => {
    const { time, siem, front } = shared();
    await time.run(() => front.changed("h1", 500));
    expect(time.now()).toBe(500);
    await front.close();
    expect(siem.closed).toBe(true);
  });
});

test("each asker gets the same as if it had asked alone, whatever the others ask for", async () => {
  const span = fc.tuple(
    fc.constantFrom("h1", "h2"),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(span, { minLength: 1, maxLength: 8 }),
      fc.array(span),
      async (asked, present) => {
        const { time, siem, front } = shared();
        const spans = asked.map(([host, a, b]) => ({ host, from: Math.min(a, b), to: Math.max(a, b) }));
        siem.telemetry = present.map(([host, at]) => execAt(host, at));
        const answers = await time.run(() => Promise.all(spans.map((one) => front.events([one]))));
        spans.forEach((span, index) => {
          const alone = siem.telemetry.filter((one) => liesIn(one, span));
          expect(answers[index]?.value).toEqual(alone);
        });
      },
    ),
    { numRuns: 60 },
  );
});
