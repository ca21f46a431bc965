/** Readers for the two little languages that stand in shell arguments: sed's and awk's. What they cannot read is unknown. */

/** What a program in a little language does beyond printing. `code` is shell code; null when it is computed. */
export type SmallEffect =
  | { readonly kind: "writes" | "reads"; readonly path: string | null }
  | { readonly kind: "shell"; readonly code: string | null }
  | { readonly kind: "network" | "unknown" };

/** What a sed script does. */
export function sedEffects(script: string): SmallEffect[] {
  const effects: SmallEffect[] = [];
  let index = 0;
  const unknown: SmallEffect[] = [{ kind: "unknown" }];
  const line = (): string => {
    const end = script.indexOf("\n", index);
    const text = script.slice(index, end === -1 ? script.length : end);
    index = end === -1 ? script.length : end + 1;
    return text.trim();
  };
  /** Moves behind a delimited text; false when its end is missing. */
  const delimited = (delimiter: string): boolean => {
    for (; index < script.length; index += 1) {
      if (script[index] === "\\") index += 1;
      else if (script[index] === "[" && delimiter !== "[") {
        // A bracket expression may hold the delimiter in some versions: whatever is ambiguous is not read.
        const close = script.indexOf("]", index + 2);
        if (close !== -1 && script.slice(index, close).includes(delimiter)) return false;
      } else if (script[index] === delimiter) {
        index += 1;
        return true;
      }
    }
    return false;
  };
  while (index < script.length) {
    const character = script[index] as string;
    index += 1;
    if (/[\s;{}!,0-9$+~]/.test(character)) continue;
    if (character === "#") line();
    else if (character === "/") {
      if (!delimited("/")) return unknown;
      while (/[IM]/.test(script[index] ?? "")) index += 1;
    } else if (character === "\\") {
      const delimiter = script[index];
      index += 1;
      if (delimiter === undefined || !delimited(delimiter)) return unknown;
    } else if (character === "s" || character === "y") {
      const delimiter = script[index];
      index += 1;
      if (delimiter === undefined || !delimited(delimiter) || !delimited(delimiter)) return unknown;
      while (character === "s" && /[gpiImMe0-9w]/.test(script[index] ?? "")) {
        const flag = script[index];
        index += 1;
        if (flag === "e") effects.push({ kind: "shell", code: null });
        if (flag === "w") effects.push({ kind: "writes", path: line() });
      }
    } else if (character === "w" || character === "W") effects.push({ kind: "writes", path: line() });
    else if (character === "r" || character === "R") effects.push({ kind: "reads", path: line() });
    else if (character === "e") effects.push({ kind: "shell", code: line() || null });
    else if ("aic".includes(character)) {
      while (line().endsWith("\\"));
    } else if ("btT:".includes(character)) {
      while (index < script.length && !/[;\n}]/.test(script[index] as string)) index += 1;
    } else if ("qQlL".includes(character)) {
      while (/[0-9 ]/.test(script[index] ?? "")) index += 1;
    } else if (!"pdDPnNgGhHxz=F".includes(character)) return unknown;
  }
  return effects;
}

type AwkToken = { readonly kind: "text" | "word" | "sign" | "regex"; readonly text: string };

/** What an awk program does. */
export function awkEffects(program: string): SmallEffect[] {
  const tokens = awkTokens(program);
  if (tokens === null) return [{ kind: "unknown" }];
  const effects: SmallEffect[] = [];
  const literal = (index: number): string | null => {
    const token = tokens[index];
    const after = tokens[index + 1]?.text ?? ";";
    return token?.kind === "text" && [")", ";", "\n", "}"].includes(after) ? token.text : null;
  };
  let depth = 0;
  let printing = false;
  tokens.forEach((token, index) => {
    if (token.kind === "text") {
      if (token.text.startsWith("/inet")) effects.push({ kind: "network" });
      return;
    }
    if (token.kind === "word") {
      if (token.text === "print" || token.text === "printf") {
        printing = true;
        depth = 0;
      }
      if (token.text === "system") effects.push({ kind: "shell", code: literal(index + 2) });
      // `getline < file` reads a file; `command | getline` runs one, by the sign before it.
      if (token.text === "getline") effects.push({ kind: "unknown" });
      return;
    }
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    if ([";", "\n", "}", "{"].includes(token.text)) printing = false;
    if (token.text === "@") effects.push({ kind: "unknown" });
    if (token.text === "|" || token.text === "|&") effects.push({ kind: "shell", code: literal(index + 1) });
    if (printing && depth === 0 && (token.text === ">" || token.text === ">>")) {
      effects.push({ kind: "writes", path: literal(index + 1) });
    }
  });
  return effects;
}

function awkTokens(program: string): AwkToken[] | null {
  const tokens: AwkToken[] = [];
  let index = 0;
  while (index < program.length) {
    const rest = program.slice(index);
    const space = /^([ \t\r]|\\\n|#[^\n]*)+/.exec(rest)?.[0];
    const text = /^"((?:[^"\\\n]|\\[^])*)"/.exec(rest);
    const word = /^[A-Za-z_][A-Za-z0-9_]*|^[0-9.]+/.exec(rest)?.[0];
    const last = tokens.at(-1);
    // A slash divides after a value and begins a regular expression elsewhere.
    const value =
      last !== undefined &&
      (last.kind === "word" || last.kind === "text" || [")", "]", "$"].includes(last.text));
    const keyword =
      last?.kind === "word" && ["print", "printf", "return", "in", "if", "case"].includes(last.text);
    // After `++` and `--` it may be either: what cannot be told is not read.
    const stepped = last !== undefined && ["+", "-"].includes(last.text) && tokens.at(-2)?.text === last.text;
    if (stepped && rest.startsWith("/")) return null;
    const regex = !value || keyword ? /^\/((?:[^/\\\n]|\\[^])*)\//.exec(rest) : null;
    if (space !== undefined) index += space.length;
    else if (text !== null) {
      // An escape may spell anything: such a text is no literal.
      tokens.push({ kind: text[1]?.includes("\\") === true ? "regex" : "text", text: text[1] as string });
      index += text[0].length;
    } else if (word !== undefined) {
      tokens.push({ kind: "word", text: word });
      index += word.length;
    } else if (regex !== null) {
      if (/"|system|getline/.test(regex[1] as string)) return null;
      tokens.push({ kind: "regex", text: regex[1] as string });
      index += regex[0].length;
    } else if (rest.startsWith('"')) return null;
    else {
      const sign = /^(\|\||&&|\|&|>>|>=|<=|==|!=|[^])/.exec(rest)?.[0] as string;
      tokens.push({ kind: "sign", text: sign });
      index += sign.length;
    }
  }
  return tokens;
}
