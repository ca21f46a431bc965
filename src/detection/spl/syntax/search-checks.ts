import { refuse, type ParseContext } from "./context.js";
import type { Token } from "./words.js";

/** Refuses or warns about words that do not find what they seem to. Throws `SplProblem`. */
export function checkKeyword(context: ParseContext, token: Token): void {
  if (token.type !== "word") return;
  if (token.text.startsWith("'")) {
    const hint = "put names and values with spaces in double quotes";
    throw refuse(context, token.start, "single-quote-search", "single quotes do not quote in a search", hint);
  }
  if (token.text.startsWith("tag::") || token.text.startsWith("splunk_server")) {
    const message = `"${token.text}" depends on the site's own settings`;
    throw refuse(
      context,
      token.start,
      "field-unsupported",
      message,
      "search for the fields that it stands for",
    );
  }
  if (/^(?:and|or|not)$/.test(token.text)) {
    context.warn(
      token.start,
      "operator-lowercase",
      `"${token.text}" in lower case is a word to be found in the event, not an operator`,
      `write ${token.text.toUpperCase()}`,
    );
  }
}

/** Refuses fields that a query has only in a site's own Splunk. Throws `SplProblem`. */
export function checkField(context: ParseContext, field: Token): void {
  if (!/^(?:_?index_(?:earliest|latest)|tag|eventtype|earliest|latest|splunk_server)$/.test(field.text))
    return;
  throw refuse(
    context,
    field.start,
    "field-unsupported",
    `what "${field.text}" means here depends on what only the site's own Splunk knows`,
    "search for the fields that it stands for",
  );
}
