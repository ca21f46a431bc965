import type { ConvertContext } from "../language.js";
import { isCarried } from "../text-shape.js";
import { luceneExpression } from "./expression.js";

/** Elasticsearch refuses longer expressions (index.max_regex_length). */
const longest = 1000;

/** A regular expression of Sigma as one of Lucene that must be the whole value; refused when there is none. */
export function writtenExpression(
  source: string,
  flags: ReadonlySet<string>,
  at: number,
  { refuse }: ConvertContext,
): string {
  const expression = luceneExpression(source, flags);
  if (expression === null) {
    return refuse(
      at,
      "Lucene has no edges of words or lines in its regular expressions, and no anchors inside them",
      "anchor the expression with ^ and $ at its ends only, and write out what may stand beside a word",
    );
  }
  if (!isCarried(expression)) {
    return refuse(
      at,
      "Lucene's regular expressions have no escapes for control characters, and no query can carry them as they are",
      "leave them out, or write a class that goes around them",
    );
  }
  if (expression.length > longest) {
    return refuse(
      at,
      `the value needs a regular expression of ${expression.length} characters, and Elasticsearch takes ${longest}`,
      "shorten the value; with the modifier cased it needs a fourth of them",
    );
  }
  return expression;
}
