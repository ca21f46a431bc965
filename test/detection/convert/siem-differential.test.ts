import * as fc from "fast-check";
import { expect, test } from "vitest";
import { convertSigma, type QueryLanguage } from "../../../src/detection/convert/index.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import type { Condition, Fields } from "./condition-reader.js";
import { eqlFinds } from "./eql-stand-in.js";
import { ruleOf } from "./helpers.js";
import { logqlFinds, logsqlFinds, udmFinds } from "./logs-stand-ins.js";
import { pplFinds } from "./ppl-stand-in.js";
import { ruleCases, type RuleCase } from "./rule-cases.js";

const logsource = { product: "windows", category: "process_creation" };

/** The fields' names, as Google SecOps has them. */
const udmNames: Readonly<Record<string, string>> = {
  CommandLine: "target.process.command_line",
  Image: "target.process.file.full_path",
  Address: "principal.ip",
  Count: "network.sent_bytes",
};

function asUdm(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(asUdm);
  if (typeof part === "string") return udmNames[part] ?? part;
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key.replace(/^\w+/, (name) => udmNames[name] ?? name),
      asUdm(value),
    ]),
  );
}

function asGiven({ detection, events }: RuleCase): RuleCase {
  return { detection, events };
}

function renamed({ detection, events }: RuleCase): RuleCase {
  return {
    detection: asUdm(detection) as RuleCase["detection"],
    events: events.map((event) => asUdm(event) as Fields),
  };
}

/** Whether a value is one that the converters' assumptions allow. */
type Allowed = (name: string, value: unknown) => boolean;

const typed: Allowed = (name, value) =>
  /Count|bytes/.test(name)
    ? typeof value === "number"
    : !/Address|ip$/.test(name) || /^[\d.]+$|^[\da-f:]+$/.test(String(value));
const notEmpty: Allowed = (name, value) => value !== "" && typed(name, value);
/** Texts in a field of numbers are allowed, ranges in one of addresses are not. */
const loose: Allowed = (name, value) =>
  value !== "" && !(name === "Address" && !/^[\d.]+$|^[\da-f:]+$/.test(String(value)));

interface System {
  readonly language: QueryLanguage;
  readonly finds: (query: string) => Condition;
  readonly source?: string;
  readonly allowed: Allowed;
  readonly shape?: (given: RuleCase) => RuleCase;
}

const systems: readonly System[] = [
  { language: "eql", finds: eqlFinds, allowed: typed },
  { language: "ppl", finds: pplFinds, source: "events", allowed: typed },
  { language: "logsql", finds: logsqlFinds, allowed: loose },
  { language: "logql", finds: logqlFinds, source: '{job="events"} | json', allowed: loose },
  { language: "udm-search", finds: udmFinds, allowed: notEmpty, shape: renamed },
];

/** Rules that compare a text with true or false ask for a field of another type than the events have. */
function asksForBoolean(query: string): boolean {
  return /=[=]? (?:true|false)/.test(query);
}

test.each(systems)(
  "a rule and its $language find the same events in the stand-in, and many rules have one",
  ({ language, finds, source, allowed, shape = asGiven }) => {
    let converted = 0;
    let found = 0;
    fc.assert(
      fc.property(ruleCases, (given) => {
        const { detection, events } = shape(given);
        const text = ruleOf(detection);
        const { rule } = compileSigma(text, "rule.yml");
        const { conversion } = convertSigma(
          text,
          "rule.yml",
          language,
          source === undefined ? {} : { source },
        );
        if (rule === null || conversion === null || asksForBoolean(conversion.query)) return;
        converted++;
        const condition = finds(conversion.query);
        for (const event of events) {
          const fields = Object.fromEntries(
            Object.entries(event).filter(([name, value]) => allowed(name, value)),
          );
          const expected = rule.matches({ id: "1", fields, logsource });
          if (expected) found++;
          expect(condition(fields) === true, `${conversion.query}\n${JSON.stringify(fields)}`).toBe(expected);
        }
      }),
      { numRuns: 800 },
    );
    expect(converted).toBeGreaterThan(150);
    expect(found).toBeGreaterThan(100);
  },
);
