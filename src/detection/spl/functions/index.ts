import { nowOf, type Scope } from "../evaluate/scope.js";
import { single, type Compile, type Evaluation } from "../evaluate/single.js";
import { formatTime, parseTime, unknownConversion, unreadableConversion } from "../evaluate/strftime.js";
import { relativeTime } from "../evaluate/time.js";
import { fieldValueOf, numberOf, scalarsOf, textOfScalar, type Value } from "../evaluate/values.js";
import { SplProblem } from "../problem.js";
import { walkExpression, type Expression } from "../syntax/expression.js";
import { conditionFunctions, likeTest, networkTest, type Builder } from "./conditions.js";
import { multivalueFunctions } from "./multivalue.js";
import { numberFunctions } from "./numbers.js";
import { compileCaptures, compileMatch } from "./patterns.js";
import { textFunctions, type ScalarFunction } from "./text.js";

type Call = Expression & { type: "call" };

function refuseConversion(at: number, name: string, conversion: string): SplProblem {
  return new SplProblem(
    "time-format",
    at,
    `${name}() does not know "${conversion}" here`,
    "known are %Y %y %m %d %e %H %I %p %M %S %N %Q %s %a %A %b %B %w %j %F %T %R %z %Z",
  );
}

function timeFunctions(scope: Scope): Readonly<Record<string, ScalarFunction>> {
  return {
    now: (_, at) => nowOf(scope, at, "now()"),
    time: (_, at) => nowOf(scope, at, "time()"),
    strftime: ([time = "", format = ""], at) => {
      checkFormat(textOfScalar(format), at);
      const seconds = numberOf(time);
      return seconds === null ? null : formatTime(seconds, textOfScalar(format), scope.zone);
    },
    strptime: ([text = "", format = ""], at) => {
      checkReadableFormat(textOfScalar(format), at);
      return parseTime(textOfScalar(text), textOfScalar(format), scope.zone);
    },
    relative_time: ([time = "", specifier = ""], at) => {
      const seconds = numberOf(time);
      if (seconds === null) return null;
      const result = relativeTime(seconds, textOfScalar(specifier), scope.zone);
      if (result !== null) return result;
      throw new SplProblem("time-invalid", at, `"${specifier}" is no relative time`, "write such as -24h@h");
    },
  };
}

/** The argument that is a pattern, and the check of it. */
const patterns: Readonly<Record<string, readonly [number, (pattern: string, at: number) => unknown]>> = {
  like: [1, likeTest],
  match: [1, compileMatch],
  mvfind: [1, compileMatch],
  replace: [1, compileCaptures],
  cidrmatch: [0, networkTest],
  strftime: [1, checkFormat],
  strptime: [1, checkReadableFormat],
};

function checkFormat(format: string, at: number): void {
  const unknown = unknownConversion(format);
  if (unknown !== null) throw refuseConversion(at, "strftime", unknown);
}

function checkReadableFormat(format: string, at: number): void {
  const unknown = unreadableConversion(format);
  if (unknown !== null) throw refuseConversion(at, "strptime", unknown);
}

/** Refuses a written pattern before any row comes. */
function checkPattern(call: Call): void {
  const [index, check] = (Object.hasOwn(patterns, call.name) ? patterns[call.name] : undefined) ?? [];
  const argument = index === undefined ? undefined : call.arguments[index];
  if (argument?.type === "string") check?.(argument.value, argument.at);
}

/** Applies a function to single values; absent when one of them is. */
function ofScalars(apply: ScalarFunction, values: readonly Evaluation[], call: Call): Evaluation {
  return (row) => {
    const given: (string | number)[] = [];
    for (const value of values) {
      const each = single(asText(value(row), call.name), call.at, `${call.name}()`);
      if (each === null) return null;
      given.push(each);
    }
    return apply(given, call.at);
  };
}

/** A condition as tostring() sees it. */
function asText(value: Value, name: string): Value {
  if (typeof value !== "boolean" || name !== "tostring") return value;
  return value ? "True" : "False";
}

/** `mvfilter` runs its condition over each value of the one field that it names. */
function mvfilter(call: Call, scope: Scope, compile: Compile): Evaluation {
  const [condition] = call.arguments;
  const names = new Set<string>();
  if (condition !== undefined) {
    walkExpression(condition, (each) => {
      if (each.type === "field") names.add(each.name);
    });
  }
  const [name] = names;
  if (condition === undefined || name === undefined || names.size !== 1) {
    throw new SplProblem("function-arguments", call.at, "the condition of mvfilter() must name one field");
  }
  const test = compile(condition, scope);
  return (row) => {
    const alone = row.copy();
    const kept = scalarsOf(row.get(name)).filter((value) => {
      alone.set(name, value);
      return test(alone) === true;
    });
    return fieldValueOf(kept);
  };
}

const builders: Readonly<Record<string, Builder>> = { ...conditionFunctions, ...multivalueFunctions };

/** A call made ready. Throws {@link SplProblem} for what is wrong whatever the row. */
export function functionOf(call: Call, scope: Scope, compile: Compile): Evaluation {
  if (call.name === "mvfilter") return mvfilter(call, scope, compile);
  const values = call.arguments.map((argument) => compile(argument, scope));
  const builder = Object.hasOwn(builders, call.name) ? builders[call.name] : undefined;
  if (builder !== undefined) {
    checkPattern(call);
    return builder(values, call.at);
  }
  const scalars = { ...textFunctions, ...numberFunctions, ...timeFunctions(scope) };
  const apply = scalars[call.name];
  checkPattern(call);
  if (["now", "time"].includes(call.name)) nowOf(scope, call.at, `${call.name}()`);
  if (apply === undefined) {
    throw new SplProblem("unknown-function", call.at, `there is no function "${call.name}"`);
  }
  return ofScalars(apply, values, call);
}
