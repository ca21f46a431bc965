import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { convertRule, placesOf } from "../../src/detection/convert/index.js";
import { parseSigma } from "../../src/detection/sigma/parse.js";
import { RulePusher } from "../../src/siem/push/rule-pusher.js";
import { siemContract } from "../contract/siem.contract.js";
import { skippedFor } from "../skipped.js";
import {
  openVictoriaBench,
  type VictoriaBench,
  type VictoriaPrograms,
  victoriaPrograms,
} from "./victoria.js";

const programs = await victoriaPrograms();
const reason = "reason" in programs ? programs.reason : null;
const open = (): Promise<VictoriaBench> =>
  "reason" in programs ? Promise.reject(new Error(programs.reason)) : openVictoriaBench(programs);

describe("a real VictoriaLogs with vmalert", skippedFor(reason), () => {
  siemContract("VictoriaLogs", open);

  test("takes the file of a rule that is pushed, and its alert names the event", async () => {
    const analytic = "5b1c0000-0000-4000-8000-0000000000aa";
    const rule = { analytic, title: 'A "word"', level: "high", tags: [], enabled: true } as const;
    const pushed = await openVictoriaBench(programs as VictoriaPrograms, {
      name: `tyrian-${analytic}`,
      textFor: (connector) => {
        const files = connector.pusher();
        if (files instanceof RulePusher) throw new Error("vmalert takes files");
        const { text } = files.fileOf({ ...rule, query: "CommandLine:echo or CommandLine:printf" });
        // Evaluated at once, and not within a minute.
        return text.replace("interval: 1m", "interval: 1s");
      },
    });
    try {
      await pushed.ship(
        { host: "web-1", time: Date.now(), serial: 41, session: 1, argv: ["id"] },
        { host: "web-1", time: Date.now(), serial: 42, session: 1, argv: ["printf", "word"] },
      );
      await pushed.fire(42);
      const wanted = { rules: [pushed.analytic], hosts: [], from: 0, to: Date.now() + 60_000 };
      const { value } = await pushed.siem.alerts(wanted);
      expect(
        value.map(({ host, sourceEvents }) => [host, sourceEvents?.map((id) => id.split(":").at(-1))]),
      ).toEqual([["web-1", ["42"]]]);
    } finally {
      await pushed.close();
    }
  });

  describe("and its connector", () => {
    let bench: VictoriaBench;
    const t0 = Date.now() - 60_000;
    beforeAll(async () => {
      bench = await open();
    });
    afterAll(() => bench.close());

    test("all of 10,050 records are found, twenty of which have one time", async () => {
      const starts = Array.from({ length: 10_050 }, (_, index) => ({
        host: "web-9",
        time: t0 + Math.floor(index / 20),
        serial: index + 1,
        session: 1,
        argv: ["id"],
      }));
      await bench.ship(...starts);
      const { state, value } = await bench.siem.events([{ host: "web-9", from: t0, to: t0 + 60_000 }]);
      expect(state).toBe("complete");
      expect(new Set(value.map(({ sequence }) => sequence)).size).toBe(10_050);
    });

    test("a converted Sigma rule finds what it should, on the hosts that are asked about", async () => {
      const text =
        "title: who\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    CommandLine|contains: WHOAMI\n  filter:\n    CommandLine|endswith: ' --not'\n  condition: selection and not filter\n";
      const { rule } = parseSigma(text, "who.yml");
      if (rule === null) throw new Error("the rule does not parse");
      const { conversion } = convertRule(rule, placesOf(text, "who.yml"), "logsql", {});
      const who = { session: 1, time: t0 };
      await bench.ship(
        { ...who, host: "web-1", serial: 1, argv: ["whoami"] },
        { ...who, host: "web-2", serial: 2, argv: ["whoami"] },
        { ...who, host: "web-1", serial: 3, argv: ["whoami", "--not"] },
      );
      const span = { hosts: ["web-1"], from: t0, to: t0 };
      const { rows, lacks } = await bench.connector.search(
        { language: "logsql", text: conversion?.query ?? "" },
        span,
        AbortSignal.timeout(10_000),
      );
      expect(lacks).toBeNull();
      expect(rows.map(({ fields }) => fields["CommandLine"])).toEqual(["whoami"]);
    });

    test("a rule's evaluations since a moment are all told, with the windows that they read", async () => {
      const since = Date.now();
      await bench.ship({ host: "web-1", time: since, serial: 77, session: 1, argv: ["echo"] });
      await bench.fire(77);
      const { state, value } = await bench.siem.ruleStatuses([bench.analytic], since);
      expect(state).toBe("complete");
      const [status] = value;
      const schedule = status?.schedule;
      if (schedule?.type !== "scheduled") throw new Error("the rule is not scheduled");
      expect(schedule).toMatchObject({ intervalMs: 1_000, lookBackMs: 600_000 });
      const alerts = await bench.siem.alerts({
        rules: [bench.analytic],
        hosts: [],
        from: since,
        to: Date.now() + 60_000,
      });
      const own = alerts.value.find(({ sourceEvents }) => sourceEvents?.[0]?.endsWith(":77") === true);
      const evaluation = schedule.evaluations.find(({ completedAt }) => completedAt === own?.createdAt);
      expect(evaluation?.from).toBeLessThan(since);
      expect(evaluation?.to).toBeGreaterThanOrEqual(since);
    });

    test("a query that is none is refused, in VictoriaLogs' own words", async () => {
      const span = { hosts: ["web-1"], from: t0, to: t0 };
      const query = { language: "logsql", text: "foo:(" } as const;
      await expect(bench.connector.search(query, span, AbortSignal.timeout(10_000))).rejects.toMatchObject({
        code: "siem-query-rejected",
        message: expect.stringContaining("cannot parse `query` arg") as string,
      });
    });

    test("figures are told to be no records", async () => {
      const span = { hosts: ["web-9"], from: t0, to: t0 + 60_000 };
      const query = { language: "logsql", text: "* | stats count() as total" } as const;
      const { rows, lacks } = await bench.connector.search(query, span, AbortSignal.timeout(10_000));
      expect({ rows, lacks }).toEqual({ rows: [], lacks: "1 rows are no records" });
    });
  });
});
