import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { splunkHec } from "../../../src/telemetry/receivers/splunk-hec.js";
import { type Asked, listenHttp, TOKEN } from "./http-receiver.js";
import { StandInSink } from "./stand-in-sink.js";

let sink: StandInSink;
let hec: Asked;

beforeEach(async () => {
  sink = new StandInSink();
  hec = await listenHttp(sink, (intake) => splunkHec(intake, false));
});

afterEach(() => hec.receiver.close());

const EVENTS = "/services/collector/event";
const headers = { authorization: `Splunk ${TOKEN}` };
const send = (body: string | Buffer, path = EVENTS, more: Record<string, string> = {}) =>
  hec.ask(path, { body: body as never, headers: { ...headers, ...more } });

test("events with their meta data, one behind the other or on lines of their own", async () => {
  const body =
    '{"event":"a line","host":"web1","sourcetype":"linux:audit","source":"/var/log/x","time":1795492300.123,"fields":{"dc":"a"}}' +
    '{"event":{"nested":{"a":[1,"}{"]}},"time":"1795492300"}\n {"event":7}';
  expect(await send(body)).toMatchObject({ status: 200, json: { text: "Success", code: 0 } });
  expect(sink.records).toEqual([
    {
      ...{ host: "web1", channel: "splunk-hec/linux:audit", time: 1795492300123, content: "a line" },
      about: { source: "/var/log/x", fields: { dc: "a" } },
    },
    {
      ...{ host: "127.0.0.1", channel: "splunk-hec/", time: 1795492300000, about: {} },
      content: { nested: { a: [1, "}{"] } },
    },
    { host: "127.0.0.1", channel: "splunk-hec/", time: null, content: "7", about: {} },
  ]);
});

test("raw data is broken into lines; the query says what holds for all of them", async () => {
  const path = "/services/collector/raw/1.0?host=web2&sourcetype=syslog";
  expect(await send("one\r\ntwo\n\n", path)).toMatchObject({ status: 200 });
  expect(sink.records.map(({ host, channel, content }) => [host, channel, content])).toEqual([
    ["web2", "splunk-hec/syslog", "one"],
    ["web2", "splunk-hec/syslog", "two"],
  ]);
});

test("a packed body is unpacked", async () => {
  await send(gzipSync('{"event":"packed"}'), EVENTS, { "content-encoding": "gzip" });
  expect(sink.contents).toEqual(["packed"]);
});

test("the answer waits until the events are stored", async () => {
  const release = sink.hold();
  let answered = false;
  const answer = send('{"event":"a"}').then((result) => {
    answered = true;
    expect(sink.contents).toEqual(["a"]);
    return result;
  });
  await hec.ask("/services/collector/health", { method: "GET" });
  expect(answered).toBe(false);
  release();
  expect((await answer).status).toBe(200);
});

