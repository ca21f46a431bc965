import { expect, test } from "vitest";
import type { CompiledRule } from "../../src/detection/rule.js";
import { TyrianError } from "../../src/errors.js";
import { alertOf, base64Rule, begin, end, executionOf, root, T0, trialOf } from "./builders.js";
import { observed, ScriptedSiem } from "./scripted-siem.js";
import { decide } from "../../src/verify/decide.js";

/** A query that ends over these events: Splunk does not say how such a comparison goes. */
const unanswered: CompiledRule = {
  ...base64Rule,
  matches: () => {
    throw new TyrianError("analytic-invalid", "a number is compared with a text");
  },
};
const rules = new Map([[unanswered.id, unanswered]]);

test("a rule that gives no answer about an event of the act leaves the verdict undecided, and says why", async () => {
  const siem = new ScriptedSiem();
  siem.telemetry = [begin, root, end].map((event) => ({
    since: 1_000,
    what: { ...event, ingestedAt: T0 + 1_000 },
  }));
  // It names no sources, so that all that the host did is asked for and held against the rule.
  siem.alertBook = [{ since: 2_000, what: { ...alertOf("base64", null), updatedAt: T0 + 2_000 } }];
  const observation = await observed(siem, { rules });
  const [verdict] = decide({ trial: trialOf(), execution: executionOf(), observation, rules });
  expect(verdict).toMatchObject({ outcome: "undecided", cause: { link: "evaluated" } });
  expect(verdict?.cause?.detail).toContain("a number is compared with a text");
});
