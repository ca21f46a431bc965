import { clip, columns, pad } from "./text.js";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** This column is cut when the table is too wide: the widest of them first. */
  readonly shrinks?: boolean;
}

const GAP = 2;
const LEAST = 8;

/** Rows under a head line, in columns as wide as their content and together at most `width`. Cells are plain texts. */
export function table(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = head.map((column, index) =>
    Math.max(columns(column.title), ...rows.map((row) => columns(row[index] ?? ""))),
  );
  let excess = widths.reduce((sum, each) => sum + each, 0) + GAP * (head.length - 1) - width;
  for (; excess > 0; excess -= 1) {
    const widest = widestThatShrinks(head, widths);
    if (widest === null) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const line = (cells: readonly string[]): string =>
    clip(
      cells
        .map((cell, index) =>
          pad(cell, widths[index] ?? 0, head[index]?.align === "right" ? "left" : "right"),
        )
        .join(" ".repeat(GAP))
        .trimEnd(),
      width,
    );
  return [line(head.map(({ title }) => title)), ...rows.map(line)];
}

function widestThatShrinks(head: readonly Column[], widths: readonly number[]): number | null {
  let widest: number | null = null;
  head.forEach(({ shrinks }, index) => {
    const width = widths[index] ?? 0;
    if (shrinks === true && width > LEAST && width > (widest === null ? 0 : (widths[widest] ?? 0)))
      widest = index;
  });
  return widest;
}
