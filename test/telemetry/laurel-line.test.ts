import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { readLaurelLine } from "../../src/telemetry/laurel-line.js";
import { laurelLine } from "../siem/received.js";

const id = z.int().nonnegative();

/** What `readLaurelLine` is to accept, said the other way. */
const schema = z.object({
  ID: z.string().regex(/^\d{1,11}\.\d{3}:\d{1,15}$/),
  SYSCALL: z
    .object({
      arch: z.string().optional(),
      syscall: z.union([z.int(), z.string()]),
      success: z.string().optional(),
      exit: z.int(),
      pid: id,
      ppid: id,
      uid: id.optional(),
      euid: id.optional(),
      auid: id.optional(),
      ses: id.optional(),
      tty: z.string().optional(),
      comm: z.string().nullish(),
      exe: z.string().nullish(),
      key: z.string().nullish(),
    })
    .optional(),
  EXECVE: z.object({ argc: z.int(), ARGV: z.array(z.unknown()) }).optional(),
  CWD: z.object({ cwd: z.string() }).optional(),
  PATH: z.array(z.object({ item: z.int(), name: z.string().nullish() })).optional(),
});

/** The same line by the schema: null, or the parts that are read. */
const bySchema = (value: unknown): unknown => schema.safeParse(value).data ?? null;

const whole = JSON.parse(laurelLine(7, "/bin/echo", "hi")) as Record<string, unknown>;
const full = {
  ...whole,
  SYSCALL: { ...(whole["SYSCALL"] as object), euid: 0, auid: 1000, tty: "pts0", comm: "echo" },
  PATH: [
    { item: 0, name: "/bin/echo" },
    { item: 1, name: null },
  ],
};

/** Every place in a value, as the keys that lead to it. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))];
}

/** The value with another one, or nothing, at a place. */
function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, at) => (at === Number(key) ? replaced(inner, rest, by) : inner));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    -1,
    0,
    0.5,
    2 ** 53,
    -(2 ** 53),
    1e300,
    "",
    "1",
    "(null)",
    [],
    {},
    true,
  ),
  fc.constantFrom<unknown>(
    "1.000:1",
    "1.00:1",
    "123456789012.000:1",
    "1.000:1234567890123456",
    "1.000:1\n",
    "٣.000:1",
  ),
  fc.jsonValue(),
);

test("what it accepts and refuses is what the schema does, whatever is wrong at whatever places", () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...placesOf(full)), odd), { maxLength: 2 }), (changes) => {
      let changed: unknown = full;
      for (const [place, by] of changes) {
        const reached = place.slice(0, -1).reduce<unknown>((at, key) => (at as never)?.[key], changed);
        if (place.length === 0 || (typeof reached === "object" && reached !== null))
          changed = replaced(changed, place, by);
      }
      const text = JSON.stringify(changed) ?? "";
      const read = readLaurelLine(text);
      let wanted: unknown = null;
      try {
        wanted = bySchema(JSON.parse(text.slice(Math.max(0, text.indexOf("{")))));
      } catch {
        wanted = null;
      }
      if (read === null) refused += 1;
      else accepted += 1;
      // The schema leaves out what it does not name.
      expect(read === null ? null : bySchema(read)).toEqual(wanted);
      expect(read === null).toBe(wanted === null);
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(100);
});

test("a prefix for syslog is passed over, and what is no JSON is refused", () => {
  expect(readLaurelLine(`@cee: ${JSON.stringify(full)}`)).toEqual(full);
  for (const text of ["", "{", "x", "null", "[]", '"{}"', "{}{}"]) expect(readLaurelLine(text)).toBeNull();
});
