import { formatTime, unknownConversion } from "../evaluate/strftime.js";
import { numberOf, scalarsOf } from "../evaluate/values.js";
import type { ConvertCommand } from "../syntax/commands.js";
import { printWord } from "../syntax/printer.js";
import { quoteText } from "../syntax/words.js";
import type { CommandDefinition } from "./definition.js";
import { change } from "./filters.js";

const defaultFormat = "%m/%d/%Y %H:%M:%S";

/** `convert`, as far as detections use it: times to texts. */
export const convert: CommandDefinition<ConvertCommand> = {
  parse: (reader, at) => {
    const format = reader.options(["timeformat"]).get("timeformat") ?? defaultFormat;
    const unknown = unknownConversion(format);
    if (unknown !== null) {
      throw reader.refuse("time-format", `convert does not know "${unknown}" here`, "", reader.range.start);
    }
    const times: { field: string; as: string }[] = [];
    while (!reader.atEnd) {
      const offset = reader.offset;
      const name = reader.value("a conversion such as ctime(field)");
      if (name !== "ctime") {
        const message = `convert ${name}() is not evaluated here`;
        throw reader.refuse("option-unsupported", message, "use eval with tonumber() or strptime()", offset);
      }
      if (!reader.takeMark("(")) throw reader.unexpected('"("');
      const field = reader.field();
      if (!reader.takeMark(")")) throw reader.unexpected('")"');
      if (field.includes("*")) {
        const message = `ctime(${field}) over several fields is not evaluated here`;
        throw reader.refuse("wildcard-unsupported", message, "name each field", offset);
      }
      times.push({ field, as: reader.takeWord("as") ? reader.field("a new name") : field });
      reader.takeMark(",");
    }
    if (times.length === 0) throw reader.unexpected("a conversion such as ctime(field)");
    return { name: "convert", format, times, at };
  },
  print: ({ format, times }) => {
    const printed = times.map(({ field, as }) => `ctime(${printWord(field)}) AS ${printWord(as)}`);
    return `timeformat=${quoteText(format)} ${printed.join(" ")}`;
  },
  run:
    ({ format, times }, scope) =>
    (rows) =>
      change(rows, (row) => {
        for (const { field, as } of times) {
          const [value] = scalarsOf(row.get(field));
          const seconds = value === undefined ? null : numberOf(value);
          // What is no time stays as it is.
          if (seconds !== null) row.set(as, formatTime(seconds, format, scope.zone));
        }
      }),
};
