import type { Effect } from "../../model/playbook.js";
import type { Language } from "../language.js";

/** The texts that an expression can have when it runs; null when that is not known. Never empty. */
export type Value = readonly string[] | null;

/** Something that a piece of code does or is. `at` is an offset (UTF-16) in the outermost code. */
export type Finding =
  | {
      readonly kind: "effect";
      readonly effect: Effect;
      readonly reason: string;
      readonly at: number;
      /** The program whose nature it is; null when it is what the program is made to do. */
      readonly program: string | null;
    }
  | { readonly kind: "syntax"; readonly reason: string; readonly at: number };

/** The files that a procedure puts into its work folder, by name. */
export type Files = ReadonlyMap<string, string>;

/** What is shared by all code of one analysis. */
export interface Analysis {
  /** The work folder's path in the code. */
  readonly work: string;
  readonly files: Files;
  /** Whether the code runs on Windows: paths and commands are then those of Windows. */
  readonly windows: boolean;
  readonly findings: Finding[];
  /** Absolute paths outside the work folder that the code makes or writes. */
  readonly created: Set<string>;
  /** Removals outside the work folder: judged at the end, when it is known what was created. */
  readonly removed: { readonly path: string; readonly reason: string; readonly at: number }[];
  /** Names in the work folder that the code writes; `*` when the name is not known. */
  readonly written: Set<string>;
  /** Files of the procedure that the code runs: readable only when the code does not write them. */
  readonly executed: { readonly name: string; readonly at: number }[];
  /** Folders that the code changes to: relative paths may be below them. */
  readonly folders: Set<string>;
  /** Whether the code changes to a folder whose path is not known. */
  unknownFolder: boolean;
}

/** One piece of code: the procedure's, or one nested in it. */
export interface Scope {
  readonly analysis: Analysis;
  /** The program that reads the code, such as `bash`: dialects differ. */
  readonly program: string;
  /** How many pieces of code this one is nested in. */
  readonly depth: number;
  /** For nested code, where its outermost piece stands; null for the outermost. */
  readonly at: number | null;
  /** Analyses code that this code hands to an interpreter; returns what it prints. */
  nested(language: Language, program: string, code: string, at: number, stdin: Value): Value;
}

/** Records that code needs an effect. */
export function need(
  scope: Scope,
  effect: Effect,
  reason: string,
  at: number,
  program: string | null = null,
): void {
  scope.analysis.findings.push({ kind: "effect", effect, reason, at: scope.at ?? at, program });
}

/** Combines what two expressions can be; unknown when there would be too many texts. */
export function join(left: Value, right: Value): Value {
  if (left === null || right === null || left.length * right.length > 16) return null;
  return left.flatMap((a) => right.map((b) => a + b));
}

/** Either of two values. */
export function either(left: Value, right: Value): Value {
  if (left === null || right === null) return null;
  const all = [...new Set([...left, ...right])];
  return all.length > 16 ? null : all;
}
