import {
  isAlias,
  isMap,
  isScalar,
  parseAllDocuments,
  visit,
  type Document,
  type LineCounter,
  type YAMLMap,
} from "yaml";
import { messageOf } from "../../errors.js";
import { offsetOf } from "./detection.js";
import type { Findings } from "./findings.js";

/** Larger files are not rules. The largest of SigmaHQ, a list of drivers, has 291 KiB. */
const mostCharacters = 512 * 1024;

/** The one map that a rule's text is; null when it is refused, and the findings say why. Fills the line counter. */
export function readYamlMap(text: string, findings: Findings, lines: LineCounter): YAMLMap | null {
  const documents = readYamlDocuments(text, findings, lines);
  if (documents === null) return null;
  for (const document of documents) reportProblems(document, findings);
  if (findings.failed) return null;
  const [first, second] = documents;
  if (first === undefined) return null;
  if (second !== undefined) {
    findings.error(
      second.range?.[0] ?? 0,
      "multi-document-unsupported",
      "the file holds more than one document",
      "write one rule to a file, or read the file as a collection",
    );
    return null;
  }
  return plainMap(first, findings);
}

/** The map that one document of a file is; null when it is refused, and the findings say why. */
export function mapOfDocument(document: Document, findings: Findings): YAMLMap | null {
  reportProblems(document, findings);
  return findings.failed ? null : plainMap(document, findings);
}

/** The documents of a file that are not empty; null when the whole file is refused. Fills the line counter. */
export function readYamlDocuments(text: string, findings: Findings, lines: LineCounter): Document[] | null {
  lines.addNewLine(0);
  if (text.length > mostCharacters) {
    findings.error(
      0,
      "file-too-large",
      `the file has more than ${mostCharacters / 1024} KiB`,
      "a rule is a small text file",
    );
    return null;
  }
  const control = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/);
  if (control !== -1) {
    countLines(text, control, lines);
    findings.error(
      control,
      "file-not-text",
      "the file holds a character that is no text",
      "a rule is UTF-8 text",
    );
    return null;
  }
  const documents = parseYaml(text, findings, lines);
  if (documents === null) return null;
  const filled = documents.filter((document) => !isEmpty(document) || document.errors.length > 0);
  if (filled.length === 0) {
    findings.error(0, "rule-empty", "the file holds no rule", "");
    return null;
  }
  return filled;
}

/** Nothing stands between the marks of the document but comments. */
function isEmpty({ contents }: Document): boolean {
  if (contents === null) return true;
  return isScalar(contents) && contents.value === null && contents.range?.[0] === contents.range?.[1];
}

function countLines(text: string, until: number, lines: LineCounter): void {
  for (let at = text.indexOf("\n"); at !== -1 && at < until; at = text.indexOf("\n", at + 1))
    lines.addNewLine(at + 1);
}

function parseYaml(text: string, findings: Findings, lines: LineCounter): Document[] | null {
  // The parser counts the lines itself and would count the first twice.
  lines.lineStarts.length = 0;
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: "1.2",
      intAsBigInt: false,
    });
    if (lines.lineStarts.length === 0) lines.addNewLine(0);
    return Array.isArray(parsed) ? parsed : [];
  } catch (thrown) {
    // Nesting deeper than the stack.
    if (lines.lineStarts.length === 0) lines.addNewLine(0);
    findings.error(0, "yaml-invalid", `the file cannot be read as YAML: ${messageOf(thrown)}`, "");
    return null;
  }
}

function reportProblems(document: Document, findings: Findings): void {
  for (const problem of document.errors) {
    const code = problem.code === "DUPLICATE_KEY" ? "duplicate-key" : "yaml-invalid";
    findings.error(problem.pos[0], code, problem.message, "");
  }
  for (const problem of document.warnings) findings.warn(problem.pos[0], "yaml-suspect", problem.message, "");
}

function plainMap(document: Document, findings: Findings): YAMLMap | null {
  const { contents } = document;
  if (!isMap(contents)) {
    findings.error(
      offsetOf(contents, document.range?.[0] ?? 0),
      "wrong-type",
      "a rule is a map that starts with its title",
      "",
    );
    return null;
  }
  return refuseAliases(document, findings) ? null : contents;
}

function refuseAliases(document: Document, findings: Findings): boolean {
  let found = false;
  visit(document, {
    Alias(_, node) {
      if (!isAlias(node)) return undefined;
      found = true;
      findings.error(
        node.range?.[0] ?? 0,
        "yaml-alias",
        `*${node.source} is a YAML alias`,
        "write the value out",
      );
      return visit.BREAK;
    },
  });
  return found;
}

/** A key's value and where it stands; null when the key is absent. */
export function entry(map: YAMLMap, key: string): { node: unknown; at: number; keyAt: number } | null {
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair === undefined) return null;
  const keyAt = offsetOf(pair.key, 0);
  return { node: pair.value, at: offsetOf(pair.value, keyAt), keyAt };
}

/** The text under a key; null when the key is absent or, with a finding, when it holds no text. */
export function textOf(map: YAMLMap, key: string, findings: Findings): string | null {
  const found = entry(map, key);
  if (found === null) return null;
  if (isScalar(found.node) && typeof found.node.value === "string" && found.node.value.trim() !== "") {
    return found.node.value;
  }
  findings.error(found.at, "wrong-type", `"${key}" must be a text`, "");
  return null;
}
