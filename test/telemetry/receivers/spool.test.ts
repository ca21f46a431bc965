import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Place, Spool } from "../../../src/telemetry/receivers/spool.js";

let folder: string;
let opened: Spool[];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "tyrian-spool-")), "records");
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((spool) => spool.close()));
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

async function open(options: { maximumBytes?: number; segmentBytes?: number } = {}): Promise<Spool> {
  const spool = await Spool.open(folder, { maximumBytes: 1_000_000, segmentBytes: 100_000, ...options });
  opened.push(spool);
  return spool;
}

async function replayed(spool: Spool): Promise<[Place, string][]> {
  const found: [Place, string][] = [];
  for await (const { first, lines } of spool.replay()) {
    for (const [index, line] of lines.entries())
      found.push([{ segment: first.segment, line: first.line + index }, line]);
  }
  return found;
}

const files = (): string[] => readdirSync(folder).toSorted();

test("a line is in the file when append has resolved, and is read back at the same place after a restart", async () => {
  const spool = await open();
  const places = await Promise.all([spool.append(["a", "b"]), spool.append(["c \u2028 é"])]);
  const [file = ""] = files();
  expect(readFileSync(join(folder, file), "utf8")).toBe("a\nb\nc \u2028 é\n");
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  expect(places).toEqual([
    { segment: 1, line: 1 },
    { segment: 1, line: 3 },
  ]);
  await spool.close();
  expect(await replayed(await open())).toEqual([
    [{ segment: 1, line: 1 }, "a"],
    [{ segment: 1, line: 2 }, "b"],
    [{ segment: 1, line: 3 }, "c \u2028 é"],
  ]);
});

test("a last line that a crash has cut is taken away, at any length", async () => {
  for (const cut of ["x", "y".repeat(200_000)]) {
    const spool = await open();
    await spool.append(["whole"]);
    await spool.close();
    appendFileSync(join(folder, files().at(-1) as string), cut);
    const again = await open();
    expect((await replayed(again)).at(-1)?.[1]).toBe("whole");
    await again.append(["next"]);
    await again.close();
    expect((await replayed(await open())).slice(-2).map(([, line]) => line)).toEqual(["whole", "next"]);
  }
});

test("beyond its size the oldest files go, and it says since when it is whole", async () => {
  const spool = await open({ maximumBytes: 3_000, segmentBytes: 1_000 });
  expect(spool.droppedUntil).toBeNull();
  for (let index = 0; index < 50; index += 1) await spool.append([`${index} ${"x".repeat(200)}`]);
  expect(spool.bytes).toBeLessThanOrEqual(3_000);
  expect(spool.droppedUntil).toBeGreaterThan(0);
  await spool.close();
  const again = await open();
  expect(again.droppedUntil).toBe(spool.droppedUntil);
  const lines = (await replayed(again)).map(([, line]) => Number(line.split(" ")[0]));
  expect(lines.at(-1)).toBe(49);
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => 50 - lines.length + index));
});

test("what cannot be written is refused, and what comes when it can be again is stored", async () => {
  const spool = await open();
  await spool.append(["before"]);
  await spool.close();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "a file in its place");
  await expect(spool.append(["lost"])).rejects.toMatchObject({ code: "records-not-stored" });
  expect(spool.failure).toContain(folder);
  rmSync(folder);
  const again = await open();
  await again.append(["after"]);
  expect(again.failure).toBeNull();
  expect((await replayed(again)).map(([, line]) => line)).toEqual(["after"]);
});
