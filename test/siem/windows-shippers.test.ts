import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { EmbeddedSiem, ReceivedFeed } from "../../src/siem/embedded/index.js";
import { elasticsearch } from "../../src/telemetry/receivers/elasticsearch.js";
import type { Receiver } from "../../src/telemetry/receivers/receiver.js";
import { SyslogReceiver } from "../../src/telemetry/receivers/syslog.js";
import { listenHttp, TOKEN } from "../telemetry/receivers/http-receiver.js";
import { type Logged, nxlog, winlogbeat } from "../telemetry/windows/shipped.js";
import { guidOf } from "../verify/windows-events.js";
import { Receiving, whole } from "./received.js";

/** What `agents/windows` has two shippers send, each over the receiver that it is set up for. The shippers are stand-ins. */

let receiving: Receiving;
let siem: EmbeddedSiem;
let feed: ReceivedFeed;
let receiver: Receiver | null = null;

beforeEach(async () => {
  receiving = new Receiving();
  ({ siem, received: feed } = await receiving.open());
});
afterEach(async () => {
  await receiver?.close();
  await receiving.end();
});

const logged = (provider: string, channel: string, eventId: number, data: Logged["data"]): Logged => ({
  ...{
    provider,
    guid: "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
    eventId,
    channel,
    computer: "WIN1.lab.test",
  },
  ...{ record: 500 + eventId, systemTime: "2026-11-24T12:00:00.1234567Z", processId: 4242, data },
});
const sysmon = (eventId: number, more: Logged["data"]): Logged =>
  logged("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", eventId, [
    ["ProcessGuid", guidOf(7)],
    ["ProcessId", "4711"],
    ...more,
  ]);
const block = (number: number, text: string): Logged => ({
  ...logged("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational", 4104, [
    ["MessageNumber", String(number)],
    ["MessageTotal", "2"],
    ["ScriptBlockText", text],
    ["ScriptBlockId", "8a3a3b9c-1111-2222-3333-444455556666"],
  ]),
  record: 60 + number,
});
const sent = [
  sysmon(1, [
    ["CommandLine", "hostname"],
    ["LogonId", "0x3e5a1"],
  ]),
  sysmon(5, []),
  sysmon(7, [["ImageLoaded", "C:\\Windows\\System32\\vbscript.dll"]]),
  block(2, " omega"),
  block(1, "alpha"),
];

async function arrived(): Promise<Partial<HostEvent>[]> {
  while ((await siem.events([whole("WIN1.lab.test")])).value.length < 3)
    await siem.changed("WIN1.lab.test", 5_000);
  const { value } = await siem.events([whole("WIN1.lab.test")]);
  return value.map(({ sensor, kind, sequence, session, pid }) => ({ sensor, kind, sequence, session, pid }));
}

const expected = [
  { sensor: "powershell", kind: "activity", sequence: 61, session: null, pid: 4242 },
  { sensor: "sysmon", kind: "exec", sequence: 501, session: "0x3e5a1", pid: 4711 },
  { sensor: "sysmon", kind: "activity", sequence: 507, session: null, pid: 4711 },
];

test("events that winlogbeat sends in bulk, with its API key, are those of verdicts", async () => {
  const server = await listenHttp(feed.sink, elasticsearch);
  receiver = server.receiver;
  const key = Buffer.from(`winlogbeat:${TOKEN}`).toString("base64");
  const body = sent.map(
    (event) => `{"create":{"_index":"winlogbeat"}}\n${JSON.stringify(winlogbeat(event))}\n`,
  );
  const headers = { authorization: `ApiKey ${key}`, "content-type": "application/x-ndjson" };
  expect(await server.ask("/_bulk", { body: body.join(""), headers })).toMatchObject({
    status: 200,
    json: { errors: false },
  });
  expect(await arrived()).toEqual(expected);
  const others = await siem.otherRecords([whole("WIN1.lab.test")]);
  expect(others.value).toEqual([{ host: "WIN1.lab.test", sensor: "sysmon", sequence: 505 }]);
});

test("lines of JSON that NXLog sends over a connection, without a header of syslog, are those of verdicts", async () => {
  const settings = { address: "127.0.0.1", port: 0, senders: [], maximumBytes: 100_000 };
  const syslog = new SyslogReceiver("syslog", settings, feed.sink);
  receiver = syslog;
  const at = await syslog.listen();
  const socket = connect(Number(at.split(":").at(-1)), "127.0.0.1");
  await once(socket, "connect");
  socket.end(sent.map((event) => `${JSON.stringify(nxlog(event))}\r\n`).join(""));
  expect(await arrived()).toEqual(expected);
});
