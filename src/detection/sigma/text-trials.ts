import { keyOf, quoteKey, yamlText, type Budget, type Candidate } from "./candidate.js";
import type { FieldView } from "./event-view.js";
import { findLoosely, lastPathPart, longestCommon } from "./near-text.js";
import { escapeText, type Pattern } from "./pattern.js";
import type { Item, ItemValue } from "./rule-tree.js";
import { foldCase, nearestWord } from "./text.js";

const places = new Set(["startswith", "endswith", "contains"]);
const mostTexts = 8;

/** A pattern of one text, perhaps with a wildcard at either end. */
interface Plain {
  readonly text: string;
  readonly before: boolean;
  readonly after: boolean;
}

function plainOf(pattern: Pattern): Plain | null {
  const before = pattern[0]?.type === "run";
  const after = pattern.length > 1 && pattern.at(-1)?.type === "run";
  const inner = pattern.slice(before ? 1 : 0, after ? -1 : undefined);
  let text = "";
  for (const token of inner) {
    if (token.type === "run" || token.type === "one") return null;
    text += token.type === "dash" ? "-" : token.text;
  }
  return text === "" ? null : { text, before, after };
}

/** What is tried for one value of a line against one text of the event. */
interface Attempt {
  readonly item: Item;
  readonly value: ItemValue;
  /** The line's modifiers without `all` and the places. */
  readonly rest: readonly string[];
  readonly plain: Plain;
  /** The event's text as it is, and in the case in which it is compared. */
  readonly text: string;
  readonly folded: string;
  readonly wanted: string;
}

/** A line to try, how near the rule is to it, and what to say of it when it matches. */
export type Trial = Candidate & { readonly nearness: number; readonly sentence: (line: string) => string };

/** The text at a place of the value. Keywords stand anywhere without a modifier. */
function place({ item, rest }: Attempt, name: string, text: string): Candidate {
  const modifiers = item.field === null ? rest : [...rest, name];
  return { field: item.field, modifiers, values: [escapeText(text)] };
}

/** The text is there, but not where the rule looks for it. */
function* elsewhere(attempt: Attempt): Generator<Trial> {
  const { plain, folded, wanted, text } = attempt;
  const at = folded.indexOf(wanted);
  if (at === -1 || wanted === "") return;
  const end = folded.endsWith(wanted);
  const separator = end ? text.charAt(text.length - wanted.length - 1) : "";
  if (!plain.before && (separator === "/" || separator === "\\") && !/^[\\/]/.test(wanted)) {
    const sentence = (line: string): string => `the event has a full path: use ${line}`;
    yield { ...place(attempt, "endswith", `${separator}${plain.text}`), nearness: 0.95, sentence };
  }
  const rest = yamlText(text.slice(at + wanted.length).slice(0, 40));
  const start = yamlText(text.slice(0, at).slice(-40));
  if (at === 0) {
    const sentence = (line: string): string => `the value goes on with ${rest}: use ${line}`;
    yield { ...place(attempt, "startswith", plain.text), nearness: 0.9, sentence };
  }
  if (end) {
    const sentence = (line: string): string => `${start} stands before it: use ${line}`;
    yield { ...place(attempt, "endswith", plain.text), nearness: 0.9, sentence };
  }
  const sentence = (line: string): string =>
    plain.before ? `the value goes on with ${rest}: use ${line}` : `${start} stands before it: use ${line}`;
  yield { ...place(attempt, "contains", plain.text), nearness: 0.85, sentence };
}

