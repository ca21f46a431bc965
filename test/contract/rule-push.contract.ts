import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convertRule, placesOf } from "../../src/detection/convert/index.js";
import { parseSigma } from "../../src/detection/sigma/parse.js";
import { RulePusher } from "../../src/siem/push/rule-pusher.js";
import { ID_TO_COME, type RuleToPush } from "../../src/siem/push/rule-to-push.js";
import type { SiemStandIn } from "../siem-servers/stand-in.js";
import type { ConnectorBench } from "../siem/connector/benches.js";

const ANALYTIC = "5b1c0000-0000-4000-8000-0000000000aa";

export interface PushContract {
  open(): Promise<ConnectorBench>;
  /** Where rules are kept, of SIEMs that have several servers. */
  readonly keeps?: (bench: ConnectorBench) => SiemStandIn;
  /** The field of the command line there. */
  readonly field?: string;
  readonly source?: string;
  /** Takes the tag off a rule, and leaves everything else as it is. */
  untag(rule: Record<string, unknown>): Record<string, unknown>;
  /** Whether a rule is on, by what the SIEM keeps; absent where rules have no switch. */
  isOn?(installed: readonly Record<string, unknown>[]): boolean;
  /** Rules that the SIEM keeps for one that is installed: with OpenSearch, its detector too. */
  readonly parts?: number;
  /** The last of several requests that install a rule. */
  readonly last?: RegExp;
}

