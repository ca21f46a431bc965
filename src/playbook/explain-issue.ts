import type { z } from "zod";
import type { Diagnostic, Position } from "../errors.js";
import { describe, describeType, describeValue, keysAt, schemasAt } from "./schema-walk.js";
import { nearest, suggestion } from "./suggest.js";
import type { Path, YamlSource } from "./yaml-source.js";

type Issue = z.core.$ZodIssue;

/** How many problems of one file (and unknown keys of one map) are reported; the rest is found when these are corrected. */
const maximumProblems = 100;

/** Turns what zod says about a document into diagnostics with exact positions and suggestions. */
export function explainIssues(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  document: unknown,
  source: YamlSource,
): Diagnostic[] {
  const all = issues.flatMap((issue) => flatten(issue, document));
  // Every problem is looked up in the document: a file of nothing but problems must not take minutes.
  const flat = all
    .slice(0, maximumProblems)
    .map((issue) =>
      issue.code === "unrecognized_keys" ? { ...issue, keys: issue.keys.slice(0, maximumProblems) } : issue,
    );
  const misspelt = new Set(
    flat.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) =>
            pathKey([...issue.path, nearest(key, keysAt(schema, issue.path, document)) ?? ""]),
          )
        : [],
    ),
  );
  return (
    flat
      // A key that is missing because it is misspelt is reported once, where it is misspelt.
      .filter((issue) => !(isMissing(issue, document) && misspelt.has(pathKey(issue.path))))
      .flatMap((issue) => explain(issue, schema, document, source))
      .sort((a, b) => a.line - b.line || a.column - b.column)
  );
}

function pathKey(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** Replaces a union's issue by those of the alternative that was meant, when that is clear from the value's kind. */
function flatten(issue: Issue, document: unknown): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const value = valueAt(document, issue.path);
  const meant = issue.errors.filter(
    (errors) => !errors.some(({ code, path }) => isWrongKind(code) && path.length === 0),
  );
  const only = meant.length === 1 && typeof value === "object" ? meant[0] : undefined;
  if (only === undefined) return [issue];
  return only.flatMap((inner) =>
    flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue, document),
  );
}

function isWrongKind(code: string): boolean {
  return code === "invalid_type" || code === "invalid_value";
}

function isMissing(issue: Issue, document: unknown): boolean {
  const last = issue.path.at(-1);
  if (last === undefined || issue.code === "unrecognized_keys") return false;
  const parent = valueAt(document, issue.path.slice(0, -1));
  return (
    typeof parent === "object" && parent !== null && !Array.isArray(parent) && !Object.hasOwn(parent, last)
  );
}

/** The value at a path of a document; undefined where there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function explain(issue: Issue, schema: z.core.$ZodType, document: unknown, source: YamlSource): Diagnostic[] {
  const error = (position: Position, code: string, message: string, hint = ""): Diagnostic => ({
    ...position,
    severity: "error",
    code,
    message,
    hint,
  });
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path, document);
    const given = valueAt(document, path);
    const open = known.filter(
      (key) => typeof given !== "object" || given === null || !Object.hasOwn(given, key),
    );
    return issue.keys.map((key) =>
      error(
        source.key([...path, key]),
        "unknown-key",
        `unknown key "${key}"${within(path)}`,
        suggestion(key, open),
      ),
    );
  }
  if (isMissing(issue, document)) {
    const schemas = schemasAt(schema, path, document);
    const expected = schemas.length === 0 ? "" : `: ${schemas.map(describe).join(" or ")}`;
    const message = `the key "${String(path.at(-1))}" is missing${within(path.slice(0, -1))}`;
    return [
      error(
        source.value(path.slice(0, -1)),
        "missing-key",
        message,
        `add "${String(path.at(-1))}"${expected}`,
      ),
    ];
  }
  const value = valueAt(document, path);
  const found = `found ${describeValue(value)}`;
  const name = nameOf(path);
  switch (issue.code) {
    case "invalid_type": {
      const expected =
        schemasAt(schema, path, document).map(describe).join(" or ") || describeType(issue.expected);
      const quoted = issue.expected === "string" && (typeof value === "number" || typeof value === "boolean");
      const hint = quoted ? `write it in quotes: "${String(value)}"` : "";
      return [error(source.value(path), "wrong-type", `${name}: expected ${expected}, ${found}`, hint)];
    }
    case "invalid_union": {
      const schemas = schemasAt(schema, path, document).map(describe);
      const hint = typeof value === "string" ? choiceHint(value, schema, path, document) : "";
      return [
        error(source.value(path), "wrong-type", `${name}: expected ${schemas.join(" or ")}, ${found}`, hint),
      ];
    }
    case "invalid_value": {
      const values = issue.values.map(String);
      const hint = typeof value === "string" ? suggestion(value, values) : "";
      const message = `${name}: expected ${values.length > 1 ? "one of " : ""}${values.join(", ")}; ${found}`;
      return [error(source.value(path), "invalid-value", message, hint)];
    }
    case "invalid_format": {
      const expected =
        issue.format === "guid" ? "expected a GUID (8-4-4-4-12 hexadecimal digits)" : issue.message;
      const hint = issue.format === "guid" ? "`uuidgen` makes one" : "";
      return [error(source.value(path), "invalid-value", `${name}: ${expected}, ${found}`, hint)];
    }
    case "invalid_key": {
      const own = issue.issues.find(({ message }) => message.startsWith("expected "))?.message;
      const reason =
        own ?? "a name here is made of lower-case letters, digits and underscores, a letter first";
      return [error(source.key(path), "invalid-key", `${name}: ${reason}`)];
    }
    case "too_small":
    case "too_big": {
      const limit = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const bound =
        issue.inclusive === false
          ? limit.replace("at least", "more than").replace("at most", "less than")
          : limit;
      const unit = issue.origin === "array" ? " entries" : issue.origin === "string" ? " characters" : "";
      return [error(source.value(path), "invalid-value", `${name}: expected ${bound}${unit}, ${found}`)];
    }
    default:
      return [error(source.value(path), "invalid-value", `${name}: ${issue.message}`)];
  }
}

/** A suggestion when a text stands where one of several words is allowed. */
function choiceHint(value: string, schema: z.core.$ZodType, path: Path, document: unknown): string {
  const words = schemasAt(schema, path, document).flatMap((candidate) => {
    const definition = candidate._zod.def as { type: string; values?: readonly unknown[] };
    return definition.type === "literal" ? (definition.values ?? []).map(String) : [];
  });
  const near = nearest(value, words);
  return near === null ? "" : `did you mean "${near}"?`;
}

/** A path as people read it: `procedures[0].proof.stdout`. */
export function nameOf(path: Path): string {
  const name = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return name === "" ? "the document" : name.replace(/^\./, "");
}

function within(path: Path): string {
  return path.length === 0 ? "" : ` in ${nameOf(path)}`;
}
