import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OtherRecords } from "../../src/siem/embedded/other-records.js";
import { echoRule, laurelLine, received, Receiving, RULE, whole } from "./received.js";

let receiving: Receiving;

beforeEach(() => {
  receiving = new Receiving();
});

afterEach(() => receiving.end());

const alertQuery = { rules: [RULE], hosts: [], from: 0, to: 9_999_999_999_999 };

test("records that are stored are events, run the rules and tell who waits for their host", async () => {
  const { siem, received: feed } = await receiving.open([echoRule()]);
  const changed = siem.changed("web1", 60_000);
  await feed.sink.store([received(laurelLine(1, "/bin/echo", "hi")), received(laurelLine(2, "/bin/ls"))]);
  await changed;
  const { state, value } = await siem.events([whole()]);
  expect(state).toBe("complete");
  expect(value.map(({ argv, sequence, session }) => [argv.join(" "), sequence, session])).toEqual([
    ["/bin/echo hi", 1, "3"],
    ["/bin/ls", 2, "3"],
  ]);
  expect((await siem.alerts(alertQuery)).value).toMatchObject([
    { rule: RULE, host: "web1", sourceEvents: ["web1/laurel/1795492301.000:1"] },
  ]);
});

test("after a restart the same events, alerts and sentinels are there, at the same times", async () => {
  const answersOf = async () => {
    const { siem, received: feed } = await receiving.open([echoRule()]);
    await feed.backfilled;
    return {
      siem,
      feed,
      ask: async () => [
        await siem.events([whole()]),
        await siem.alerts(alertQuery),
        await siem.canaries([{ host: "web1", trial: "t1" }]),
      ],
    };
  };
  const first = await answersOf();
  const lines = [
    laurelLine(1, "/bin/true", "tyrian-sentinel", "begin", "t1"),
    laurelLine(2, "/bin/echo", "hi"),
    laurelLine(3, "/bin/true", "tyrian-sentinel", "end", "t1"),
  ];
  for (const line of lines) await first.feed.sink.store([received(line), received(line)]);
  const before = await first.ask();
  expect(before[0]?.value).toHaveLength(3);
  expect(before[1]?.value).toHaveLength(1);
  await first.siem.close();
  const second = await answersOf();
  expect(await second.ask()).toEqual(before);
});

test("events of Windows raise alerts too, and a sentinel among them none", async () => {
  const { siem, received: feed } = await receiving.open([echoRule("windows")]);
  const sysmon = (record: number, line: string) => ({
    winlog: {
      ...{
        channel: "Microsoft-Windows-Sysmon/Operational",
        computer_name: "win1",
        event_id: "1",
        record_id: record,
      },
      event_data: { CommandLine: line },
    },
    "@timestamp": "2026-11-24T10:00:00Z",
  });
  await feed.sink.store([
    received(sysmon(1, "cmd /c echo hi")),
    received(sysmon(1, "cmd /c echo hi")),
    received(sysmon(2, "cmd.exe /d /c rem tyrian-sentinel begin echo")),
  ]);
  expect((await siem.alerts(alertQuery)).value).toMatchObject([{ host: "win1", rule: RULE }]);
});

test("a window from before what is kept is answered as partial", async () => {
  const { siem, received: feed } = await receiving.open([], 20_000);
  for (let serial = 1; serial < 100; serial += 1)
    await feed.sink.store([received(laurelLine(serial, "/bin/echo", "x".repeat(500)))]);
  const { state, detail } = await siem.events([whole()]);
  expect(state).toBe("partial");
  expect(detail).toContain("no longer kept");
  expect((await siem.events([{ host: "web1", from: Date.now() + 1000, to: Date.now() + 2000 }])).state).toBe(
    "complete",
  );
});

test("a loss on the way in is a loss of every host: nobody knows whose record it was", async () => {
  const { siem, received: feed } = await receiving.open();
  feed.sink.lost(2, "syslog-udp: came faster than it could be stored");
  expect((await siem.sensor("web1", 0)).value).toMatchObject({
    lost: null,
    detail: "the sensor of this host cannot be asked; 2 record(s) are missing in the log itself",
  });
  expect(siem.problems).toEqual(["records were lost: syslog-udp: came faster than it could be stored"]);
});

describe("an audit record that is no program start", () => {
  const login = (serial: number) =>
    JSON.stringify({ ID: `${1_795_492_300 + serial}.000:${serial}`, USER_LOGIN: { pid: 1 } });
  const of = (sequence: number, sensor = "laurel") => ({ host: "web1", sensor, sequence });

  test("is told of by its serial, in whatever envelope it came, also after a restart, and is no event", async () => {
    const { siem, received: feed } = await receiving.open([echoRule()]);
    await feed.sink.store([
      received(laurelLine(1, "/bin/ls")),
      received(login(2)),
      received({ message: login(3) }),
      received(JSON.parse(login(4)) as Record<string, unknown>),
      received("type=USER_LOGIN msg=audit(1795492305.000:5): pid=1"),
      received(login(6), "web2"),
      received(login(2)),
    ]);
    const wanted = [of(2), of(3), of(4), of(5, "auditd")];
    expect(await siem.otherRecords([whole()])).toEqual({ state: "complete", detail: "", value: wanted });
    const early = { host: "web1", from: 0, to: 1_795_492_302_999 };
    expect((await siem.otherRecords([early])).value).toEqual([of(2)]);
    expect((await siem.events([whole()])).value.map(({ sequence }) => sequence)).toEqual([1]);
    await siem.close();
    const again = await receiving.open();
    await again.received.backfilled;
    expect((await again.siem.otherRecords([whole()])).value).toEqual(wanted);
  });

  test("is not told of any more when many have come since: then it looks missing", () => {
    const records = new OtherRecords(10);
    for (let sequence = 1; sequence <= 25; sequence += 1)
      records.add({ host: "web1", sensor: "laurel", sequence, time: sequence });
    const kept = records.in(whole()).map(({ sequence }) => sequence);
    expect(kept.at(-1)).toBe(25);
    expect(kept.length).toBeGreaterThanOrEqual(10);
    expect(kept.length).toBeLessThan(20);
  });
});

test("a second process is kept out of the folder", async () => {
  await receiving.open();
  await expect(receiving.open()).rejects.toMatchObject({ code: "run-owned" });
});

test("whatever was acknowledged is there after SIGKILL, at any moment", async () => {
  for (const acknowledgements of [1, 5, 40]) {
    const state = join(receiving.folder, `killed-${acknowledgements}`);
    const child = spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "store-process.ts"), state],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let told = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      told = Number(line);
      if (told >= acknowledgements) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    expect(told).toBeGreaterThanOrEqual(acknowledgements);
    const { openReceivingSiem } = await import("../../src/siem/embedded/index.js");
    const { siem, received: feed } = await openReceivingSiem({
      ...{ folder: state, maximumBytes: 10_000_000, sources: [], rules: [] },
    });
    await feed.backfilled;
    const { value } = await siem.events([whole()]);
    await siem.close();
    const serials = value.map(({ sequence }) => sequence);
    expect(serials).toEqual(Array.from({ length: serials.length }, (_, index) => index + 1));
    expect(serials.length).toBeGreaterThanOrEqual(told);
    expect(readdirSync(join(state, "records"))).not.toEqual([]);
  }
}, 120_000);
