import type { CompiledRule, RuleEvent } from "../../src/detection/rule.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import type { Random } from "./random.js";
import type { Scenario, Words } from "./scenario.js";
import { scenarios } from "./scenarios.js";

/** ATT&CK techniques that the analytics share, as real ones do. */
const techniques = ["T1059.004", "T1059.006", "T1059.007", "T1059.011"] as const;

/** An analytic of one scenario, as its text says. */
export interface Analytic {
  readonly scenario: Scenario | null;
  readonly rule: CompiledRule;
  readonly technique: string;
  /** The option of the command that it looks for. */
  readonly key: string;
}

/** Fires for every command of a scenario that is meant for another analytic. */
export const OTHER = "sim-other";
/** Fires for every shell that is given code: deployed in some worlds only. */
export const BROAD = "sim-broad";
/** Fires for three such shells on a host: for no trial alone. */
export const CROWD = "sim-crowd";
export const CROWD_COUNT = 3;

function compiled(id: string, technique: string, logsource: string, selection: string): CompiledRule {
  const text = `title: ${id}
id: ${id}
status: test
logsource: ${logsource}
detection: { selection: { ${selection} }, condition: selection }
level: medium
tags: [attack.${technique.toLowerCase()}]
`;
  const { rule, diagnostics } = compileSigma(text, `${id}.yml`);
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

/** A rule that needs several events: they must be different ones. */
function counting(rule: CompiledRule, count: number): CompiledRule {
  const counted = (events: readonly RuleEvent[]): number =>
    new Set(events.filter((event) => rule.matches(event)).map(({ id }) => id)).size;
  return {
    ...rule,
    contributes: (event) => rule.matches(event),
    satisfiedBy: (events) => counted(events) >= count,
    explainWindow: (events) => ({
      nearest: counted(events) > 0 ? { group: {} } : null,
      sentence: `${counted(events)} of ${count} events: fewer than the rule needs`,
    }),
  };
}

const linuxExec = "{ product: linux, category: process_creation }";

export const analytics: readonly Analytic[] = [
  ...scenarios.map((scenario, index): Analytic => {
    const id = `sim-${scenario.name.replace(/[^a-z]+/gi, "-").toLowerCase()}`;
    const technique = techniques[index % techniques.length] ?? techniques[0];
    const key = `--k${String(index).padStart(2, "0")}`;
    const own = `"Image|endswith": /base64, "CommandLine|contains": "${key} "`;
    const rule = compiled(id, technique, scenario.logsource ?? linuxExec, scenario.selection ?? own);
    return {
      scenario,
      technique,
      key,
      rule: scenario.count === undefined ? rule : counting(rule, scenario.count),
    };
  }),
  {
    scenario: null,
    technique: techniques[0],
    key: "--other",
    rule: compiled(
      OTHER,
      techniques[0],
      linuxExec,
      '"Image|endswith": /base64, "CommandLine|contains": "--other "',
    ),
  },
  {
    scenario: null,
    technique: techniques[1],
    key: "-c",
    rule: compiled(BROAD, techniques[1], linuxExec, '"Image|endswith": /bash, "CommandLine|contains": "-c "'),
  },
  {
    scenario: null,
    technique: techniques[2],
    key: "-c",
    rule: counting(
      compiled(CROWD, techniques[2], linuxExec, '"Image|endswith": /bash, "CommandLine|contains": "-c "'),
      CROWD_COUNT,
    ),
  },
];

/** Every text rule by id, as Tyrian has them. */
export const rulesById: ReadonlyMap<string, CompiledRule> = new Map(
  analytics.map(({ rule }) => [rule.id, rule]),
);

/** A value that every background process of a first-seen rule has used before. */
const KNOWN_VALUE = "known";

export function wordsOf(key: string, random: Random): Words {
  const value = (): string => random.integer(0, 0xffffff).toString(16).padStart(6, "0");
  return {
    hit: () => ["base64", key, value()],
    near: () => ["base64", "--plain", value()],
    other: () => ["base64", "--other", value()],
    known: () => ["base64", key, KNOWN_VALUE],
    wide: () => ["base64", "--wide", value()],
  };
}
