import { z } from "zod";
import { fieldAt } from "../../src/siem/connector/values.js";
import { Refusal } from "./stand-in.js";

type Document = Readonly<Record<string, unknown>>;

const one = <T extends z.ZodType>(value: T) =>
  z.record(z.string(), value).refine((record) => Object.keys(record).length === 1, "one field expected");

const bounds = z.strictObject({
  gte: z.string().optional(),
  lte: z.string().optional(),
  /** Of dates; keywords are in the order of their letters. */
  format: z.literal("epoch_millis").optional(),
});
const clauseSchema = z.union([
  z.strictObject({
    bool: z.strictObject({
      filter: z.array(z.unknown()).optional(),
      should: z.array(z.unknown()).optional(),
      minimum_should_match: z.number().optional(),
    }),
  }),
  z.strictObject({ term: one(z.union([z.string(), z.boolean()])) }),
  z.strictObject({ terms: one(z.array(z.string())) }),
  z.strictObject({ range: one(bounds) }),
  z.strictObject({ match_phrase: one(z.string()) }),
  z.strictObject({ match_all: z.strictObject({}) }),
  z.strictObject({
    query_string: z.strictObject({
      query: z.string(),
      analyze_wildcard: z.boolean().optional(),
      allow_leading_wildcard: z.boolean().optional(),
    }),
  }),
]);

/** Whether a document answers a query in the domain's language. @throws Refusal for a query that it does not know */
export function answers(document: Document, query: unknown): boolean {
  const parsed = clauseSchema.safeParse(query);
  if (!parsed.success) throw new Refusal(400, `unknown query [${JSON.stringify(query)}]`);
  const clause = parsed.data;
  if ("bool" in clause) {
    const { filter = [], should = [], minimum_should_match = filter.length === 0 ? 1 : 0 } = clause.bool;
    const hits = should.filter((each) => answers(document, each)).length;
    return filter.every((each) => answers(document, each)) && hits >= minimum_should_match;
  }
  if ("match_all" in clause) return true;
  if ("query_string" in clause) return answersText(document, clause.query_string.query);
  if ("term" in clause) return onField(clause.term, (values, wanted) => values.includes(wanted), document);
  if ("terms" in clause)
    return onField(
      clause.terms,
      (values, wanted) => values.some((value) => wanted.includes(String(value))),
      document,
    );
  if ("match_phrase" in clause)
    return onField(
      clause.match_phrase,
      (values, wanted) => values.some((value) => phrase(String(value)).includes(phrase(wanted))),
      document,
    );
  return onField(
    clause.range,
    (values, { gte, lte, format }) =>
      values.some((value) => {
        if (format === undefined)
          return (gte === undefined || String(value) >= gte) && (lte === undefined || String(value) <= lte);
        const time = typeof value === "number" ? value : Date.parse(String(value));
        return time >= Number(gte ?? -Infinity) && time <= Number(lte ?? Infinity);
      }),
    document,
  );
}

function onField<T>(
  clause: Readonly<Record<string, T>>,
  test: (values: readonly unknown[], wanted: T) => boolean,
  document: Document,
): boolean {
  const [field, wanted] = Object.entries(clause)[0] as [string, T];
  const value = fieldAt(document, field);
  return test(value === undefined ? [] : [value].flat(), wanted);
}

/** The words of a text, as the standard analyzer cuts them. */
function phrase(text: string): string {
  return ` ${text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .filter((word) => word !== "")
    .join(" ")} `;
}

/** Lucene's syntax as far as the tests use it: `field:value` with wildcards, or `field:/expression/`. */
function answersText(document: Document, query: string): boolean {
  const [, field, pattern] = /^([\w.@\\]+):(\/.*\/|(?:[^\s\\]|\\.)+)$/s.exec(query) ?? [];
  if (field === undefined || pattern === undefined)
    throw new Refusal(400, `Failed to parse query [${query}]`);
  const expression =
    pattern.startsWith("/") && pattern.endsWith("/") ? pattern.slice(1, -1) : wildcards(pattern);
  return onField(
    { [field.replaceAll("\\", "")]: new RegExp(`^(?:${expression})$`, "s") },
    (values, wanted) => values.some((value) => wanted.test(String(value))),
    document,
  );
}

function wildcards(pattern: string): string {
  return pattern.replaceAll(/\\?./gs, (sign) => {
    if (sign === "*") return ".*";
    return sign === "?" ? "." : sign.replace(/^\\/, "").replaceAll(/[^\w]/g, String.raw`\$&`);
  });
}
