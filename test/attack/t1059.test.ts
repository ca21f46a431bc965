import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { attackAnalytics, techniques } from "../../src/attack/t1059.js";
import { skippedFor } from "../skipped.js";

const file = resolve(import.meta.dirname, "../../../shared/attack/t1059.json");

test("the facts are those of the release", skippedFor(existsSync(file) ? null : `${file} is absent`), () => {
  const facts = JSON.parse(readFileSync(file, "utf8")) as {
    readonly techniques: readonly { id: string; name: string; platforms: string[] }[];
    readonly analytics: Readonly<
      Record<string, readonly { strategy: string; analytic: string; platforms: string[] }[]>
    >;
  };
  const byId = <T extends { readonly id: string }>(list: readonly T[]): T[] =>
    list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const sorted = (names: readonly string[]): string[] => names.toSorted();
  expect(byId(techniques).map((one) => ({ ...one, platforms: sorted(one.platforms) }))).toEqual(
    byId(facts.techniques).map(({ id, name, platforms }) => ({ id, name, platforms: sorted(platforms) })),
  );
  const wanted = Object.entries(facts.analytics).flatMap(([technique, list]) =>
    list.map(({ analytic: id, strategy, platforms }) => ({ id, strategy, technique, platforms })),
  );
  expect(byId(attackAnalytics)).toEqual(byId(wanted));
});
