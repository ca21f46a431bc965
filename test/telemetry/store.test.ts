import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TyrianError } from "../../src/errors.js";
import type { HostEvent } from "../../src/model/event.js";
import { EventStore } from "../../src/telemetry/store.js";

let folder: string;
let stores: EventStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-store-"));
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

function open(file = ":memory:"): EventStore {
  const store = new EventStore(file);
  stores.push(store);
  return store;
}

function event(n: number, change: Partial<HostEvent> = {}): HostEvent {
  return {
    id: `h1/auditd/${n}.000:${n}`,
    host: "h1",
    sensor: "auditd",
    kind: "exec",
    logsource: { product: "linux", category: "process_creation", service: "auditd" },
    time: 1_795_492_300_000 + n,
    ingestedAt: 1_795_492_300_500.25 + n,
    sequence: n,
    session: "7",
    pid: 100 + n,
    ppid: 99,
    argv: ["bash", "-c", `echo é "${n}" 'x' \u0001 🙂`, ""],
    error: null,
    fields: { Image: "/usr/bin/bash", CommandLine: `bash -c ${n}`, UserId: 0, LogonId: 7 },
    original: { records: ["type=SYSCALL"] },
    ...change,
  };
}

test("what was appended is in the very next answer, field for field", async () => {
  const store = open();
  const events = [
    event(1),
    event(2, {
      session: null,
      kind: "exec-refused",
      argv: [],
      error: "EACCES",
      logsource: { product: "linux" },
    }),
    event(3, {
      host: "h2",
      id: "h2/strace/1.5:3",
      sensor: "strace",
      sequence: 2 ** 40,
      time: 1_795_492_300_003.125,
      original: null,
    }),
  ];
  store.append(events);
  expect(await store.window("h1", 0, Infinity)).toEqual(events.slice(0, 2));
  expect(await store.byId("h2/strace/1.5:3")).toEqual(events[2]);
  expect(await store.byId("none")).toBeNull();
  expect([await store.count(), await store.count("h1"), await store.count("h3")]).toEqual([3, 2, 0]);
});

test("a window is inclusive, of one host, and in order of sequence", async () => {
  const store = open();
  store.append([event(30), event(10), event(20), event(15, { host: "h2", id: "other" })]);
  const window = await store.window("h1", event(10).time, event(20).time);
  expect(window.map(({ sequence }) => sequence)).toEqual([10, 20]);
});

test("a session's events are found, and quotes in a name are only a name", async () => {
  const store = open();
  store.append([event(1), event(2, { session: "8" }), event(3, { session: "7' OR '1'='1" })]);
  expect((await store.bySession("h1", "7")).map(({ sequence }) => sequence)).toEqual([1]);
  expect((await store.bySession("h1", "7' OR '1'='1")).map(({ sequence }) => sequence)).toEqual([3]);
});

test("10,000 events appended one by one while it is read are all there, once and in order", async () => {
  const store = open(join(folder, "events.duckdb"));
  const reads: Promise<HostEvent[]>[] = [];
  for (let n = 1; n <= 10_000; n += 1) {
    store.append([event(n)]);
    if (n % 2500 === 0) {
      reads.push(store.window("h1", event(n - 10).time, event(n).time));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const read of await Promise.all(reads)) expect(read).toHaveLength(11);
  const scanned: number[] = [];
  for await (const batch of store.scan()) scanned.push(...batch.map(({ sequence }) => sequence));
  expect(scanned).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
});

test("a database that is opened again has the events, and the same ones read again count once", async () => {
  const file = join(folder, "events.duckdb");
  const first = open(file);
  first.append([event(1), event(2)]);
  await first.close();
  const second = open(file);
  second.append([event(2), event(3)]);
  expect((await second.window("h1", 0, Infinity)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(await second.count()).toBe(3);
  const scanned: number[] = [];
  for await (const batch of second.scan(2)) scanned.push(...batch.map(({ sequence }) => sequence));
  expect(scanned).toEqual([1, 2]);
});

test("a database that cannot be opened is an error of every read and is told, not thrown, by append", async () => {
  const store = open(join(folder, "missing", "events.duckdb"));
  store.append([event(1)]);
  await expect(store.window("h1", 0, 1)).rejects.toThrow(TyrianError);
  expect(store.failure).toContain("events could not be written");
  store.append([event(2)]);
  await store.close();
});

test("close writes what is queued; afterwards reads are refused", async () => {
  const file = join(folder, "events.duckdb");
  const store = open(file);
  store.append([event(1)]);
  await store.close();
  await store.close();
  store.append([event(2)]);
  await expect(store.count()).rejects.toThrow("closed");
  expect(await open(file).count()).toBe(1);
});

test("only its owner can read the database, while it is written and afterwards", async () => {
  const modes = (): string[] =>
    readdirSync(folder).map((name) => `${name} ${(statSync(join(folder, name)).mode & 0o777).toString(8)}`);
  const store = open(join(folder, "events.duckdb"));
  store.append([event(1)]);
  await store.flush();
  expect(modes().toSorted()).toEqual(["events.duckdb 600", "events.duckdb.wal 600"]);
  await store.close();
  expect(modes()).toEqual(["events.duckdb 600"]);
});