/** The text is there in another spelling. */
function* respelled(attempt: Attempt): Generator<Trial> {
  const { item, plain, text, folded, wanted, rest } = attempt;
  const names = item.modifiers.filter((name) => name !== "all");
  const same = (value: string): Candidate => ({
    field: item.field,
    modifiers: names,
    values: [escapeText(value)],
  });
  // Of a text in spaces, as much as is there: ` -i` at the end of a command line for ` -i `.
  for (const trimmed of [plain.text.trimEnd(), plain.text.trimStart(), plain.text.trim()]) {
    if (trimmed === plain.text || trimmed === "") continue;
    const sentence = (line: string): string => `it is there without the spaces around it: use ${line}`;
    yield { ...same(trimmed), nearness: 0.85, sentence };
  }
  const loose = findLoosely(folded, wanted);
  if (loose !== null) {
    const found = text.slice(loose.start, loose.end);
    const sentence = (line: string): string => `the event writes it with other quotes or spaces: use ${line}`;
    yield { ...same(found), nearness: 0.85, sentence };
  }
  if (/[-/–—―]/.test(plain.text) && !names.includes("windash")) {
    const modifiers = [...rest, ...names.filter((name) => places.has(name)), "windash"];
    const sentence = (line: string): string => `the option is written with another dash: use ${line}`;
    yield { field: item.field, modifiers, values: [attempt.value.written], nearness: 0.9, sentence };
  }
  for (const found of otherOptions(text, wanted)) {
    const sentence = (line: string): string => `the option is written out or abbreviated: use ${line}`;
    yield { ...same(found), nearness: 0.8, sentence };
  }
  const misspelt = /^\S{4,40}$/.test(wanted)
    ? nearestWord(wanted, folded.slice(0, 4096).split(/[\s"']+/))
    : null;
  if (misspelt !== null && misspelt !== "") {
    const sentence = (line: string): string => `did you mean ${yamlText(misspelt)}? use ${line}`;
    yield { ...same(misspelt), nearness: 0.5, sentence };
  }
  // Shorter texts have base64 forms of a few letters, which stand in any text.
  const encodings = [
    ...(plain.text.length >= 5 ? [["base64offset"]] : []),
    ...(plain.text.length >= 3 ? [["wide", "base64offset"]] : []),
  ];
  for (const encoding of encodings) {
    const modifiers = [...encoding, ...(item.field === null ? [] : ["contains"])];
    const sentence = (line: string): string => `the event has it in base64: use ${line}`;
    yield { field: item.field, modifiers, values: [escapeText(plain.text)], nearness: 0.8, sentence };
  }
}

/** The wanted text with its options as the event writes them: `-d` for `--decode`, `-enc` for `-EncodedCommand`. */
function* otherOptions(text: string, wanted: string): Generator<string> {
  const present = text.slice(0, 4096).match(/(?<=^|\s)[-/]{1,2}[A-Za-z][\w-]*/g) ?? [];
  for (const option of wanted.match(/(?<=^|\s)[-/]{1,2}[a-z][\w-]*/g) ?? []) {
    const name = option.replace(/^[-/]+/, "");
    for (const other of present) {
      const otherName = foldCase(other.replace(/^[-/]+/, ""));
      if (otherName !== name && (otherName.startsWith(name) || name.startsWith(otherName))) {
        yield wanted.replace(option, () => other);
      }
    }
  }
}

/** The value is a path whose program is the same, in another folder or written for another system. */
function* samePath(attempt: Attempt): Generator<Trial> {
  const { text, folded, wanted } = attempt;
  const part = lastPathPart(text);
  const wantedPart = lastPathPart(wanted) ?? (attempt.plain.before ? null : wanted);
  if (part === null || wantedPart === null) return;
  const name = (path: string): string => path.replace(/^[\\/]/, "").replace(/\.(exe|com|bat|cmd)$/, "");
  const foldedPart = lastPathPart(folded) ?? "";
  if (name(foldedPart) !== name(wantedPart)) return;
  const sameName = foldedPart.slice(1) === wantedPart.replace(/^[\\/]/, "");
  const sentence = (line: string): string =>
    sameName ? `the folder differs: use ${line}` : `paths of this system are written otherwise: use ${line}`;
  yield { ...place(attempt, "endswith", part), nearness: 0.8, sentence };
}

/** All words of the text are there, or a part of it is. */
function* inParts(attempt: Attempt, budget: Budget): Generator<Trial> {
  const { item, plain, text, folded, wanted, rest } = attempt;
  if (!plain.before || !plain.after) return;
  const words = [...new Set(plain.text.trim().split(/\s+/))].filter((word) => word !== "");
  if (words.length > 1 && words.length <= 8) {
    const sentence = (line: string): string =>
      `its words are there, but not next to one another: use ${line}`;
    const modifiers = [...rest, ...(item.field === null ? [] : ["contains"]), "all"];
    yield { field: item.field, modifiers, values: words.map(escapeText), nearness: 0.75, sentence };
  }
  if (!budget.spend(10)) return;
  const common = longestCommon(folded, wanted);
  const found = text.slice(common.at, common.at + common.text.length).trim();
  // Less is chance: `bas` of `bash` is in `base64` too.
  if (found.length < 5 || found.length < plain.text.length * 0.6) return;
  const sentence = (line: string): string =>
    `the nearest text in the event is ${yamlText(found)}: use ${line}`;
  yield {
    ...place(attempt, "contains", found),
    nearness: (0.6 * found.length) / plain.text.length,
    sentence,
  };
}

/** A further value of the same line, where values are names: programs, numbers, short words. */
function* further(attempt: Attempt): Generator<Trial> {
  const { item, plain, text, folded, wanted } = attempt;
  if (item.all) return;
  const names = item.modifiers;
  const added = (value: string): ((line: string) => string) => {
    const written = yamlText(escapeText(value));
    return () =>
      `the event has another value: add ${written} to the values of ${quoteKey(keyOf(item.field, names))}`;
  };
  if (plain.before && !plain.after && /^[\\/]/.test(plain.text)) {
    const part = lastPathPart(text);
    if (part === null) return;
    const common = longestCommon(lastPathPart(folded) ?? "", wanted).text.length;
    yield {
      field: item.field,
      modifiers: names,
      values: [escapeText(part)],
      nearness: 0.2 + 0.2 * (common / wanted.length),
      sentence: added(part),
    };
  } else if (!plain.before && !plain.after && text.length <= 60) {
    yield {
      field: item.field,
      modifiers: names,
      values: [escapeText(text)],
      nearness: 0.2,
      sentence: added(text),
    };
  }
}

/** The lines to try for a value that is a text, for each text of the field. */
export function* textTrials(
  item: Item,
  value: ItemValue,
  field: FieldView,
  budget: Budget,
): Generator<Trial> {
  const names = item.modifiers.filter((name) => name !== "all");
  if (item.cased) {
    const modifiers = names.filter((name) => name !== "cased");
    const sentence = (line: string): string => `only the case differs: use ${line}`;
    yield { field: item.field, modifiers, values: [value.written], nearness: 0.95, sentence };
  }
  const [meaning] = value.meanings;
  if (meaning?.type !== "text" || meaning.binary || value.meanings.length !== 1) return;
  const plain = plainOf(meaning.pattern);
  if (plain === null) {
    for (const name of ["contains", "startswith", "endswith"]) {
      const modifiers = [...names.filter((each) => !places.has(each)), name];
      const sentence = (line: string): string => `more text stands beside it: use ${line}`;
      yield { field: item.field, modifiers, values: [value.written], nearness: 0.8, sentence };
    }
    return;
  }
  const rest = names.filter((name) => !places.has(name));
  const fold = item.cased ? (text: string): string => text : foldCase;
  for (const text of field.texts.slice(0, mostTexts)) {
    const attempt: Attempt = { item, value, rest, plain, text, folded: fold(text), wanted: fold(plain.text) };
    yield* elsewhere(attempt);
    yield* samePath(attempt);
    yield* respelled(attempt);
    yield* inParts(attempt, budget);
    yield* further(attempt);
  }
}
