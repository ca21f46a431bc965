import type { Row } from "../evaluate/row.js";
import { collectRows } from "../evaluate/scope.js";
import {
  addressNumber,
  compareScalars,
  compareTexts,
  numberOf,
  scalarsOf,
  textOfScalar,
} from "../evaluate/values.js";
import { SplProblem } from "../problem.js";
import type { SortCommand, SortKey } from "../syntax/commands.js";
import { printWord } from "../syntax/printer.js";
import type { ArgumentReader } from "./argument-reader.js";
import type { CommandDefinition } from "./definition.js";

const kinds = ["auto", "num", "str", "ip"] as const;
const defaultSortCount = 10_000;

function readKey(reader: ArgumentReader): SortKey {
  const sign = reader.value("a field");
  const descending = sign.startsWith("-");
  let name = /^[-+]/.test(sign) ? sign.slice(1) : sign;
  if (name === "") name = reader.field();
  const kind = kinds.find((each) => each === name);
  if (kind === undefined || !reader.takeMark("(")) return { field: name, descending, as: "auto" };
  const field = reader.field();
  if (!reader.takeMark(")")) throw reader.unexpected('")"');
  return { field, descending, as: kind };
}

/** Numbers come before addresses, and these before other texts, so that every three values have one order. */
function rankOf(value: string | number): number {
  if (numberOf(value) !== null) return 0;
  return addressNumber(textOfScalar(value)) === null ? 2 : 1;
}

function compareAs(kind: SortKey["as"], left: string | number, right: string | number): number {
  const leftText = textOfScalar(left);
  const rightText = textOfScalar(right);
  if (kind === "str") return compareTexts(leftText, rightText);
  if (kind === "num") return (numberOf(left) ?? Infinity) - (numberOf(right) ?? Infinity) || 0;
  if (rankOf(left) !== rankOf(right)) return rankOf(left) - rankOf(right);
  const leftAddress = addressNumber(leftText);
  const rightAddress = addressNumber(rightText);
  if (leftAddress !== null && rightAddress !== null) return leftAddress - rightAddress;
  return compareScalars(left, right);
}

function compareRows(left: Row, right: Row, keys: readonly SortKey[]): number {
  for (const { field, descending, as } of keys) {
    const one = scalarsOf(left.get(field))[0];
    const other = scalarsOf(right.get(field))[0];
    if (one === undefined && other === undefined) continue;
    // Rows without the field come last, whatever the direction.
    if (one === undefined) return 1;
    if (other === undefined) return -1;
    const order = compareAs(as, one, other);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

export const sort: CommandDefinition<SortCommand> = {
  parse: (reader, at) => {
    const options = reader.options(["limit"]);
    let written = options.get("limit");
    const first = reader.peek();
    if (written === undefined && first?.type === "word" && /^\d+$/.test(first.text))
      written = reader.value("a number");
    const keys: SortKey[] = [];
    while (!reader.atEnd) {
      const last = keys.at(-1);
      if (last !== undefined && (reader.isWord("d") || reader.isWord("desc"))) {
        reader.take();
        reader.expectEnd();
        return {
          name: "sort",
          count: toCount(written, reader),
          keys: keys.map((key) => ({ ...key, descending: !key.descending })),
          at,
        };
      }
      keys.push(readKey(reader));
      reader.takeMark(",");
    }
    if (keys.length === 0) throw reader.unexpected("a field");
    return { name: "sort", count: toCount(written, reader), keys, at };
  },
  print: ({ count, keys }) => {
    const printed = keys.map(({ field, descending, as }) => {
      const sign = descending ? "-" : "+";
      return as === "auto" ? `${sign} ${printWord(field)}` : `${sign}${as}(${printWord(field)})`;
    });
    return [...(count === null ? [] : [String(count)]), printed.join(", ")].join(" ");
  },
  run:
    ({ count, keys, at }, scope) =>
    (rows) => {
      const sorted = collectRows(rows, scope, at, "sort").toSorted((left, right) =>
        compareRows(left, right, keys),
      );
      if (count !== null) return count === 0 ? sorted : sorted.slice(0, count);
      if (sorted.length <= defaultSortCount) return sorted;
      throw new SplProblem(
        "sort-limit",
        at,
        `sort without a number keeps ${defaultSortCount} rows, and there are ${sorted.length}`,
        "write sort 0 to keep all",
      );
    },
};

function toCount(written: string | undefined, reader: ArgumentReader): number | null {
  return written === undefined ? null : reader.count(written, "the number of rows");
}
