/**
 * Command lines of a host that Wine plays. A launch there has the arguments apart: quotes that were not needed, and how many blanks stood
 * between them, are not told.
 */

/** The arguments, the program first, joined by the rule that CommandLineToArgvW takes apart again: quotes only where they are needed. */
export function joinedArguments(words: readonly string[]): string {
  return words.map((word, index) => (index === 0 ? programWord(word) : argument(word))).join(" ");
}

/**
 * Other lines that come to the same arguments as far as a launch tells them, or nearly: with quotes everywhere and nowhere, and with the
 * two blanks that cmd.exe writes behind a program. What a rule says of one and not of another it does not know of the process.
 */
export function otherReadings(words: readonly string[]): string[] {
  const [program = "", ...rest] = words;
  const behind = (blanks: string): string =>
    [programWord(program), ...rest.map(argument)].join(" ").replace(" ", blanks);
  return [
    words.join(" "),
    words.map((word, index) => (index === 0 ? `"${word}"` : alwaysQuoted(word))).join(" "),
    /[ \t]/.test(program) ? joinedArguments(words) : behind("  "),
  ];
}

/** A command line taken apart as Wine's loader does it ("Parsing C++ command-line arguments", Microsoft Learn). */
export function splitCommandLine(line: string): string[] {
  // In the first word, the program, a backslash is never special.
  const program = /^(?:"[^"]*"|[^\s"])*/.exec(line)?.[0] ?? "";
  const words = [program.replaceAll('"', "")];
  let word: string | null = null;
  let inQuotes = false;
  for (const [piece] of line.slice(program.length).matchAll(/\\*"|\\+|[^\\"]/g)) {
    if (piece.endsWith('"')) {
      const backslashes = piece.length - 1;
      word = (word ?? "") + "\\".repeat(Math.floor(backslashes / 2));
      if (backslashes % 2 === 1) word += '"';
      else inQuotes = !inQuotes;
    } else if (/^[ \t]$/.test(piece) && !inQuotes) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + piece;
  }
  return word === null ? words : [...words, word];
}

/** The first word, the program: a quote cannot be part of it. */
function programWord(word: string): string {
  return /[ \t]/.test(word) || word === "" ? `"${word}"` : word;
}

function argument(word: string): string {
  return word !== "" && !/[ \t\n\v"]/.test(word) ? word : alwaysQuoted(word);
}

function alwaysQuoted(word: string): string {
  // Backslashes are doubled before a quote, also the closing one; a quote gets one more.
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}
