import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareQuestions } from "../../src/siem/shared.js";
import { VirtualTime } from "../simulator/virtual-time.js";
import { RecordingSiem, type Recorded } from "./recording-siem.js";

const MINUTE = 60_000;

/** The most questions within any minute. */
function busiestMinute(recorded: readonly Recorded[]): number {
  return Math.max(
    0,
    ...recorded.map(({ at }) => recorded.filter((other) => other.at >= at && other.at < at + MINUTE).length),
  );
}

function shared(questionsPerMinute: number) {
  const time = new VirtualTime(0);
  const siem = new RecordingSiem(time, questionsPerMinute);
  return { time, siem, front: shareQuestions(siem, time) };
}

describe("the bound of questions in a minute", () => {
  test("holds when many questions of one kind cannot be put as one", async () => {
    const { time, siem, front } = shared(10);
    const answers = await time.run(() =>
      Promise.all(Array.from({ length: 40 }, (_, n) => front.sensor(`h${n}`, 0))),
    );
    expect(new Set(answers.map(({ value }) => value.detail)).size).toBe(40);
    expect(busiestMinute(siem.recorded)).toBeLessThanOrEqual(10);
  });

  test("holds when many wait for their turn at the same moment", async () => {
    const { time, siem, front } = shared(60);
    await time.run(() => Promise.all(Array.from({ length: 100 }, (_, n) => front.background(`r${n}`, "h1"))));
    expect(siem.recorded).toHaveLength(100);
    expect(busiestMinute(siem.recorded)).toBeLessThanOrEqual(60);
  });

  test("holds for any questions at any moments, and all of them are answered", async () => {
    const question = fc.record({
      at: fc.integer({ min: 0, max: 5 * MINUTE }),
      kind: fc.constantFrom("clock", "status", "sensor", "events", "canaries", "background", "alerts"),
      which: fc.integer({ min: 0, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(question, { maxLength: 60 }),
        async (questionsPerMinute, questions) => {
          const { time, siem, front } = shared(questionsPerMinute);
          const put = async ({ at, kind, which }: (typeof questions)[number]): Promise<unknown> => {
            await time.until(at);
            if (kind === "clock") return front.clock();
            if (kind === "status") return front.ruleStatuses([`r${which}`], at);
            if (kind === "sensor") return front.sensor(`h${which}`, at);
            if (kind === "events") return front.events([{ host: `h${which}`, from: at, to: at + 10 }]);
            if (kind === "canaries") return front.canaries([{ host: `h${which}`, trial: `t${which}` }]);
            if (kind === "background") return front.background(`r${which}`, `h${which}`);
            return front.alerts({ rules: [`r${which}`], hosts: [`h${which}`], from: at, to: at });
          };
          await time.run(() => Promise.all(questions.map(put)));
          expect(busiestMinute(siem.recorded)).toBeLessThanOrEqual(questionsPerMinute);
          expect(front.asked).toBe(siem.recorded.length);
          // A pace of three quarters of the bound is enough for all, after those that came last.
          const longest = 5 * MINUTE + (questions.length / questionsPerMinute) * MINUTE * 2 + MINUTE;
          expect(time.now()).toBeLessThanOrEqual(longest);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("does not slow down those who stay below it", async () => {
    const { time, front } = shared(60);
    await time.run(async () => {
      for (let n = 0; n < 20; n += 1) {
        const before = time.now();
        await front.clock();
        expect(time.now() - before).toBeLessThanOrEqual(50);
        await time.sleep(2_000);
      }
    });
  });
});

describe("a SIEM that says it was asked too much", () => {
  test("is left alone, twice as long each time and a minute at most, until an answer is whole again", async () => {
    const { time, siem, front } = shared(600);
    siem.mood = () => "rate-limited";
    await time.run(async () => {
      for (let n = 0; n < 9; n += 1) await front.clock();
      siem.mood = () => "complete";
      await front.clock();
      siem.mood = () => "rate-limited";
      await front.clock();
      await front.clock();
    });
    const rests = siem.recorded.slice(1).map(({ at }, index) => at - (siem.recorded[index]?.at ?? 0));
    const seconds = rests.map((ms) => Math.round(ms / 1000));
    expect(seconds).toEqual([2, 4, 8, 16, 32, 60, 60, 60, 60, 0, 2]);
  });

  test("is left alone by all who ask, whatever they ask for", async () => {
    const { time, siem, front } = shared(600);
    siem.mood = (text) => (text === "clock" ? "rate-limited" : "complete");
    await time.run(async () => {
      await front.clock();
      await Promise.all([front.sensor("h1", 0), front.ruleStatuses(["r"], 0), front.background("r", "h1")]);
    });
    const [first, ...others] = siem.recorded;
    for (const { at } of others) expect(at - (first?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  test("by refusing several at once is left alone once for it", async () => {
    const { time, siem, front } = shared(600);
    siem.mood = () => "rate-limited";
    siem.takesMs = 100;
    await time.run(async () => {
      await Promise.all(Array.from({ length: 12 }, (_, n) => front.sensor(`h${n}`, 0)));
      siem.mood = () => "complete";
      await front.clock();
    });
    expect((siem.recorded.at(-1)?.at ?? 0) - (siem.recorded[0]?.at ?? 0)).toBeLessThanOrEqual(10_000);
  });
});
