import {
  addition,
  changesEachTime,
  isOfOneTrial,
  place,
  places,
  type Attempt,
  type Plain,
  type Trial,
} from "./attempt.js";
import { yamlText, type Budget } from "./candidate.js";
import type { FieldView } from "./event-view.js";
import { lastPathPart, longestCommon } from "./near-text.js";
import { escapeText, type Pattern } from "./pattern.js";
import { respelled } from "./respelled-trials.js";
import type { Item, ItemValue } from "./rule-tree.js";
import { foldCase } from "./text.js";

const mostTexts = 8;

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

/** Whether a short text stands in a longer word, as `sh` does in `bash`: that is chance. */
function isPartOfWord(text: string, at: number, wanted: string): boolean {
  if (wanted.length > 3) return false;
  const around = text.slice(Math.max(0, at - 1), at + wanted.length + 1);
  const [before, after] = [at > 0 ? around.slice(0, 2) : "", around.slice(-2)];
  const longer = at + wanted.length < text.length;
  return /^[a-z]{2}$/i.test(before) || (longer && /^[a-z]{2}$/i.test(after));
}

/** The text is there, but not where the rule looks for it. */
function* elsewhere(attempt: Attempt): Generator<Trial> {
  const { plain, folded, wanted, text } = attempt;
  const at = folded.indexOf(wanted);
  if (at === -1 || wanted === "") return;
  const end = folded.endsWith(wanted);
  if (isPartOfWord(folded, end ? folded.length - wanted.length : at, wanted)) return;
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
  // The end alone, whatever folder the rule names: /bin is /usr/bin on one system and not on another.
  const sentence = (line: string): string =>
    sameName ? `the folder differs: use ${line}` : `paths of this system are written otherwise: use ${line}`;
  yield { ...place(attempt, "endswith", part), nearness: 0.92, sentence };
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

/** Folders that everybody can write to. */
const temporaryFolders = ["/tmp/", "/var/tmp/", "/dev/shm/"];

/** A further value of the same line, where values are names (programs, folders, short words) and not whole texts. */
function* further(attempt: Attempt): Generator<Trial> {
  const { item, plain, text, folded, wanted } = attempt;
  if (item.all || item.field === null || changesEachTime(item.field)) return;
  const same = (value: string, nearness: number): Trial => ({
    field: item.field,
    modifiers: item.modifiers,
    values: [escapeText(value)],
    nearness,
    sentence: () => `the event has another value: ${addition(item, value)}`,
  });
  const path = /^(\/|[a-z]:\\)/i.test(text) && !/\s-/.test(text);
  if (path && !plain.before) {
    const folder = temporaryFolders.find((each) => text.startsWith(each));
    if (plain.after && folder !== undefined) yield same(folder, 0.25);
    if (plain.after || /\s/.test(plain.text)) return;
    const sentence = (line: string): string => `the event has another value: use ${line}`;
    const part = lastPathPart(text);
    if (part !== null) yield { ...place(attempt, "endswith", part), nearness: 0.2, sentence };
    if (folder !== undefined) yield { ...place(attempt, "startswith", folder), nearness: 0.15, sentence };
  } else if (plain.before && !plain.after && /^[\\/]/.test(plain.text)) {
    const part = lastPathPart(text);
    if (part === null) return;
    const common = longestCommon(lastPathPart(folded) ?? "", wanted).text.length;
    yield same(part, 0.2 + 0.2 * (common / wanted.length));
  } else if (!plain.before && !plain.after && text.length <= 60 && !/\s/.test(text)) {
    yield same(text, 0.2);
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
    for (const trials of [elsewhere, samePath, respelled, inParts, further]) {
      for (const trial of trials(attempt, budget)) if (!isOfOneTrial(trial, value)) yield trial;
    }
  }
}
