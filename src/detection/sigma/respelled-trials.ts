import { addition, places, type Attempt, type Trial } from "./attempt.js";
import { yamlText, type Candidate } from "./candidate.js";
import { findLoosely } from "./near-text.js";
import { escapeText } from "./pattern.js";
import { foldCase, nearestWord } from "./text.js";

/** The text is there in another spelling. */
export function* respelled(attempt: Attempt): Generator<Trial> {
  const { item, value, plain, text, folded, wanted, rest } = attempt;
  const names = item.modifiers.filter((name) => name !== "all");
  const same = (...values: string[]): Candidate => ({ field: item.field, modifiers: names, values });
  // Of a text in spaces, as much as is there: ` -i` at the end of a command line for ` -i `.
  for (const trimmed of [plain.text.trimEnd(), plain.text.trimStart(), plain.text.trim()]) {
    if (trimmed === plain.text || trimmed === "") continue;
    const sentence = (line: string): string => `it is there without the spaces around it: use ${line}`;
    yield { ...same(escapeText(trimmed)), nearness: 0.85, sentence };
  }
  yield* loosely(attempt, same);
  if (/[-/–—―]/.test(plain.text) && !names.includes("windash")) {
    const modifiers = [...rest, ...names.filter((name) => places.has(name)), "windash"];
    const sentence = (line: string): string => `the option is written with another dash: use ${line}`;
    yield { field: item.field, modifiers, values: [value.written], nearness: 0.9, sentence };
  }
  for (const found of otherOptions(text, wanted)) {
    // Beside the spelling that the rule has: whoever writes it so tomorrow should be found too.
    const further = item.values.length > 1 && !item.all;
    const sentence = (line: string): string =>
      `the option is written out or abbreviated: ${further ? addition(item, found) : `use ${line}`}`;
    const values = further ? [escapeText(found)] : [value.written, escapeText(found)];
    yield { ...same(...values), nearness: 0.8, sentence };
  }
  const misspelt = /^\S{4,40}$/.test(wanted)
    ? nearestWord(wanted, folded.slice(0, 4096).split(/[\s"']+/))
    : null;
  if (misspelt !== null && misspelt !== "") {
    const sentence = (line: string): string => `did you mean ${yamlText(misspelt)}? use ${line}`;
    yield { ...same(escapeText(misspelt)), nearness: 0.5, sentence };
  }
  yield* encoded(attempt);
}

/** The same words with other quotes, carets or spaces. */
function* loosely(
  { item, plain, text, folded, wanted, rest }: Attempt,
  same: (...values: string[]) => Candidate,
): Generator<Trial> {
  const loose = findLoosely(folded, wanted);
  // What is there as it is written only stands elsewhere.
  if (loose === null || folded.includes(wanted)) return;
  const found = text.slice(loose.start, loose.end);
  const why = "the event writes it with other quotes or spaces";
  const sentence = (line: string): string => `${why}: use ${line}`;
  // The event has it in the usual spelling, and the rule in an odd one.
  if (!/["'`^]|\s\s/.test(found)) yield { ...same(escapeText(found)), nearness: 0.85, sentence };
  // The event's spelling is one of many: what all of them have is the words, and else the letters.
  const words = [...new Set(plain.text.split(/[\s"'`^]+/))].filter((word) => word.length > 1);
  if (words.length > 1 && words.length <= 8) {
    const modifiers = [...rest, ...(item.field === null ? [] : ["contains"]), "all"];
    yield { field: item.field, modifiers, values: words.map(escapeText), nearness: 0.84, sentence };
  }
  if (item.field === null || rest.length > 0) return;
  const letters = plain.text.replaceAll(/["'`^]/g, "").trim();
  if (letters.length < 4 || letters.length > 40) return;
  const expression = letters
    .split(/\s+/)
    .map((word) => [...word].map((letter) => letter.replace(/[^\p{L}\p{N}_-]/u, "\\$&")).join("\\W*"))
    .join("\\W+");
  yield { field: item.field, modifiers: ["re", "i"], values: [expression], nearness: 0.83, sentence };
}

/** The text is there in base64. Shorter texts have forms of a few letters, which stand in any text. */
function* encoded({ item, plain }: Attempt): Generator<Trial> {
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
