import type { z } from "zod";
import type { Path } from "./yaml-source.js";

type Schema = z.core.$ZodType;

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly options?: readonly Schema[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string | number>>;
  /** The key by whose value a union's alternatives are told apart. */
  readonly discriminator?: string;
}

function definitionOf(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition;
}

function unwrap(schema: Schema): Schema {
  const { innerType } = definitionOf(schema);
  return innerType === undefined ? schema : unwrap(innerType);
}

/**
 * The schemas that may describe the value at a path of a document: several under a union, none under an unknown key. Of a union whose
 * alternatives a key tells apart only the one that the document names.
 */
export function schemasAt(schema: Schema, path: Path, document: unknown): Schema[] {
  const here = unwrap(schema);
  const definition = definitionOf(here);
  if (definition.type === "union")
    return meantOf(definition, document).flatMap((option) => schemasAt(option, path, document));
  const [step, ...rest] = path;
  if (step === undefined) return [here];
  const below = Object.hasOwn(Object(document) as object, step)
    ? (document as Record<PropertyKey, unknown>)[step]
    : undefined;
  if (definition.type === "object") {
    const next = Object.hasOwn(definition.shape ?? {}, step) ? definition.shape?.[String(step)] : undefined;
    return next === undefined ? [] : schemasAt(next, rest, below);
  }
  const inner = definition.type === "array" ? definition.element : definition.valueType;
  return inner === undefined ? [] : schemasAt(inner, rest, below);
}

function meantOf({ options = [], discriminator }: Definition, value: unknown): readonly Schema[] {
  if (discriminator === undefined || typeof value !== "object" || value === null) return options;
  const named = (value as Record<string, unknown>)[discriminator];
  const meant = options.filter((option) => {
    const word = definitionOf(unwrap(option)).shape?.[discriminator];
    return word !== undefined && definitionOf(unwrap(word)).values?.includes(named) === true;
  });
  return meant.length > 0 ? meant : options;
}

/** The keys that a map at a path of a document may have. */
export function keysAt(schema: Schema, path: Path, document: unknown): string[] {
  return schemasAt(schema, path, document).flatMap((candidate) =>
    Object.keys(definitionOf(candidate).shape ?? {}),
  );
}

/** What a value of a schema looks like, in words. */
export function describe(schema: Schema): string {
  const definition = definitionOf(unwrap(schema));
  switch (definition.type) {
    case "object": {
      const required = Object.entries(definition.shape ?? {})
        .filter(([, value]) => value._zod.optin !== "optional")
        .map(([key]) => key);
      return required.length === 0 ? "a map" : `a map with ${list(required, "and")}`;
    }
    case "record":
      return "a map";
    case "array":
      return definition.element === undefined
        ? "a list"
        : `a list (each entry ${describe(definition.element)})`;
    case "literal":
      return list(
        (definition.values ?? []).map((value) => JSON.stringify(value)),
        "or",
      );
    case "enum":
      return `one of ${Object.values(definition.entries ?? {}).join(", ")}`;
    case "union":
      return list((definition.options ?? []).map(describe), "or");
    default:
      return describeType(definition.type);
  }
}

/** A zod or YAML type in words. */
export function describeType(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    object: "a map",
    record: "a map",
    array: "a list",
    null: "nothing",
  };
  return words[type] ?? type;
}

/** What was found in a file, in words, short. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") {
    if (value === "") return "an empty text";
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)}`;
  }
  // Only scalars are left.
  const text = JSON.stringify(value) ?? "something else";
  return typeof value === "boolean" ? `the truth value ${text}` : `the number ${text}`;
}

function list(words: readonly string[], last: "and" | "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1) as string}`;
}
