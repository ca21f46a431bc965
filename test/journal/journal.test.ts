import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { foldRun } from "../../src/journal/fold.js";
import { Journal } from "../../src/journal/journal.js";
import { LineWriter } from "../../src/journal/line-writer.js";
import { livingOwner } from "../../src/journal/owner.js";
import { JOURNAL_FILE, readJournal } from "../../src/journal/read.js";
import { executionOf } from "../../src/journal/results.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import { anExecution, aTrial, aVerdict, completed, lifeOf, RUN, started } from "./run-fixture.js";

let base: string;
let folder: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-journal-"));
  folder = join(base, RUN);
});
afterEach(() => rm(base, { recursive: true }));

const trial = aTrial(1);
const life = lifeOf(trial, [aVerdict("detected")]);
const now = { barrier: true };

async function written(entries: readonly JournalEntry[]): Promise<void> {
  const journal = await Journal.create(folder, RUN);
  for (const entry of entries) await journal.append(entry, now);
  await journal.close();
}

const file = () => join(folder, JOURNAL_FILE);

test("what is appended is read back, numbered and dated, one event a line", async () => {
  await written([started([trial]), ...life, completed]);
  const { events, damage, end } = await readJournal(folder);
  expect(damage).toBeNull();
  expect(end).toBe("whole");
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(events.map(({ type }) => type)).toEqual([
    "run-started",
    ...life.map(({ type }) => type),
    "run-ended",
  ]);
  expect((await readFile(file(), "utf8")).split("\n")).toHaveLength(10);
});

test("only the one who ran it can read a run", async () => {
  const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
  const modes = async (): Promise<string[]> =>
    Promise.all((await readdir(folder)).map((name) => mode(join(folder, name))));
  const journal = await Journal.create(folder, RUN);
  await journal.append(started([trial]), now);
  expect([await mode(folder), ...(await modes())]).toEqual(["700", "600", "600"]);
  await journal.close();
  expect(await modes()).toEqual(["600", "600"]);
});

test("a folder that cannot be made is an error with a way on, also where nothing can ever be made", async () => {
  await writeFile(join(base, "file"), "");
  for (const place of ["/proc/tyrian/run", join(base, "file", "run")]) {
    await expect(Journal.create(place, RUN)).rejects.toMatchObject({
      code: "journal-write-failed",
      message: expect.stringContaining(place),
      hint: expect.stringContaining("--out"),
    });
  }
});

test("appends that are not awaited keep the order of the calls and are told to listeners in that order", async () => {
  const journal = await Journal.create(folder, RUN);
  const told: number[] = [];
  journal.subscribe(({ seq }) => told.push(seq));
  const first = journal.append(started([trial]), now);
  const rest = Array.from({ length: 500 }, (_, index) =>
    journal.append({ type: "trial-prepared", trial: trial.id }, { barrier: index % 7 === 0 }),
  );
  const resolved: number[] = [];
  await Promise.all([first, ...rest].map(async (promise) => resolved.push((await promise).seq)));
  await journal.close();
  const numbers = Array.from({ length: 501 }, (_, index) => index + 1);
  expect(told).toEqual(numbers);
  expect(resolved).toEqual(numbers);
  expect((await readJournal(folder)).events.map(({ seq }) => seq)).toEqual(numbers);
});

test("lines that wait together share one write and one fsync, and none waits for an fsync that nobody asked for", async () => {
  const handle = await open(join(base, "lines"), "a");
  const calls: string[] = [];
  const write = handle.write.bind(handle);
  const sync = handle.sync.bind(handle);
  Object.assign(handle, {
    write: (bytes: Buffer, ...rest: [number, number, null]) => {
      calls.push(`write ${bytes.toString().replaceAll("\n", ",")}`);
      return write(bytes, ...rest);
    },
    sync: () => {
      calls.push("sync");
      return sync();
    },
  });
  const writer = new LineWriter(handle);
  const first = writer.write("a\n", false, () => {});
  await first;
  await Promise.all(["b\n", "c\n", "d\n"].map((line) => writer.write(line, line === "c\n", () => {})));
  expect(calls).toEqual(["write a,", "write b,c,d,", "sync"]);
  await writer.close();
});

test("a full disk rejects that append and every later one, and close says so too", async () => {
  const writer = new LineWriter(await open("/dev/full", "a"));
  const told: string[] = [];
  const results = await Promise.allSettled([
    writer.write("one\n", true, () => told.push("one")),
    writer.write("two\n", false, () => told.push("two")),
  ]);
  const later = await Promise.allSettled([writer.write("three\n", false, () => told.push("three"))]);
  for (const result of [...results, ...later]) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "journal-write-failed" } });
  }
  expect(told).toEqual([]);
  await expect(writer.close()).rejects.toMatchObject({ code: "journal-write-failed" });
});

