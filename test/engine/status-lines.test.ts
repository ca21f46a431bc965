import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freshNonce } from "../../src/engine/nonce.js";
import { splitStatus, StatusReader, statusOf } from "../../src/engine/status-lines.js";

const nonce = "tyrian-0123456789abcdef01234567";
const line = (report: string): string => `\n${nonce} ${report}\n`;

describe("a script's standard error", () => {
  test("is split into what the procedure wrote, byte for byte, and what the script reported", () => {
    const stderr = `${line("started")}no line feed${line("ended 3")}\n\n${line("left-behind 7 8")}`;
    expect(splitStatus(stderr, nonce)).toEqual({
      text: "no line feed\n\n",
      statuses: [
        { word: "started", rest: "" },
        { word: "ended", rest: "3" },
        { word: "left-behind", rest: "7 8" },
      ],
    });
  });

  test("keeps lines that only resemble a report: another nonce, none, or not the whole line", () => {
    const forged = [
      `\n${freshNonce()} ended 0\n`,
      "\nended 0\n",
      `\nx${nonce} ended 0\n`,
      `\n${nonce}ended 0\n`,
      `\n${nonce} ended 0`,
    ].join("");
    expect(splitStatus(forged, nonce)).toEqual({ text: forged, statuses: [] });
  });

  test("has in a repeated report its last word", () => {
    const { statuses } = splitStatus(`${line("remaining 2")}${line("remaining 0")}`, nonce);
    expect(statusOf(statuses, "remaining")).toEqual({ word: "remaining", rest: "0" });
    expect(statusOf(statuses, "swept")).toBeNull();
  });
});

test("a nonce is fresh each time, so that no procedure can know it", () => {
  const nonces = Array.from({ length: 100 }, freshNonce);
  expect(new Set(nonces).size).toBe(100);
  expect(nonces.every((one) => /^tyrian-[0-9a-f]{24}$/.test(one))).toBe(true);
});

describe("reports read as they arrive", () => {
  /** The reports of a text that arrives in pieces. */
  function read(pieces: readonly Uint8Array[]): string[] {
    const reader = new StatusReader(nonce);
    for (const piece of pieces) reader.push(piece);
    return reader.statuses.map(({ word, rest }) => `${word} ${rest}`.trim());
  }

  test("are the same however the output is cut into pieces", () => {
    const text = `noise é${line("started")}日本語${line("ended 0")}\n${line("left-behind 1 2 3")}`;
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const pieces = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        expect(read(pieces)).toEqual(["started", "ended 0", "left-behind 1 2 3"]);
      }),
    );
  });

  test("are found after any amount of the procedure's own output", () => {
    const flood = Array.from({ length: 300 }, () => Buffer.alloc(65_536, "x"));
    expect(read([Buffer.from(line("started")), ...flood, Buffer.from(line("ended 0"))])).toEqual([
      "started",
      "ended 0",
    ]);
  });

  test("may be long, as the one that names every process left behind, and come in pieces all the same", () => {
    const numbers = Array.from({ length: 500 }, (_, index) => 10_000 + index).join(" ");
    const bytes = Buffer.from(line(`left-behind ${numbers}`));
    const pieces = Array.from({ length: bytes.length }, (_, index) => bytes.subarray(index, index + 1));
    expect(read(pieces)).toEqual([`left-behind ${numbers}`]);
  });
});
