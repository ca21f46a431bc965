import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FileFollower } from "../../src/telemetry/follow.js";
import type { FollowOptions } from "../../src/telemetry/follow.js";
import { LineSplitter } from "../../src/telemetry/line-splitter.js";

let folder: string;
let log: string;
let followers: FileFollower[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-follow-"));
  log = join(folder, "log");
  followers = [];
});
afterEach(async () => {
  await Promise.all(followers.map((follower) => follower.close()));
  rmSync(folder, { recursive: true, force: true });
});

function follow(options: FollowOptions): {
  texts: string[];
  positions: number[];
  lost: string[];
  failures: (string | null)[];
  restarts: number[];
  follower: FileFollower;
} {
  const texts: string[] = [];
  const positions: number[] = [];
  const lost: string[] = [];
  const failures: (string | null)[] = [];
  const restarts: number[] = [];
  const follower = new FileFollower(log, options, {
    lines: (lines) => {
      for (const { text, position } of lines) {
        texts.push(text);
        positions.push(position);
      }
    },
    restarted: () => restarts.push(texts.length),
    lost: (what) => lost.push(what),
    failure: (reason) => failures.push(reason),
  });
  followers.push(follower);
  return { texts, positions, lost, failures, restarts, follower };
}

describe("where it begins", () => {
  test("at the start, at the end, or at a whole line within the last bytes", async () => {
    writeFileSync(log, "one\ntwo\nthree\n");
    const start = follow({ from: "start" });
    const end = follow({ from: "end" });
    const cut = follow({ from: { lastBytes: 8 } });
    const whole = follow({ from: { lastBytes: 6 } });
    const more = follow({ from: { lastBytes: 1000 } });
    await Promise.all([start, end, cut, whole, more].map(({ follower }) => follower.catchUp()));
    appendFileSync(log, "four\n");
    await Promise.all([start, end, cut, whole, more].map(({ follower }) => follower.catchUp()));
    expect(start.texts).toEqual(["one", "two", "three", "four"]);
    expect(start.positions).toEqual([0, 4, 8, 14]);
    expect(end.texts).toEqual(["four"]);
    expect(cut.texts).toEqual(["three", "four"]);
    expect(whole.texts).toEqual(["three", "four"]);
    expect(more.texts).toEqual(["one", "two", "three", "four"]);
  });

  test("a file that appears later is read from its start, and its absence is told", async () => {
    const { texts, failures, follower } = follow({ from: "end" });
    await follower.catchUp();
    expect(failures).toEqual([expect.stringContaining("ENOENT")]);
    writeFileSync(log, "one\n");
    await follower.catchUp();
    expect(texts).toEqual(["one"]);
    expect(failures.at(-1)).toBeNull();
    expect(follower.failure).toBeNull();
  });

  test("a folder in the file's place is a failure, and no end of trying", async () => {
    mkdirSync(log);
    const { texts, failures, follower } = follow({ from: "start" });
    await follower.catchUp();
    expect(follower.failure).toContain("not a regular file");
    rmSync(log, { recursive: true });
    writeFileSync(log, "one\n");
    await vi.waitFor(() => expect(texts).toEqual(["one"]), { timeout: 20_000 });
    expect(failures.at(-1)).toBeNull();
  });
});

test("lines are told when they are written, by the file system's own notice", async () => {
  writeFileSync(log, "");
  const { texts, follower } = follow({ from: "start", pollMs: 600_000 });
  await follower.catchUp();
  for (let n = 0; n < 10; n += 1) {
    await sleep(20);
    appendFileSync(log, `line ${n}\n`);
    await vi.waitFor(() => expect(texts).toHaveLength(n + 1), { interval: 1, timeout: 20_000 });
  }
});

test("a line is told when its end is written, whatever the pieces and the characters", async () => {
  writeFileSync(log, "");
  const { texts, follower } = follow({ from: "start" });
  const line = Buffer.from("größe 日本 🙂\n");
  for (const byte of line) {
    expect(texts).toEqual([]);
    appendFileSync(log, Buffer.from([byte]));
    await follower.catchUp();
  }
  expect(texts).toEqual(["größe 日本 🙂"]);
});

test("splitting any bytes anywhere gives the same lines", () => {
  const text = fc.array(
    fc.string({ unit: "binary" }).map((s) => s.replaceAll("\n", " ")),
    { minLength: 1, maxLength: 10 },
  );
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const splitter = new LineSplitter(100, 1_000_000, false);
      const found: string[] = [];
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const size = sizes[n % sizes.length] ?? 1;
        const scratch = Buffer.from(bytes.subarray(at, at + size));
        found.push(...splitter.push(scratch, 100 + at).map((line) => line.text));
        scratch.fill(0);
        at += size;
      }
      expect(found).toEqual(lines.map((line) => Buffer.from(line).toString("utf8")));
    }),
  );
});