test("a journal that hits the limit of its file's size fails loudly, and what it acknowledged is readable", async () => {
  const child = spawn(
    "/bin/bash",
    [
      "-c",
      `trap '' XFSZ; ulimit -f 40; exec "$0" --import tsx "$1" "$2" fill`,
      process.execPath,
      writerScript,
      folder,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  const lines = output.trim().split("\n");
  const acknowledged = lines.filter((line) => /^\d+$/.test(line)).length;
  expect(lines.at(-1)).toBe("journal-write-failed journal-write-failed journal-write-failed");
  expect(acknowledged).toBeGreaterThan(3);
  const { events, damage, end } = await readJournal(folder);
  expect(damage).toBeNull();
  expect(end).toBe("torn");
  expect(events).toHaveLength(acknowledged);
});

test("an entry that would not be readable is refused and harms no other", async () => {
  const journal = await Journal.create(folder, RUN);
  await journal.append(started([trial]), now);
  const bad: JournalEntry = {
    type: "trial-executed",
    trial: trial.id,
    execution: anExecution({ durationMs: NaN }),
  };
  await expect(journal.append(bad, now)).rejects.toMatchObject({ code: "internal" });
  expect((await journal.append({ type: "trial-armed", trial: trial.id }, now)).seq).toBe(2);
  await journal.close();
  expect((await readJournal(folder)).damage).toBeNull();
});

test("a listener that throws is dropped and the others and the record go on", async () => {
  const journal = await Journal.create(folder, RUN);
  const warned = once(process, "warning");
  const told: string[] = [];
  journal.subscribe(() => {
    throw new Error("a broken picture");
  });
  const end = journal.subscribe(({ type }) => told.push(type));
  await journal.append(started([trial]), now);
  await journal.append({ type: "trial-prepared", trial: trial.id }, now);
  end();
  await journal.append({ type: "trial-armed", trial: trial.id }, now);
  await journal.close();
  expect(told).toEqual(["run-started", "trial-prepared"]);
  expect(String((await warned)[0])).toContain("a broken picture");
});

test("a last line cut short at any byte is ignored, stays in the file, and appending continues after it", async () => {
  await written([started([trial]), ...life.slice(0, 2)]);
  const whole = await readFile(file());
  const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
  for (let cut = lastStart + 1; cut < whole.length; cut += 13) {
    await writeFile(file(), whole.subarray(0, cut));
    const before = await readJournal(folder);
    expect([before.damage, before.end, before.events.length]).toEqual([null, "torn", 2]);
    const journal = await Journal.open(folder);
    expect(journal.earlier).toHaveLength(2);
    expect((await journal.append({ type: "run-ended", reason: "recovered" }, now)).seq).toBe(3);
    await journal.close();
    const after = await readJournal(folder);
    expect([after.damage, after.events.map(({ type }) => type)]).toEqual([
      null,
      ["run-started", "trial-prepared", "run-ended"],
    ]);
    const text = await readFile(file());
    expect(text.subarray(0, cut).equals(whole.subarray(0, cut))).toBe(true);
  }
});

test("a last event that lacks only its newline counts, and the next event gets a line of its own", async () => {
  await written([started([trial]), ...life.slice(0, 1)]);
  const whole = await readFile(file());
  await writeFile(file(), whole.subarray(0, whole.length - 1));
  expect((await readJournal(folder)).events).toHaveLength(2);
  const journal = await Journal.open(folder);
  await journal.append({ type: "trial-armed", trial: trial.id }, now);
  await journal.close();
  expect(await readJournal(folder)).toMatchObject({ damage: null, end: "whole", events: { length: 3 } });
});

test("a torn mark that is itself torn is closed again", async () => {
  await written([started([trial])]);
  await appendFile(file(), '{"seq":2,"at" #to');
  const journal = await Journal.open(folder);
  await journal.append({ type: "trial-armed", trial: trial.id }, now);
  await journal.close();
  expect(await readJournal(folder)).toMatchObject({ damage: null, events: { length: 2 } });
});

test.each<[string, (lines: string[]) => string[], number, RegExp]>([
  ["a line in the middle that is not JSON", (lines) => lines.with(2, "{rubbish"), 3, /not JSON/],
  [
    "a complete last line that is not JSON",
    (lines) => lines.with(-2, `${lines.at(-2) ?? ""}x`),
    9,
    /not JSON/,
  ],
  ["a line that was removed", (lines) => lines.toSpliced(3, 1), 4, /event 4 was expected and 5 found/],
  ["a line that stands twice", (lines) => lines.toSpliced(3, 0, lines[3] ?? ""), 5, /event 5 was expected/],
  [
    "a key that the schema does not know",
    (lines) => lines.with(1, (lines[1] ?? "").replace('"seq"', '"extra":1,"seq"')),
    2,
    /not a journal event/,
  ],
  [
    "an event of another run",
    (lines) => lines.with(4, (lines[4] ?? "").replace(`"run":"${RUN}"`, '"run":"other"')),
    5,
    /another run, other/,
  ],
  [
    "a torn mark over an event that was acknowledged",
    (lines) => lines.with(4, `${(lines[4] ?? "").slice(0, 9)} #torn`),
    6,
    /event 5 was expected and 6/,
  ],
  ["an empty line", (lines) => lines.toSpliced(1, 0, ""), 2, /not JSON/],
])(
  "%s is damage with its line, and the journal is not opened for writing",
  async (_, damaged, line, reason) => {
    await written([started([trial]), ...life, completed]);
    const lines = (await readFile(file(), "utf8")).split("\n");
    await writeFile(file(), damaged(lines).join("\n"));
    const read = await readJournal(folder);
    expect(read.damage?.line).toBe(line);
    expect(read.damage?.reason).toMatch(reason);
    await expect(Journal.open(folder)).rejects.toMatchObject({
      code: "journal-invalid",
      diagnostics: [{ file: file(), line }],
    });
  },
);

test("observations can be left out, and their place in the order still counts", async () => {
  await written([started([trial]), ...life, completed]);
  const { events, damage } = await readJournal(folder, { skipObservations: true });
  expect(damage).toBeNull();
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 8, 9]);
  const lines = (await readFile(file(), "utf8")).split("\n");
  await writeFile(file(), lines.toSpliced(6, 1).join("\n"));
  expect((await readJournal(folder, { skipObservations: true })).damage?.line).toBe(7);
});

