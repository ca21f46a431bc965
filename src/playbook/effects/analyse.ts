import type { Language } from "../language.js";
import { loadGrammars, syntaxError, type Grammars, type ReadableLanguage } from "./grammar.js";
import { need, type Analysis, type Files, type Finding, type Scope, type Value } from "./finding.js";
import { analyseBatch } from "./batch.js";
import { analyseDevice } from "./device.js";
import { analyseJscript } from "./jscript.js";
import { analysePowershell } from "./powershell.js";
import { analyseScript } from "./script.js";
import { analyseShell } from "./shell.js";
import { analyseVbscript } from "./vbscript.js";

/** How deep code may be nested in code. */
const maximumDepth = 8;
/** How many pieces of code one analysis reads: code that calls itself through the procedure's files ends here. */
const maximumPieces = 200;

export interface CodeToAnalyse {
  readonly language: Language;
  /** The program that reads it, such as `dash`. */
  readonly program: string;
  readonly code: string;
  /** The work folder's path as it stands in the code. */
  readonly work: string;
  readonly files: Files;
  /** Whether the code runs on Windows. */
  readonly windows?: boolean;
  /** Absolute paths outside the work folder that earlier code made, and which this code may remove. */
  readonly created?: ReadonlySet<string>;
  /** Whether the code arrives on the interpreter's standard input, where commands that it starts may read it. */
  readonly viaStdin?: boolean;
}

export interface CodeEffects {
  /** Without repetition, in the order of the code. */
  readonly findings: readonly Finding[];
  /** Absolute paths outside the work folder that the code makes. */
  readonly created: ReadonlySet<string>;
}

/**
 * Finds what code does by parsing it and everything that it hands to other interpreters. What cannot be read is an
 * effect of its own (`computed-code`). Known harmless programs, modules and functions are listed; whatever is not
 * listed is not taken to be harmless (`unknown-command`).
 */
export async function analyseCode(input: CodeToAnalyse): Promise<CodeEffects> {
  const grammars = await loadGrammars();
  const analysis: Analysis = {
    work: input.work,
    files: input.files,
    windows: input.windows ?? false,
    findings: [],
    created: new Set(),
    removed: [],
    written: new Set(),
    executed: [],
    folders: new Set(),
    unknownFolder: false,
  };
  const pieces = { count: 0 };
  const run = (): void => {
    pieces.count = 0;
    const scope = makeScope(analysis, grammars, input.program, 0, null, pieces);
    if (input.language === "unknown") {
      need(scope, "computed-code", `lint cannot read the language of ${input.program}`, 0);
    } else readPiece(scope, grammars, input.language, input.code, input.viaStdin === true ? null : [""]);
  };
  run();
  // A change of folder counts for code that stands before it as well (loops, functions): read again, knowing it.
  if (analysis.folders.size > 0 || analysis.unknownFolder) run();
  const allowed = new Set([...(input.created ?? []), ...analysis.created]);
  for (const { path, reason, at } of analysis.removed) {
    const own = [...allowed].some((made) => path === made || path.startsWith(`${made}/`));
    const wild = /[*?[]/.test(path) && ![...allowed].some((made) => path.startsWith(`${made}/`));
    const effect = own && !wild ? "outside-work-folder" : "destructive";
    analysis.findings.push({
      kind: "effect",
      effect,
      reason: own ? reason : `${reason}, which the procedure did not create`,
      at,
      program: null,
    });
  }
  for (const { name, at } of analysis.executed) {
    if (!analysis.written.has("*") && !analysis.written.has(name)) continue;
    const reason = `the file ${name} is written before or after it is run, so what runs is not known`;
    analysis.findings.push({ kind: "effect", effect: "computed-code", reason, at, program: null });
  }
  const unique = new Map(analysis.findings.map((finding) => [JSON.stringify(finding), finding]));
  return { findings: [...unique.values()].sort((a, b) => a.at - b.at), created: analysis.created };
}

function makeScope(
  analysis: Analysis,
  grammars: Grammars,
  program: string,
  depth: number,
  at: number | null,
  pieces: { count: number },
): Scope {
  const scope: Scope = {
    analysis,
    program,
    depth,
    at,
    nested: (language, reader, code, offset, stdin) => {
      pieces.count += 1;
      if (depth >= maximumDepth || pieces.count > maximumPieces || language === "unknown") {
        const reason =
          language === "unknown"
            ? `lint cannot read the language of ${reader}`
            : "code is nested too deeply to be read";
        need(scope, "computed-code", reason, offset);
        return null;
      }
      const inner = makeScope(analysis, grammars, reader, depth + 1, at ?? offset, pieces);
      return readPiece(inner, grammars, language, code, stdin);
    },
  };
  return scope;
}

function readPiece(
  scope: Scope,
  grammars: Grammars,
  language: ReadableLanguage,
  code: string,
  stdin: Value,
): Value {
  // On the other system's side the same names mean other paths and programs.
  const windowsOnly = language === "batch" || language === "vbscript" || language === "jscript";
  const { windows } = scope.analysis;
  if (windows ? ["shell", "python", "lua"].includes(language) : windowsOnly) {
    const system = windows ? "Windows" : "a system that is not Windows";
    need(scope, "computed-code", `lint does not read ${language} code on ${system}`, 0);
    return null;
  }
  if (language === "batch") {
    analyseBatch(scope, code, stdin);
    return null;
  }
  if (language === "device") {
    analyseDevice(scope, code);
    return null;
  }
  if (language === "vbscript") {
    analyseVbscript(scope, code);
    return null;
  }
  return grammars.parse(language === "jscript" ? "javascript" : language, code, (root) => {
    const wrong = syntaxError(root);
    if (wrong !== null) {
      scope.analysis.findings.push({
        kind: "syntax",
        reason: `${wrong.reason} (${language})`,
        at: scope.at ?? wrong.at,
      });
      return null;
    }
    if (language === "shell") return analyseShell(scope, root, stdin);
    if (language === "powershell") analysePowershell(scope, root, stdin);
    else if (language === "jscript") analyseJscript(scope, root);
    else analyseScript(scope, language, root, stdin);
    return null;
  });
}
