import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allPages, pagesByTime } from "../../../src/siem/http/pages.js";

interface Row {
  readonly id: string;
  readonly time: bigint;
}

/** A server that pages by time alone: the first rows of a span, in order of time; rows of one time come in any order. */
function server(rows: readonly Row[], size: number) {
  return (from: bigint, to: bigint): Promise<Row[]> => {
    const inSpan = rows.filter(({ time }) => time >= from && time <= to);
    return Promise.resolve(
      inSpan.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).slice(0, size),
    );
  };
}

const paging = (rows: readonly Row[], size: number) => ({
  ...{ from: 0n, to: 1_000n, size },
  fetch: server(rows, size),
  timeOf: ({ time }: Row) => time,
  idOf: ({ id }: Row) => id,
});

describe("a server that pages by time alone", () => {
  test("gives every row once, whatever times they have, as long as a page holds those of one time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 80 }), async (times) => {
        const rows = times.map((time, index) => ({ id: `r${index}`, time: BigInt(time) }));
        const most = Math.max(0, ...times.map((time) => times.filter((other) => other === time).length));
        const found = await pagesByTime(paging(rows, most + 1));
        expect(found.lacks).toBeNull();
        expect(found.rows.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
      }),
    );
  });

  test("that has more rows of one time than a page holds cannot be read to the end, and that is said", async () => {
    const same = Array.from({ length: 5 }, (_, index) => ({ id: `same${index}`, time: 7n }));
    const { rows, lacks } = await pagesByTime(paging([...same, { id: "later", time: 8n }], 3));
    expect(lacks).toBe("more than 3 rows have the time 7, and a page holds no more");
    // What comes after is not lost with them.
    expect(rows.map(({ id }) => id)).toContain("later");
  });

  test("with more rows than anybody should ask for is left at that, and that is said", async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({ id: `r${index}`, time: BigInt(index) }));
    const found = await pagesByTime(paging(rows, 10), 30);
    expect(found.rows.length).toBeLessThan(100);
    expect(found.lacks).toContain("there are more than");
  });
});

describe("a server that tells where the next page begins", () => {
  test("is followed to the end, and what a page lacks is kept", async () => {
    const found = await allPages(0, (from) =>
      Promise.resolve({
        rows: [from],
        next: from < 3 ? from + 1 : null,
        lacks: from === 2 ? "a shard" : null,
      }),
    );
    expect(found).toEqual({ rows: [0, 1, 2, 3], lacks: "a shard" });
  });

  test("and sends us in a circle is not followed for ever", async () => {
    let asked = 0;
    const found = await allPages("a", (from) => {
      asked += 1;
      return Promise.resolve({ rows: [from], next: from === "a" ? "b" : "a" });
    });
    expect(asked).toBe(2);
    expect(found.lacks).toContain("a second time");
  });
});
