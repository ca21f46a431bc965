import { LineCounter } from "yaml";
import type { Diagnostic } from "../../../errors.js";
import { Findings } from "../../sigma/findings.js";
import { checkKeys, readHead, readLogsource } from "../../sigma/rule-head.js";
import type { SigmaRule } from "../../sigma/rule-tree.js";
import { techniquesOf } from "../../sigma/tags.js";
import { entry, readYamlMap } from "../../sigma/yaml-file.js";
import type { SplRuleFacts } from "./compile.js";

/** What a query's file says of the rule that it is. */
export interface SplHeader {
  readonly facts: SplRuleFacts;
  /** The log source that the search is meant for; null when the file names none. */
  readonly logsource: SigmaRule["logsource"] | null;
  readonly diagnostics: readonly Diagnostic[];
}

const fence = "```";

const headerKeys = [
  ...["title", "id", "related", "status", "description", "license", "references", "author", "date"],
  ...["modified", "logsource", "falsepositives", "level", "tags"],
];

/** A first comment with none of these keys is a remark and no header. */
const factKey = /^\s*(?:title|id|level|logsource|tags)\s*:/m;

/**
 * Reads the header of a file with a query: a comment (Splunk, "Add comments to searches") that the file begins with, holding
 * the keys of a Sigma rule that are no detection, as YAML. Splunk skips it, so the file can be pasted as it is. A file
 * without one has no facts.
 */
export function readSplHeader(text: string, file: string): SplHeader {
  const start = text.search(/\S/);
  const end = start === -1 || !text.startsWith(fence, start) ? -1 : text.indexOf(fence, start + fence.length);
  if (end === -1 || !factKey.test(text.slice(start + fence.length, end)))
    return { facts: {}, logsource: null, diagnostics: [] };
  // Blank where the query's text begins, so that lines and columns are the file's.
  const yaml = `${text.slice(0, start)}${" ".repeat(fence.length)}${text.slice(start + fence.length, end)}`;
  const lines = new LineCounter();
  const findings = new Findings(file, lines);
  const root = readYamlMap(yaml, findings, lines);
  if (root === null) return { facts: {}, logsource: null, diagnostics: findings.list() };
  checkKeys(root, headerKeys, findings);
  const { id, title, level, tags } = readHead(root, "header", findings);
  const logsource = entry(root, "logsource") === null ? null : readLogsource(root, "header", findings);
  const facts: SplRuleFacts = {
    ...(id === null ? {} : { id }),
    ...(title === null ? {} : { title }),
    ...(entry(root, "level") === null ? {} : { level }),
    techniques: techniquesOf(tags),
  };
  return { facts, logsource, diagnostics: findings.list() };
}
