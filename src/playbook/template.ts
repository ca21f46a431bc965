import { quote, type Quoting } from "./quote.js";

/**
 * Templates: `{{name}}` (or `{{ name }}`) is a placeholder; `{{{{` is a literal `{{`; everything else, `}}` included,
 * stands for itself.
 */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string; readonly offset: number; readonly length: number }
  | { readonly kind: "placeholder"; readonly name: string; readonly offset: number; readonly length: number }
  | { readonly kind: "invalid"; readonly text: string; readonly offset: number; readonly length: number };

const placeholder = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/y;

/** Splits a template into its parts. `offset` and `length` are those in the template, in UTF-16 units. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let index = 0;
  while (index < template.length) {
    const open = template.indexOf("{{", index);
    if (open !== index) {
      const end = open === -1 ? template.length : open;
      parts.push({ kind: "text", text: template.slice(index, end), offset: index, length: end - index });
      index = end;
      continue;
    }
    if (template.startsWith("{{{{", index)) {
      parts.push({ kind: "text", text: "{{", offset: index, length: 4 });
      index += 4;
      continue;
    }
    placeholder.lastIndex = index;
    const match = placeholder.exec(template);
    const length = match === null ? 2 : match[0].length;
    if (match === null) parts.push({ kind: "invalid", text: "{{", offset: index, length });
    else parts.push({ kind: "placeholder", name: match[1] as string, offset: index, length });
    index += length;
  }
  return parts;
}

/** A piece of filled text and the piece of the template that it came from. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly length: number;
  /** The placeholder's name; null for text. */
  readonly placeholder: string | null;
}

export interface FilledTemplate {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Placeholders that have no value or cannot be quoted, and pieces that are no placeholder. */
  readonly problems: readonly TemplateProblem[];
}

export interface TemplateProblem {
  readonly kind: "unknown" | "invalid" | "unquotable";
  /** The placeholder's name, or the text that is no placeholder. */
  readonly name: string;
  readonly offset: number;
}

/** Fills a template. Problems leave their place empty and are listed; never throws. */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, string | number>>,
  quoting: Quoting,
): FilledTemplate {
  const segments: Segment[] = [];
  const problems: TemplateProblem[] = [];
  let text = "";
  for (const part of parseTemplate(template)) {
    let piece = "";
    if (part.kind === "text") piece = part.text;
    else if (part.kind === "invalid") {
      problems.push({ kind: "invalid", name: part.text, offset: part.offset });
    } else if (!Object.hasOwn(values, part.name)) {
      problems.push({ kind: "unknown", name: part.name, offset: part.offset });
    } else {
      const literal = quote(values[part.name] as string | number, quoting);
      if (literal === null) problems.push({ kind: "unquotable", name: part.name, offset: part.offset });
      else piece = literal;
    }
    segments.push({
      start: text.length,
      end: text.length + piece.length,
      offset: part.offset,
      length: part.length,
      placeholder: part.kind === "placeholder" ? part.name : null,
    });
    text += piece;
  }
  return { text, segments, problems };
}

/** The offset in the template that an offset in the filled text came from. */
export function templateOffset(filled: FilledTemplate, offset: number): number {
  const segment = filled.segments.find(({ start, end }) => offset >= start && offset < end);
  if (segment === undefined) {
    const last = filled.segments.at(-1);
    return last === undefined ? 0 : last.offset + last.length;
  }
  if (segment.placeholder !== null) return segment.offset;
  return segment.offset + Math.min(offset - segment.start, segment.length - 1);
}