test("a line over the maximum is dropped and told; its neighbours are not", async () => {
  writeFileSync(log, `one\n${"x".repeat(600_000)}\n${"y".repeat(100)}\n`);
  const { texts, lost, follower } = follow({ from: "start", maximumLineBytes: 100 });
  await follower.catchUp();
  appendFileSync(log, "z".repeat(101));
  await follower.catchUp();
  appendFileSync(log, "z\nend\n");
  await follower.catchUp();
  expect(texts).toEqual(["one", "y".repeat(100), "end"]);
  expect(lost).toHaveLength(2);
});

describe("rotation", () => {
  test("the old file is read to its end, then the new one; positions go on growing", async () => {
    writeFileSync(log, "one\n");
    const { texts, positions, lost, follower } = follow({ from: "start" });
    await follower.catchUp();
    appendFileSync(log, "two\n");
    renameSync(log, `${log}.1`);
    writeFileSync(log, "");
    await follower.catchUp();
    appendFileSync(`${log}.1`, "three, by a writer who still holds the old file\n");
    appendFileSync(log, "four\n");
    await follower.catchUp();
    appendFileSync(log, "five\n");
    await follower.catchUp();
    expect(texts).toEqual(["one", "two", "three, by a writer who still holds the old file", "four", "five"]);
    expect(positions).toEqual([...positions].toSorted((a, b) => a - b));
    expect(new Set(positions).size).toBe(5);
    expect(lost).toEqual([]);
  });

  test("several rotations between two looks lose nothing", async () => {
    writeFileSync(log, "one\n");
    const { texts, follower } = follow({ from: "start", pollMs: 100_000 });
    await follower.catchUp();
    for (const word of ["two", "three", "four"]) {
      for (const n of [2, 1]) {
        try {
          renameSync(`${log}.${n}`, `${log}.${n + 1}`);
        } catch {
          // there are not so many yet
        }
      }
      renameSync(log, `${log}.1`);
      writeFileSync(log, `${word}\n`);
    }
    await follower.catchUp();
    await follower.catchUp();
    expect(texts).toEqual(["one", "two", "three", "four"]);
  });

  test("a line that the rotation cut is told as lost", async () => {
    writeFileSync(log, "one\nhal");
    const { texts, lost, follower } = follow({ from: "start" });
    await follower.catchUp();
    renameSync(log, `${log}.1`);
    writeFileSync(log, "two\n");
    await follower.catchUp();
    expect(texts).toEqual(["one", "two"]);
    expect(lost).toEqual([expect.stringContaining("cut")]);
  });

  test("1,000 lines through 50 rotations by a fast writer arrive whole and in order", async () => {
    writeFileSync(log, "");
    const { texts, lost, follower } = follow({ from: "start" });
    const wanted = Array.from({ length: 1000 }, (_, index) => `line ${index} é`);
    for (const [index, line] of wanted.entries()) {
      if (index % 20 === 19) {
        renameSync(log, `${log}.1`);
        writeFileSync(log, "");
        await sleep(1);
      }
      appendFileSync(log, `${line}\n`);
      if (index % 20 === 10) await follower.catchUp();
    }
    await follower.catchUp();
    await follower.catchUp();
    expect(texts).toEqual(wanted);
    expect(lost).toEqual([]);
  });

  test("a path that stays away becomes a failure, while the old file is still read", async () => {
    writeFileSync(log, "one\n");
    const { texts, failures, follower } = follow({ from: "start" });
    await follower.catchUp();
    unlinkSync(log);
    await follower.catchUp();
    expect(failures).toEqual([]);
    await vi.waitFor(() => expect(failures).toEqual([expect.stringContaining("ENOENT")]), {
      timeout: 20_000,
    });
    writeFileSync(log, "two\n");
    await vi.waitFor(() => expect(texts).toEqual(["one", "two"]), { timeout: 20_000 });
    expect(follower.failure).toBeNull();
  });
});

describe("truncation", () => {
  test("is told, and the new content is read from its start", async () => {
    writeFileSync(log, "one\ntwo\n");
    const { texts, lost, restarts, positions, follower } = follow({ from: "start" });
    await follower.catchUp();
    truncateSync(log);
    await follower.catchUp();
    appendFileSync(log, "new\n");
    await follower.catchUp();
    expect(texts).toEqual(["one", "two", "new"]);
    expect(restarts).toEqual([2]);
    expect(lost).toHaveLength(1);
    expect(positions).toEqual([0, 4, 8]);
  });

  test("is noticed although the file has outgrown its former size by the next look", async () => {
    writeFileSync(log, "one\ntwo\n");
    const { texts, restarts, follower } = follow({ from: "start", pollMs: 100_000 });
    await follower.catchUp();
    copyFileSync(log, `${log}.1`);
    writeFileSync(log, "a longer text than before\nand more\n");
    await follower.catchUp();
    await follower.catchUp();
    expect(texts).toEqual(["one", "two", "a longer text than before", "and more"]);
    expect(restarts).toEqual([2]);
  });
});

test("close ends it: nothing is told afterwards and nothing stays open", async () => {
  writeFileSync(log, "one\n");
  const { texts, follower } = follow({ from: "start" });
  await follower.catchUp();
  await follower.close();
  await follower.close();
  appendFileSync(log, "two\n");
  await follower.catchUp();
  await sleep(150);
  expect(texts).toEqual(["one"]);
});
