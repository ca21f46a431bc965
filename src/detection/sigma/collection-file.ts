import { isMap, isScalar, LineCounter, type Document, type YAMLMap } from "yaml";
import type { Diagnostic, Position } from "../../errors.js";
import { readCorrelation } from "./correlation/parse.js";
import type { CorrelationTree } from "./correlation/tree.js";
import { readFilter, type FilterTree } from "./filter.js";
import { Findings } from "./findings.js";
import { readRule, refuseAction, type ParseOptions } from "./parse.js";
import type { SigmaRule } from "./rule-tree.js";
import { entry, mapOfDocument, readYamlDocuments } from "./yaml-file.js";

/** What a document is, whether it can be read or not; `unknown` when not even that can be told. */
export type DocumentKind = "rule" | "correlation" | "filter" | "action" | "unknown";

interface Located {
  /** Where the document starts. */
  readonly position: Position;
  /** Which document of its file it is, from 1; empty documents do not count. */
  readonly number: number;
  /** Errors of a refused document; warnings of any. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A document that cannot be used, with what could be read of its head: the diagnostics say why. */
export interface RefusedDocument extends Located {
  readonly type: "refused";
  readonly kind: DocumentKind;
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string | null;
}

export type SigmaDocument =
  | (Located & { readonly type: "rule"; readonly rule: SigmaRule })
  | (Located & { readonly type: "correlation"; readonly correlation: CorrelationTree })
  | (Located & { readonly type: "filter"; readonly filter: FilterTree })
  | RefusedDocument;

/** A file of Sigma documents: rules, correlations and filters, in any mixture. */
export interface SigmaFile {
  readonly file: string;
  readonly documents: readonly SigmaDocument[];
  /** Of all documents, and of the file as a whole. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What is known about a document before it is read, by its number. */
export type OptionsOfDocument = (number: number) => ParseOptions;

/**
 * Reads every document of a file. Never throws on a text. A document that cannot be used does not take the others with it:
 * it stands in the list as refused. A file that cannot be read at all is one refused document.
 */
export function parseSigmaFile(
  text: string,
  file: string,
  optionsOf: OptionsOfDocument = () => ({}),
): SigmaFile {
  const lines = new LineCounter();
  const whole = new Findings(file, lines);
  const documents = readYamlDocuments(text, whole, lines);
  if (documents === null) {
    const diagnostics = whole.list();
    const nothing = { type: "refused", kind: "unknown", id: null, name: null, title: null } as const;
    const refused = { ...nothing, position: whole.position(0), number: 1, diagnostics };
    return { file, documents: [refused], diagnostics };
  }
  const state: FileState = { text, file, lines, global: null };
  const read = documents.map((document, index) => readDocument(document, index + 1, optionsOf, state));
  return { file, documents: read, diagnostics: read.flatMap(({ diagnostics }) => diagnostics) };
}

interface FileState {
  readonly text: string;
  readonly file: string;
  readonly lines: LineCounter;
  /** Line of the `action: global` that the following rules would take over from. */
  global: number | null;
}

function readDocument(
  document: Document,
  number: number,
  optionsOf: OptionsOfDocument,
  state: FileState,
): SigmaDocument {
  const findings = new Findings(state.file, state.lines);
  const root = mapOfDocument(document, findings);
  const position = findings.position(document.contents?.range?.[0] ?? document.range?.[0] ?? 0);
  // What a refused document is can often be told all the same.
  const shape = isMap(document.contents) ? document.contents : null;
  const kind = shape === null ? "unknown" : kindOf(shape);
  const read = root === null ? null : readMap(root, kind, optionsOf(number), state, findings);
  const located = { position, number, diagnostics: findings.list() };
  if (read !== null && !findings.failed) return { ...located, ...read };
  const textAt = (key: string): string | null => {
    const node = shape === null ? null : entry(shape, key)?.node;
    return isScalar(node) && typeof node.value === "string" ? node.value : null;
  };
  const head = { id: textAt("id"), name: textAt("name"), title: textAt("title") };
  return { type: "refused", kind, ...head, ...located };
}

function kindOf(root: YAMLMap): DocumentKind {
  if (entry(root, "action") !== null) return "action";
  if (entry(root, "correlation") !== null) return "correlation";
  return entry(root, "filter") === null ? "rule" : "filter";
}

type ReadDocument =
  | { readonly type: "rule"; readonly rule: SigmaRule }
  | { readonly type: "correlation"; readonly correlation: CorrelationTree }
  | { readonly type: "filter"; readonly filter: FilterTree };

function readMap(
  root: YAMLMap,
  kind: DocumentKind,
  options: ParseOptions,
  state: FileState,
  findings: Findings,
): ReadDocument | null {
  switch (kind) {
    case "action": {
      const action = entry(root, "action");
      const word = isScalar(action?.node) ? action.node.value : null;
      if (word === "global") state.global = findings.position(action?.keyAt ?? 0).line;
      else if (word === "reset") state.global = null;
      refuseAction(root, findings);
      return null;
    }
    case "correlation": {
      const correlation = readCorrelation(root, state.text, findings);
      return correlation === null ? null : { type: "correlation", correlation };
    }
    case "filter": {
      const filter = readFilter(root, state.text, findings, options);
      return filter === null ? null : { type: "filter", filter };
    }
    case "rule":
    case "unknown": {
      if (state.global !== null) {
        const message = `the rule is not whole: the global document of line ${state.global} would add to it`;
        const hint = "write what the global document says into this document, and remove the global one";
        findings.error(root.range?.[0] ?? 0, "action-unsupported", message, hint);
        return null;
      }
      const rule = readRule(root, state.text, findings, options);
      return rule === null ? null : { type: "rule", rule };
    }
  }
}