describe("refuses as Splunk does", () => {
  test.each([
    ["no token", {}, 401, 2, "Token is required"],
    ["another scheme", { authorization: "Bearer x" }, 401, 3, "Invalid authorization"],
    ["a wrong token", { authorization: "Splunk wrong" }, 403, 4, "Invalid token"],
  ])("%s", async (_, sent, status, code, text) => {
    const answer = await hec.ask(EVENTS, { body: '{"event":"a"}', headers: sent as Record<string, string> });
    expect(answer).toMatchObject({ status, json: { code, text } });
    expect(sink.records).toEqual([]);
  });

  test("a token in the query", async () => {
    const answer = await hec.ask(`${EVENTS}?token=${TOKEN}`, { body: '{"event":"a"}' });
    expect(answer).toMatchObject({ status: 400, json: { code: 16 } });
  });

  test.each([
    ["", 5, "No data", undefined],
    [" \n", 5, "No data", undefined],
    ["not json", 6, "Invalid data format", 0],
    ['{"event":"a"}{"event":', 6, "Invalid data format", 1],
    ['[{"event":"a"}]', 6, "Invalid data format", 0],
    ['{"event":"a","time":"yesterday"}', 6, "Invalid data format", 0],
    ['{"host":"a"}', 12, "Event field is required", 0],
    ['{"event":"a"}{"event":""}', 13, "Event field cannot be blank", 1],
    ['{"event":"a","fields":{"b":{"c":1}}}', 15, "Error in handling indexed fields", 0],
  ])("%j", async (body, code, text, number) => {
    const { status, json } = await send(body);
    expect({ status, json }).toEqual({
      status: 400,
      json: { text, code, ...(number === undefined ? {} : { "invalid-event-number": number }) },
    });
    expect(sink.records).toHaveLength(number ?? 0);
  });

  test("too large a body, as sent and as unpacked", async () => {
    expect((await send(`{"event":"${"x".repeat(20_000)}"}`)).status).toBe(413);
    const bomb = gzipSync(`{"event":"${"x".repeat(1_000_000)}"}`);
    expect(bomb.length).toBeLessThan(10_000);
    expect((await send(bomb, EVENTS, { "content-encoding": "gzip" })).status).toBe(413);
    expect((await send("x", EVENTS, { "content-encoding": "gzip" })).status).toBe(400);
    expect((await send("x", EVENTS, { "content-encoding": "zstd" })).status).toBe(415);
  });

  test("what comes while it is busy or cannot be stored, so that the sender comes again", async () => {
    sink.busy = true;
    const answer = await send('{"event":"a"}');
    expect(answer).toMatchObject({ status: 503, json: { code: 9, text: "Server is busy" } });
    expect(answer.headers.get("retry-after")).toBe("1");
    const health = () => hec.ask("/services/collector/health", { method: "GET" });
    expect(await health()).toMatchObject({ status: 503, json: { code: 18 } });
    sink.busy = false;
    expect(await health()).toMatchObject({ status: 200, json: { code: 17 } });
    sink.failures = 1;
    expect(await send('{"event":"a"}')).toMatchObject({ status: 503, json: { code: 9 } });
    expect(await send('{"event":"a"}')).toMatchObject({ status: 200 });
    expect(sink.contents).toEqual(["a"]);
    expect(hec.receiver.counts()).toMatchObject({ records: 1, refused: 3 });
  });

  test("a path that is none, and records that come faster than is allowed", async () => {
    expect((await hec.ask("/services/other", { headers })).status).toBe(404);
    const limited = await listenHttp(sink, (intake) => splunkHec(intake, false), { recordsPerSecond: 1 });
    const ask = () => limited.ask(EVENTS, { headers, body: '{"event":"a"}{"event":"b"}' });
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(503);
    await limited.receiver.close();
  });
});

describe("indexer acknowledgment", () => {
  const channel = "FE0ECFAD-13D5-401B-847D-77833BD77131";
  let acknowledging: Asked;

  beforeEach(async () => {
    acknowledging = await listenHttp(sink, (intake) => splunkHec(intake, true));
  });

  afterEach(() => acknowledging.receiver.close());

  const post = (path: string, body: string) => acknowledging.ask(path, { body, headers });

  test("an id is given for each request of a channel, and is true once", async () => {
    const to = `${EVENTS}?channel=${channel}`;
    expect(await post(to, '{"event":"a"}')).toMatchObject({ json: { code: 0, ackId: 0 } });
    expect(await post(to, '{"event":"b"}')).toMatchObject({ json: { code: 0, ackId: 1 } });
    const ask = () => post(`/services/collector/ack?channel=${channel}`, '{"acks":[0,1,2]}');
    expect(await ask()).toMatchObject({ status: 200, json: { acks: { 0: true, 1: true, 2: false } } });
    expect(await ask()).toMatchObject({ json: { acks: { 0: false, 1: false, 2: false } } });
  });

  test("a request without a channel, or with one that is none, is refused", async () => {
    expect(await post(EVENTS, '{"event":"a"}')).toMatchObject({ status: 400, json: { code: 10 } });
    expect(await post(`${EVENTS}?channel=x`, '{"event":"a"}')).toMatchObject({
      status: 400,
      json: { code: 11 },
    });
    expect(await post("/services/collector/ack", "{}")).toMatchObject({ status: 400, json: { code: 10 } });
    expect(await post(`/services/collector/ack?channel=${channel}`, "{}")).toMatchObject({
      json: { code: 6 },
    });
  });

  test("without it there is nothing to ask about", async () => {
    const answer = await hec.ask(`/services/collector/ack?channel=${channel}`, {
      headers,
      body: '{"acks":[0]}',
    });
    expect(answer).toMatchObject({ status: 400, json: { code: 14, text: "ACK is disabled" } });
  });
});
