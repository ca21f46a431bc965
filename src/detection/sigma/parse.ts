import { LineCounter, type YAMLMap } from "yaml";
import type { Diagnostic } from "../../errors.js";
import { readDetection } from "./detection-section.js";
import { Findings } from "./findings.js";
import { readParameters } from "./parameters.js";
import { checkKeys, readHead, readLogsource } from "./rule-head.js";
import type { SigmaRule } from "./rule-tree.js";
import { entry, readYamlMap } from "./yaml-file.js";

export interface ParseOptions {
  /** Values of placeholders (`%name%` with the modifier `expand`); the rule's own parameters stand in for others. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
}

export interface ParseResult {
  readonly rule: SigmaRule | null;
  readonly diagnostics: readonly Diagnostic[];
}

const topKeys = [
  ...[
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "references",
    "author",
    "date",
  ],
  ...["modified", "logsource", "detection", "fields", "falsepositives", "level", "tags", "scope"],
  ...["correlation", "filter", "parameters"],
];

/** What stands in a file of one rule without being one, and how it is read instead. */
const otherKinds = {
  correlation: {
    message: "this is a correlation, and its rules are not in reach here",
    hint: "read it as a collection, together with the files of the rules that it names",
  },
  filter: {
    message: "this is a filter, and the rules that it tunes are not in reach here",
    hint: "read it as a collection, together with the files of the rules that it names",
  },
} as const;

/** Reads one Sigma rule. Never throws on a text, whatever it holds; what is not understood is refused with its position. */
export function parseSigma(text: string, file: string, options: ParseOptions = {}): ParseResult {
  const lines = new LineCounter();
  const findings = new Findings(file, lines);
  const root = readYamlMap(text, findings, lines);
  const rule = root === null ? null : readSingle(root, text, findings, options);
  return { rule: findings.failed ? null : rule, diagnostics: findings.list() };
}

function readSingle(
  root: YAMLMap,
  text: string,
  findings: Findings,
  options: ParseOptions,
): SigmaRule | null {
  for (const key of ["correlation", "filter"] as const) {
    const found = entry(root, key);
    if (found === null) continue;
    findings.error(found.keyAt, `${key}-unsupported`, otherKinds[key].message, otherKinds[key].hint);
    return null;
  }
  return readRule(root, text, findings, options);
}

/** Refuses a document that is an action of the collections of old. True when it is one. */
export function refuseAction(root: YAMLMap, findings: Findings): boolean {
  const action = entry(root, "action");
  if (action === null) return false;
  findings.error(
    action.keyAt,
    "action-unsupported",
    '"action" was removed from Sigma with version 2',
    "write each rule out whole: what the global document says, in each document of the file",
  );
  return true;
}

/** Reads a document that is a rule over single events; null when the findings say why not. */
export function readRule(
  root: YAMLMap,
  text: string,
  findings: Findings,
  options: ParseOptions,
): SigmaRule | null {
  if (refuseAction(root, findings)) return null;
  checkKeys(root, topKeys, findings);
  const head = readHead(root, "rule", findings);
  const logsource = readLogsource(root, "rule", findings);
  const placeholders = { ...readParameters(root, findings), ...options.placeholders };
  const detection = readDetection(root, text, findings, placeholders);
  if (head.title === null || logsource === null || detection === null) return null;
  return { ...head, title: head.title, logsource, ...detection };
}
