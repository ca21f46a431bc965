import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/alert.js";
import type { Siem } from "../../src/siem/siem.js";
import type { Start } from "../siem-servers/world.js";

/** A SIEM that is empty, with one rule that is enabled, and the means to fill it. */
export interface SiemBench {
  readonly siem: Siem;
  /** The id of the analytic that stands for the rule that is there. It fires for what has `echo` in its command line. */
  readonly analytic: string;
  /** An analytic of which the SIEM has no rule. */
  readonly absent: string;
  /** What it tells of an alert of the rule on web-1 besides. */
  readonly told: Pick<Alert, "severity" | "entities" | "techniques">;
  /** Events that reach the SIEM; it shows them when this resolves. */
  ship(...starts: readonly Start[]): Promise<void>;
  /** The rule is evaluated over these events, of those that were shipped, and each is an alert. */
  fire(...serials: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** A trial's id: words that a SIEM may cut at hyphens. */
const TRIAL = "20261124-190000-9f3c-0001";

export function sentinelStart(edge: "begin" | "end", start: Omit<Start, "argv">, trial = TRIAL): Start {
  return { ...start, exe: "/usr/bin/true", argv: ["/bin/true", "tyrian-sentinel", edge, trial] };
}

/** What every SIEM answers, the embedded one too. */
export function siemContract(name: string, open: () => Promise<SiemBench>): void {
  describe(`${name} answers the verifier`, () => {
    let bench: SiemBench;
    /** A quiet moment of the recent past, whole milliseconds. */
    let t0: number;
    beforeEach(async () => {
      bench = await open();
      t0 = Date.now() - 60_000;
    });
    afterEach(() => bench.close());

    const act = (): Start[] => [
      sentinelStart("begin", { host: "web-1", time: t0, serial: 10, session: 7 }),
      { host: "web-1", time: t0 + 4, serial: 11, session: 7, argv: ["bash", "-c", 'echo "grüße" %41'] },
      sentinelStart("end", { host: "web-1", time: t0 + 8, serial: 12, session: 7 }),
    ];

    test("its clock is ours, on this machine, within the error that it names", async () => {
      const asked = Date.now();
      const { state, value } = await bench.siem.clock();
      expect(state).toBe("complete");
      const passed = Date.now() - asked;
      expect(Math.abs(value.now - asked)).toBeLessThanOrEqual(value.errorMs + passed);
    });

    test("the sentinels of trials come in the order asked; those that did not arrive are null", async () => {
      await bench.ship(
        ...act(),
        sentinelStart("begin", { host: "web-2", time: t0, serial: 5, session: 3 }, "t-2"),
      );
      const asked = [
        { host: "web-2", trial: "t-2" },
        { host: "web-1", trial: TRIAL },
        { host: "web-1", trial: "t-3" },
      ];
      const { state, detail, value } = await bench.siem.canaries(asked);
      expect({ state, detail }).toEqual({ state: "complete", detail: "" });
      expect(value.map(({ begin, end }) => [begin?.sequence ?? null, end?.sequence ?? null])).toEqual([
        [5, null],
        [10, 12],
        [null, null],
      ]);
    });

    test("the events of spans have all that attribution needs, and both ends of a span belong to it", async () => {
      await bench.ship(...act(), { host: "web-2", time: t0 + 4, serial: 90, session: 1, argv: ["ls"] });
      const { state, value } = await bench.siem.events([{ host: "web-1", from: t0, to: t0 + 8 }]);
      expect(state).toBe("complete");
      const inOrder = value.toSorted((a, b) => a.sequence - b.sequence);
      expect(inOrder.map(({ sequence }) => sequence)).toEqual([10, 11, 12]);
      expect(inOrder[1]).toMatchObject({
        host: "web-1",
        kind: "exec",
        time: t0 + 4,
        session: "7",
        pid: 2011,
        ppid: 1000,
        argv: ["bash", "-c", 'echo "grüße" %41'],
        fields: { CommandLine: 'bash -c echo "grüße" %41', CurrentDirectory: "/home/op" },
      });
      expect(inOrder[1]?.ingestedAt).toBeGreaterThanOrEqual(t0 + 4);
      const narrow = await bench.siem.events([
        { host: "web-1", from: t0 + 1, to: t0 + 7 },
        { host: "web-2", from: t0 + 5, to: t0 + 9 },
      ]);
      expect(narrow.value.map(({ sequence }) => sequence)).toEqual([11]);
    });

    test("alerts of a named rule, and of any rule on a host, stand for the events that they were raised for", async () => {
      await bench.ship(...act(), {
        host: "web-2",
        time: t0 + 20,
        serial: 91,
        session: 1,
        argv: ["bash", "-c", "echo"],
      });
      await bench.fire(11, 91);
      const { value: events } = await bench.siem.events([{ host: "web-1", from: t0 + 4, to: t0 + 4 }]);
      const window = { from: t0 - 1_000, to: Date.now() + 60_000 };
      const named = await bench.siem.alerts({ rules: [bench.analytic], hosts: [], ...window });
      expect(named.state).toBe("complete");
      expect(named.value.filter(({ tier }) => tier !== "signal")).toHaveLength(2);
      const onHost = await bench.siem.alerts({ rules: [], hosts: ["web-1"], ...window });
      expect(new Set(onHost.value.map(({ host }) => host))).toEqual(new Set(["web-1"]));
      for (const alert of onHost.value) {
        expect(alert).toMatchObject({
          rule: bench.analytic,
          sourceEvents: [events[0]?.id],
          sourcesWhole: true,
          foldedInto: null,
        });
        const { severity, entities, techniques } = alert;
        expect({ severity, entities, techniques }).toEqual(bench.told);
        expect(alert.createdAt).toBeGreaterThanOrEqual(t0);
        expect(alert.updatedAt).toBeGreaterThanOrEqual(alert.createdAt);
      }
      const before = await bench.siem.alerts({
        rules: [bench.analytic],
        hosts: ["web-1"],
        from: 0,
        to: t0 - 1,
      });
      expect(before.value).toEqual([]);
    });

    test("a rule that is there is told from one that is not, in the order asked", async () => {
      const { state, value } = await bench.siem.ruleStatuses([bench.absent, bench.analytic], t0);
      expect(state).toBe("complete");
      expect(value.map(({ rule, present, enabled }) => ({ rule, present, enabled }))).toEqual([
        { rule: bench.absent, present: false, enabled: false },
        { rule: bench.analytic, present: true, enabled: true },
      ]);
    });

    test("what was never shipped is absent in a whole answer", async () => {
      const span = { host: "web-1", from: t0, to: t0 + 1_000 };
      expect(await bench.siem.events([span])).toEqual({ state: "complete", detail: "", value: [] });
      const nothing = { rules: [bench.analytic], hosts: ["web-1"], from: 0, to: Date.now() };
      expect(await bench.siem.alerts(nothing)).toEqual({ state: "complete", detail: "", value: [] });
    });
  });
}