/** What installing a rule and removing it does in every SIEM, and what it never does. */
export function rulePushContract(name: string, contract: PushContract): void {
  const {
    open,
    keeps = ({ standIn }) => standIn,
    field = "CommandLine",
    source,
    untag,
    isOn,
    parts = 1,
    last,
  } = contract;
  let bench: ConnectorBench;
  let server: SiemStandIn;
  let pusher: RulePusher;
  beforeEach(async () => {
    bench = await open();
    server = keeps(bench);
    const made = bench.connector.pusher();
    if (!(made instanceof RulePusher)) throw new Error(`${name} writes files`);
    pusher = made;
  });
  afterEach(async () => {
    const { refused } = server;
    await bench.close();
    expect(refused).toEqual([]);
  });

  const soon = () => AbortSignal.timeout(60_000);
  /** A word of digits stands in all languages as it is, whatever their way to ignore case. */
  const ruleWith = (word: string, enabled = true): RuleToPush => {
    const text = `title: A word is printed\nid: ${ANALYTIC}\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    ${field}|contains: ${word}\n  condition: selection\ntags: [attack.execution]\nlevel: high\n`;
    const about = { analytic: ANALYTIC, title: "A word is printed", level: "high", enabled } as const;
    const { language } = pusher;
    const rest = { ...about, tags: ["attack.execution"] };
    if (language === "sigma") return { ...rest, query: text };
    const { rule } = parseSigma(text, "word.yml");
    if (rule === null) throw new Error("the rule does not parse");
    const options = source === undefined ? {} : { source };
    const { conversion, diagnostics } = convertRule(rule, placesOf(text, "word.yml"), language, options);
    if (conversion === null) throw new Error(diagnostics.map(({ message }) => message).join("; "));
    return { ...rest, query: conversion.query };
  };
  const push = (rule: RuleToPush, known: string | null = null) => pusher.push(rule, known, soon());
  const kept = () => JSON.stringify([...server.installed]);
  const tamper = () => {
    for (const [id, rule] of server.installed) server.installed.set(id, untag(rule));
  };
  /** Whatever is refused or not found: nothing of it is changed. */
  const leavesAlone = async (attempt: () => Promise<unknown>) => {
    const before = kept();
    const outcome = await attempt().catch((thrown: unknown) => thrown);
    expect(kept()).toBe(before);
    return outcome;
  };

  describe(`${name}: a rule that is pushed`, () => {
    test("is there, holds what it looks for, and can be bound by the id that is told", async () => {
      const { id, outcome } = await push(ruleWith("4711"));
      expect(outcome).toBe("created");
      expect(server.installed.size).toBe(parts);
      const definition = await bench.connector.definition?.(id, soon());
      expect(JSON.stringify(definition)).toContain("4711");
    });

    test("twice is one rule, and nothing is sent the second time", async () => {
      const { id } = await push(ruleWith("4711"));
      const before = kept();
      expect(await push(ruleWith("4711"), id)).toEqual({ id, outcome: "unchanged" });
      // After a crash before the id was noted, too.
      expect(await push(ruleWith("4711"))).toEqual({ id, outcome: "unchanged" });
      expect(kept()).toBe(before);
    });

    test("with another text is updated in its place", async () => {
      const { id } = await push(ruleWith("4711"));
      expect(await push(ruleWith("1984"), id)).toEqual({ id, outcome: "updated" });
      expect(server.installed.size).toBe(parts);
      expect(kept()).toContain("1984");
      expect(kept()).not.toContain("4711");
    });

    test("is removed, and a second removal finds nothing", async () => {
      const { id } = await push(ruleWith("4711"));
      expect(await pusher.remove(ANALYTIC, id, soon())).toBe("removed");
      expect(server.installed.size).toBe(0);
      expect(await pusher.remove(ANALYTIC, id, soon())).toBe("absent");
    });

    test("is sent as its draft says, and a draft sends nothing", async () => {
      const rule = ruleWith("4711");
      const before = server.seen.length;
      const drafts = pusher.drafts(rule);
      expect(server.seen).toHaveLength(before);
      await push(rule);
      const sent = server.seen.filter(
        ({ method, path }) => method !== "GET" && !/_search$|\/token$/.test(path),
      );
      expect(sent.map(({ method }) => method)).toEqual(drafts.map(({ method }) => method));
      const [first] = drafts;
      const body = first?.body;
      if (body === undefined) throw new Error("a draft without a body");
      const text =
        "json" in body
          ? JSON.stringify(body.json)
          : "form" in body
            ? new URLSearchParams(body.form).toString()
            : "text" in body
              ? body.text
              : "";
      expect(sent[0]?.body).toBe(text);
      expect(`${sent[0]?.path ?? ""}`).toBe(first?.path);
      // Only what the SIEM has yet to say is left open.
      for (const draft of drafts.slice(1)) expect(JSON.stringify(draft)).toContain(ID_TO_COME);
    });

    if (last !== undefined)
      test("and could not be sent whole is made whole by the next push", async () => {
        server.misbehave(
          { type: "status", status: 503 },
          { concerns: ({ method, path }) => method !== "GET" && last.test(path) },
        );
        await expect(push(ruleWith("4711"))).rejects.toMatchObject({ code: "siem-unreachable" });
        server.behave();
        expect(await push(ruleWith("4711"))).toMatchObject({ outcome: "updated" });
        expect(server.installed.size).toBe(parts);
        expect(await push(ruleWith("4711"))).toMatchObject({ outcome: "unchanged" });
      });

    if (isOn === undefined)
      test("cannot be switched off where rules have no switch, and that is told", async () => {
        expect(() => pusher.drafts(ruleWith("4711", false))).toThrow(/no switch/);
        await expect(push(ruleWith("4711", false))).rejects.toMatchObject({ code: "push-unsupported" });
        expect(server.installed.size).toBe(0);
      });
    else
      test("can be switched off and on", async () => {
        const on = () => isOn([...server.installed.values()]);
        const { id } = await push(ruleWith("4711", false));
        expect(on()).toBe(false);
        expect(await push(ruleWith("4711", true), id)).toMatchObject({ outcome: "updated" });
        expect(on()).toBe(true);
        expect(await push(ruleWith("4711", false), id)).toMatchObject({ outcome: "updated" });
        expect(on()).toBe(false);
      });
  });

  describe(`${name}: a rule that is not Tyrian's`, () => {
    test("any more, because its tag was taken off, is neither changed nor removed", async () => {
      const { id } = await push(ruleWith("4711"));
      tamper();
      expect(await leavesAlone(() => push(ruleWith("1984"), id))).toMatchObject({ code: "rule-not-ours" });
      expect(await leavesAlone(() => pusher.remove(ANALYTIC, id, soon()))).toMatchObject({
        code: "rule-not-ours",
        message: expect.stringContaining("lab-siem") as string,
      });
    });

    test("and has the same name is not removed, whether an id is known or not", async () => {
      await push(ruleWith("4711"));
      tamper();
      // Where names are the SIEM's own ids it is found and refused; elsewhere it is nobody that Tyrian knows.
      const outcome = await leavesAlone(() => pusher.remove(ANALYTIC, null, soon()));
      expect(outcome === "absent" || (outcome as { code?: string }).code === "rule-not-ours").toBe(true);
    });

    test("but another analytic's is not removed either", async () => {
      const { id } = await push(ruleWith("4711"));
      const other = "5b1c0000-0000-4000-8000-0000000000bb";
      expect(await leavesAlone(() => pusher.remove(other, null, soon()))).toBe("absent");
      const known = await leavesAlone(() => pusher.remove(other, id, soon()));
      expect(known === "absent" || (known as { code?: string }).code === "rule-not-ours").toBe(true);
    });
  });
}
