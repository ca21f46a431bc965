/** Colours beside words, never instead of them. */
export type Tone = "good" | "bad" | "unsure" | "dim" | "strong" | "none";

const codes: Record<Exclude<Tone, "none">, [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  unsure: [33, 39],
  dim: [2, 22],
  strong: [1, 22],
};

export type Painter = (tone: Tone, text: string) => string;

/** Paints a text that is already `plain` and fitted: the escape sequences take no columns. */
export function painter(color: boolean): Painter {
  return (tone, text) => {
    if (!color || tone === "none" || text === "") return text;
    const [on, off] = codes[tone];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  };
}
