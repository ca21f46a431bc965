import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convertRule, placesOf } from "../../src/detection/convert/index.js";
import { parseSigma } from "../../src/detection/sigma/parse.js";
import type { NativeQuery } from "../../src/siem/connector/connector.js";
import { rulesLanguage } from "../../src/siem/connect.js";
import type { Misbehaviour } from "../siem-servers/misbehaviour.js";
import type { BenchOptions, ConnectorBench } from "../siem/connector/benches.js";
import { sentinelStart } from "./siem.contract.js";

export interface ConnectorContract {
  open(options?: BenchOptions): Promise<ConnectorBench>;
  /** Finds the events whose command line is `whoami --now`. */
  readonly native: readonly NativeQuery[];
  /** The index that a converted rule names, in a language that has a place for it. */
  readonly source?: string;
  /** The field of the command line, where `process.command_line` is none. */
  readonly field?: string;
}

/** What every connector does with a server that does not answer as it should, and how it finds all of much. */
export function connectorContract(
  name: string,
  { open, native, source, field = "process.command_line" }: ConnectorContract,
): void {
  let bench: ConnectorBench;
  let t0: number;
  beforeEach(async () => {
    bench = await open();
    t0 = Date.now() - 60_000;
  });
  afterEach(() => bench.close());

  const ask = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 60_000 }]);

  describe(`${name} and a server that is not well`, () => {
    test.each<[string, Misbehaviour, string]>([
      [
        "refuses the account",
        {
          type: "status",
          status: 403,
          body: { error: { reason: "no permissions for [indices:data/read]" } },
        },
        "siem-auth-failed",
      ],
      ["sends a web page", { type: "web-page" }, "siem-answer-invalid"],
      ["sends broken JSON", { type: "broken-json" }, "siem-answer-invalid"],
      ["sends JSON of another form", { type: "other-json" }, "siem-answer-invalid"],
      [
        "sends us elsewhere",
        { type: "redirect", to: "https://elsewhere.example/?token=x" },
        "siem-redirected",
      ],
      ["announces 100 MB", { type: "endless", bytes: 100_000_000, declared: true }, "siem-answer-too-large"],
      ["sends 100 MB", { type: "endless", bytes: 100_000_000, declared: false }, "siem-answer-too-large"],
      [
        "does not take the query",
        { type: "status", status: 400, body: { error: { reason: "Failed to parse query" } } },
        "siem-query-rejected",
      ],
    ])("that %s: no later answer helps, and the error says so", async (_, what, code) => {
      bench.standIn.misbehave(what);
      const failure = await ask().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(failure).toMatchObject({ code, exit: 4 });
      const { message } = failure as Error;
      // The SIEM's name and the request, and nothing that is secret.
      expect(message).toMatch(/lab-siem: .*\((GET|POST) \//);
      expect(message).not.toContain(bench.standIn.token);
      expect(message).not.toContain("token=x");
    });

    test.each<[string, Misbehaviour, string, RegExp]>([
      ["hangs up", { type: "hang-up" }, "unreachable", /siem-unreachable: lab-siem/],
      [
        "is down behind its proxy",
        { type: "web-page", status: 503 },
        "unreachable",
        /answered 503: a web page/,
      ],
      [
        "has been asked too much",
        { type: "status", status: 429, headers: { "retry-after": "1" } },
        "rate-limited",
        /siem-rate-limited: lab-siem/,
      ],
      [
        "asks for an hour's patience",
        { type: "status", status: 429, headers: { "retry-after": "3600" } },
        "rate-limited",
        /siem-rate-limited: lab-siem/,
      ],
      [
        "lacks what is asked about",
        { type: "status", status: 404, body: { error: { reason: "no such index [audit-*]" } } },
        "unreachable",
        /siem-not-found: .*no such index/,
      ],
    ])(
      "that %s: the answer says how it is, and is asked for a few times at most",
      async (_, what, state, detail) => {
        bench.standIn.misbehave(what);
        const answer = await ask();
        expect(answer).toMatchObject({ state, value: [] });
        expect(answer.detail).toMatch(detail);
        expect(bench.standIn.seen.length).toBeLessThanOrEqual(4);
      },
    );

    test("that accepts and never answers: the question ends by its deadline", async () => {
      const slow = await open({ questionMs: 200 });
      try {
        slow.standIn.misbehave({ type: "silence" });
        const answer = await slow.siem.events([{ host: "web-1", from: t0, to: t0 + 1 }]);
        expect(answer).toMatchObject({ state: "unreachable", value: [] });
        expect(answer.detail).toContain("no answer within the question's time");
      } finally {
        await slow.close();
      }
    });

    test("that is not there: unreachable", async () => {
      await bench.standIn.stop();
      expect(await ask()).toMatchObject({ state: "unreachable", value: [] });
    });

    test.each<[string, Misbehaviour]>([
      ["hung up", { type: "hang-up" }],
      ["was rate-limited", { type: "status", status: 429, headers: { "retry-after": "0" } }],
      ["was busy", { type: "status", status: 503 }],
    ])("that %s once: the answer is whole all the same", async (_, what) => {
      await bench.ship({ host: "web-1", time: t0, serial: 1, session: 1, argv: ["id"] });
      bench.standIn.misbehave(what, { times: 1 });
      const { state, value } = await ask();
      expect(state).toBe("complete");
      expect(value).toHaveLength(1);
    });
  });

  describe(`${name} and its secret`, () => {
    test("a token that is renewed in the middle is got again", async () => {
      await bench.ship({ host: "web-1", time: t0, serial: 1, session: 1, argv: ["id"] });
      expect((await ask()).value).toHaveLength(1);
      bench.expireToken();
      expect((await ask()).value).toHaveLength(1);
    });

    test("a token that stays wrong is an error after one renewal", async () => {
      bench.standIn.expireToken();
      await expect(ask()).rejects.toMatchObject({
        code: "siem-auth-failed",
        message: expect.not.stringContaining("secret-token") as string,
      });
      expect(bench.standIn.seen.length).toBeLessThanOrEqual(4);
    });

    test("a server that sends the secret back does not get it into a message", async () => {
      const reason = `the token ${bench.standIn.token} is not known`;
      bench.standIn.misbehave({ type: "status", status: 400, body: { error: { reason } } });
      await expect(ask()).rejects.toMatchObject({
        message: expect.stringContaining("the token [redacted] is not known") as string,
      });
    });
  });

  describe(`${name} finds all of much`, () => {
    test("more than 10,000 events, also where those at a page's edge have one time", async () => {
      const count = 10_050;
      const starts = Array.from({ length: count }, (_, index) => ({
        host: "web-1",
        // Twenty events have one time, which divides no page evenly.
        time: t0 + Math.floor(index / 20),
        serial: index + 1,
        session: 1,
        argv: ["id"],
      }));
      await bench.ship(...starts);
      const { state, value } = await ask();
      expect(state).toBe("complete");
      expect(new Set(value.map(({ sequence }) => sequence)).size).toBe(count);
    });
  });

  describe(`${name} makes events of what was shipped, and says what it cannot`, () => {
    test("an event without its ingest time is not used, and the answer is partial", async () => {
      bench.world.ingestTimes = false;
      await bench.ship({ host: "web-1", time: t0, serial: 1, session: 1, argv: ["id"] });
      const answer = await ask();
      expect(answer).toMatchObject({ state: "partial", value: [] });
      expect(answer.detail).toContain("no ingest time");
    });

    test("a sentinel that was delivered twice is one, and one that ran twice is told", async () => {
      const begin = sentinelStart("begin", { host: "web-1", time: t0, serial: 10, session: 7 }, "t-1");
      await bench.ship(begin, begin);
      const asked = [{ host: "web-1", trial: "t-1" }];
      expect(await bench.siem.canaries(asked)).toMatchObject({
        state: "complete",
        value: [{ begin: { sequence: 10 } }],
      });
      await bench.ship({ ...begin, serial: 11 });
      expect((await bench.siem.canaries(asked)).detail).toContain("more than once");
    });
  });

  describe(`${name} runs queries of its own languages`, () => {
    test.each(native)("$language: on the hosts and in the span asked about", async (query) => {
      const now = { session: 1, argv: ["whoami", "--now"] };
      await bench.ship(
        { ...now, host: "web-1", time: t0, serial: 1 },
        { ...now, host: "web-2", time: t0, serial: 2 },
        { ...now, host: "web-1", time: t0 + 90_000, serial: 3 },
        { ...now, host: "web-1", time: t0, serial: 4, argv: ["whoami"] },
      );
      const span = { hosts: ["web-1"], from: t0, to: t0 + 60_000 };
      const { rows, lacks } = await bench.connector.search(query, span, AbortSignal.timeout(5_000));
      expect(lacks).toBeNull();
      expect(rows.map(({ host, text }) => [host, text?.includes(':1"')])).toEqual([["web-1", true]]);
    });

    test("a Sigma rule that was converted", async ({ skip }) => {
      const language = rulesLanguage[bench.kind];
      if (language === null) return skip("no language of Tyrian's is this SIEM's");
      expect(bench.connector.languages).toContain(language);
      const text = `title: who\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    ${field}|contains: whoami\n  condition: selection\n`;
      const { rule } = parseSigma(text, "who.yml");
      if (rule === null) throw new Error("the rule does not parse");
      const { conversion } = convertRule(
        rule,
        placesOf(text, "who.yml"),
        language,
        source === undefined ? {} : { source },
      );
      await bench.ship({ host: "web-1", time: t0, serial: 1, session: 1, argv: ["whoami"] });
      await bench.ship({ host: "web-1", time: t0, serial: 2, session: 1, argv: ["id"] });
      const query = { language, text: conversion?.query ?? "" };
      const span = { hosts: ["web-1"], from: t0, to: t0 };
      const { rows } = await bench.connector.search(query, span, AbortSignal.timeout(5_000));
      expect(rows).toHaveLength(1);
    });
  });

  test(`${name} asks nothing that the real server would refuse`, async () => {
    await bench.ship(sentinelStart("begin", { host: "web-1", time: t0, serial: 10, session: 7 }));
    await bench.fire(10);
    await bench.siem.clock();
    await bench.siem.canaries([{ host: "web-1", trial: "t" }]);
    await ask();
    await bench.siem.alerts({
      rules: [bench.analytic, bench.absent],
      hosts: ["web-1"],
      from: t0,
      to: Date.now(),
    });
    await bench.siem.ruleStatuses([bench.analytic, bench.absent], t0);
    expect(bench.standIn.refused).toEqual([]);
  });
}