test("bytes that are not UTF-8 are damage, not replaced in silence", async () => {
  await written([started([trial]), ...life]);
  const bytes = await readFile(file());
  bytes[bytes.indexOf("embedded")] = 0xff;
  await writeFile(file(), bytes);
  expect((await readJournal(folder)).damage).toEqual({ line: 1, reason: "the line is not JSON text" });
});

test("a folder without a journal is an unknown run, for readers and for recovery, and stays as it is", async () => {
  await expect(readJournal(folder)).rejects.toMatchObject({ code: "run-unknown" });
  await expect(Journal.open(base)).rejects.toMatchObject({ code: "run-unknown" });
  expect(await livingOwner(base)).toBeNull();
});

test("a run folder that has a journal is not begun a second time", async () => {
  await written([started([trial])]);
  const before = await readFile(file());
  await expect(Journal.create(folder, RUN)).rejects.toMatchObject({ code: "usage" });
  expect((await readFile(file())).equals(before)).toBe(true);
  await (await Journal.open(folder)).close();
});

test("a runs folder that cannot be written is a coded error", async () => {
  await symlink("/proc/self/nowhere", join(base, "broken"));
  await expect(Journal.create(join(base, "broken", RUN), RUN)).rejects.toMatchObject({
    code: "journal-write-failed",
  });
});

test("a journal has one writer at a time, and of many that take it over at once one succeeds", async () => {
  const journal = await Journal.create(folder, RUN);
  await journal.append(started([trial]), now);
  await expect(Journal.open(folder)).rejects.toMatchObject({ code: "run-owned" });
  expect(await livingOwner(folder)).toBe(process.pid);
  await journal.close();
  expect(await livingOwner(folder)).toBeNull();
  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => Journal.open(folder)));
  const opened = attempts.filter((attempt) => attempt.status === "fulfilled");
  expect(opened).toHaveLength(1);
  for (const attempt of attempts) {
    if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "run-owned" });
  }
  await opened[0]?.value.close();
});

test("a pid that now belongs to another process does not keep the journal", async () => {
  await written([started([trial])]);
  const owner = JSON.parse(await readFile(join(folder, "journal.owner.1"), "utf8")) as Record<
    string,
    unknown
  >;
  await writeFile(
    join(folder, "journal.owner.2"),
    JSON.stringify({ ...owner, released: false, processStart: "1" }),
  );
  expect(await livingOwner(folder)).toBeNull();
  await writeFile(
    join(folder, "journal.owner.2"),
    JSON.stringify({ ...owner, released: false, host: "elsewhere" }),
  );
  await expect(Journal.open(folder)).rejects.toMatchObject({
    code: "run-owned",
    message: expect.stringContaining("elsewhere"),
  });
});

const writerScript = resolve(import.meta.dirname, "writer-process.ts");

test("kill -9 in the middle of writing loses nothing that was acknowledged, and recovery takes over", async () => {
  for (let round = 0; round < 3; round += 1) {
    const place = join(base, `${RUN}-${round}`);
    const child = spawn(process.execPath, ["--import", "tsx", writerScript, place, "forever"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let acknowledged = 0;
    let rest = "";
    const enough = new Promise<void>((enoughSeen) => {
      child.stdout.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        acknowledged = Number(lines.at(-1) ?? acknowledged);
        if (acknowledged >= 20 + round * 31) enoughSeen();
      });
    });
    await Promise.race([enough, once(child, "close")]);
    await expect(Journal.open(place)).rejects.toMatchObject({ code: "run-owned" });
    child.kill("SIGKILL");
    await once(child, "close");
    const journal = await Journal.open(place);
    expect(journal.earlier.length).toBeGreaterThanOrEqual(acknowledged);
    await journal.append({ type: "run-ended", reason: "recovered" }, now);
    await journal.close();
    const { events, damage } = await readJournal(place);
    expect(damage).toBeNull();
    const state = foldRun(events);
    expect(state.ended).toBe("recovered");
    expect(state.trials.map((record) => executionOf(record).status)).toContain("indeterminate");
  }
});
