import type { Expression } from "./expression.js";

/** Parts of a date for which other languages have a function, and Splunk's format for them. */
const dateParts: Readonly<Record<string, string>> = {
  second: "%S",
  minute: "%M",
  hour: "%H",
  day: "%d",
  dayofmonth: "%d",
  month: "%m",
  year: "%Y",
  dayofweek: "%w",
  weekday: "%w",
};
/** Functions of other languages that are Splunk's under another name. */
const otherNames: Readonly<Record<string, string>> = {
  ifnull: "coalesce",
  nvl: "coalesce",
  length: "len",
  substring: "substr",
  tolower: "lower",
  toupper: "upper",
  lcase: "lower",
  ucase: "upper",
};

interface Meant {
  /** The function that is meant with the same arguments; null when the expression is all that is meant. */
  readonly name: string | null;
  readonly expression: Expression;
  readonly message: string;
  readonly hint: string;
}

/** A call of a function that SPL does not have, as SPL would write what is meant; null when it is no such call. */
export function meantCall(name: string, values: readonly Expression[], at: number): Meant | null {
  const key = name.toLowerCase();
  const message = `SPL has no function ${name}()`;
  const [first] = values;
  const format = Object.hasOwn(dateParts, key) ? dateParts[key] : undefined;
  if (format !== undefined && values.length === 1 && first !== undefined) {
    const pattern: Expression = { type: "string", value: format, at };
    const formatted: Expression = { type: "call", name: "strftime", arguments: [first, pattern], at };
    const hint = `write tonumber(strftime(_time, "${format}"))`;
    return {
      name: null,
      expression: { type: "call", name: "tonumber", arguments: [formatted], at },
      message,
      hint,
    };
  }
  const other = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
  if (other === undefined) return null;
  const expression: Expression = { type: "call", name: other, arguments: values, at };
  return { name: other, expression, message, hint: `write ${other}(…)` };
}
