import { need, type Scope } from "./finding.js";
import type { Word } from "./shell-word.js";

/** What a command line gives an interpreter to run. */
export type Given =
  | { readonly kind: "code"; readonly word: Word }
  | { readonly kind: "file"; readonly word: Word }
  | { readonly kind: "stdin" }
  /** A Python module, with the words that are its own. */
  | { readonly kind: "module"; readonly word: Word; readonly given: readonly Word[] }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown"; readonly at: number; readonly reason: string };

const computedWord = (word: Word): Given => ({
  kind: "unknown",
  at: word.at,
  reason: "an interpreter is given a computed argument",
});

/** The text of a word that has exactly one; null otherwise. */
export function textOf(word: Word): string | null {
  return word.value?.length === 1 && !word.approximate ? (word.value[0] as string) : null;
}

/** The options of a shell. */
export function shellGiven(words: readonly Word[]): Given {
  let code = false;
  let stdin = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = textOf(word);
    const operand = (): Given =>
      stdin && !code ? { kind: "stdin" } : { kind: code ? "code" : "file", word: words[index] as Word };
    if (text === null) return word.process !== null || code ? operand() : computedWord(word);
    if (text === "-" || text === "--") {
      index += 1;
      return index < words.length ? operand() : { kind: "stdin" };
    }
    if (/^--(rcfile|init-file)/.test(text))
      return { kind: "unknown", at: word.at, reason: "the shell is given a start-up file" };
    if (text.startsWith("--")) continue;
    if (!/^[-+]./.test(text)) return operand();
    // No common shell takes code glued to `-c`; one that did would run it.
    const glued = /^-[a-zA-Z]*?c(.*[^a-zA-Z].*)$/s.exec(text)?.[1];
    if (glued !== undefined) return { kind: "code", word: { ...word, value: [glued] } };
    if (text.startsWith("-") && text.includes("c")) code = true;
    if (text.startsWith("-") && text.includes("s")) stdin = true;
    if (/[oO]/.test(text)) index += 1;
  }
  return code ? { kind: "nothing" } : { kind: "stdin" };
}

/** An option's text, or the code that a word which is no option stands for. */
function optionOrCode(word: Word): string | Given {
  const text = textOf(word);
  if (text === null) return word.process !== null ? { kind: "file", word } : computedWord(word);
  if (text === "-") return { kind: "stdin" };
  return text.startsWith("-") ? text : { kind: "file", word };
}

/** The options of Python. */
export function pythonGiven(words: readonly Word[]): Given {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = optionOrCode(word);
    if (typeof text !== "string") return text;
    if (text.startsWith("--")) {
      if (text === "--version" || text === "--help") return { kind: "nothing" };
      continue;
    }
    const letter = /[cmWX]/.exec(text);
    if (letter === null) {
      if (/[Vh]/.test(text)) return { kind: "nothing" };
      continue;
    }
    const glued = text.slice(letter.index + 1);
    const value = glued === "" ? words[index + 1] : { ...word, value: [glued] };
    if (value === undefined) return { kind: "nothing" };
    if (letter[0] === "c") return { kind: "code", word: value };
    if (letter[0] === "m")
      return { kind: "module", word: value, given: words.slice(glued === "" ? index + 2 : index + 1) };
    if (glued === "") index += 1;
  }
  return { kind: "stdin" };
}

/** The options of Node; those that open sockets are recorded. */
export function javascriptGiven(words: readonly Word[], scope: Scope): Given {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = optionOrCode(word);
    if (typeof text !== "string") return text;
    const [option, glued] = [text.replace(/=.*$/s, ""), /=(.*)$/s.exec(text)?.[1]];
    if (["-e", "--eval", "-p", "--print", "-pe", "-c", "--command"].includes(option)) {
      // `-p` and `--print` take the code of `-e` when one follows.
      const value = glued === undefined ? words[index + 1] : { ...word, value: [glued] };
      if (value === undefined) return { kind: "stdin" };
      if (/^-p$|^--print$/.test(option) && /^(-e|--eval)$/.test(textOf(value) ?? "")) continue;
      return { kind: "code", word: value };
    }
    if (
      /^(-r|--require|--import|--(experimental-)?loader|--run|--test|--watch|--build-.*|--env-file.*)/.test(
        option,
      )
    ) {
      return {
        kind: "unknown",
        at: word.at,
        reason: `the option ${option} makes the interpreter run other code`,
      };
    }
    if (option.startsWith("--inspect"))
      need(scope, "network", `the option ${option} opens a socket`, word.at);
    if (["-I", "-C", "--conditions", "--include-path", "--title"].includes(text)) index += 1;
    if (["-v", "--version", "-h", "--help"].includes(text)) return { kind: "nothing" };
  }
  return { kind: "stdin" };
}

/** The options of Lua. */
export function luaGiven(words: readonly Word[]): Given {
  const codes: Word[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = textOf(word);
    if (text === null) return word.process !== null ? { kind: "file", word } : computedWord(word);
    if (text === "-") return { kind: "stdin" };
    if (!text.startsWith("-")) return codes.length === 0 ? { kind: "file", word } : computedWord(word);
    if (text.startsWith("-l")) return { kind: "unknown", at: word.at, reason: "lua loads another module" };
    if (text.startsWith("-e")) {
      const value = text === "-e" ? words[index + 1] : { ...word, value: [text.slice(2)] };
      if (text === "-e") index += 1;
      if (value !== undefined) codes.push(value);
    }
    if (text === "-v" && words.length === 1) return { kind: "nothing" };
  }
  if (codes.length > 1) return computedWord(codes[1] as Word);
  const [only] = codes;
  return only === undefined ? { kind: "stdin" } : { kind: "code", word: only };
}

/** The options of PowerShell on Linux, written out; anything shorter is not read. */
export function powershellGiven(words: readonly Word[]): Given {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const text = textOf(word);
    const value = words[index + 1];
    if (text === null) return computedWord(word);
    if (/^-(noprofile|nologo|noninteractive)$/i.test(text)) continue;
    if (/^-(command|c)$/i.test(text) && value !== undefined && index + 2 === words.length)
      return textOf(value) === "-" ? { kind: "stdin" } : { kind: "code", word: value };
    if (/^-(file|f)$/i.test(text) && value !== undefined) return { kind: "file", word: value };
    if (/^-(encodedcommand|enc|e|ec)$/i.test(text) && value !== undefined) {
      const encoded = textOf(value);
      if (encoded === null || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return computedWord(value);
      return {
        kind: "code",
        word: { ...value, value: [Buffer.from(encoded, "base64").toString("utf16le")] },
      };
    }
    if (!text.startsWith("-")) return { kind: "file", word };
    return { kind: "unknown", at: word.at, reason: `lint does not know the option ${text} of PowerShell` };
  }
  return { kind: "stdin" };
}
