import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { otlp } from "../../../src/telemetry/receivers/otlp.js";
import { type Asked, listenHttp, TOKEN } from "./http-receiver.js";
import { StandInSink } from "./stand-in-sink.js";

let sink: StandInSink;
let server: Asked;

beforeEach(async () => {
  sink = new StandInSink();
  server = await listenHttp(sink, otlp);
});

afterEach(() => server.receiver.close());

const bearer = { authorization: `Bearer ${TOKEN}` };
const send = (body: string | Uint8Array, type: string) =>
  server.ask("/v1/logs", { body: body as never, headers: { ...bearer, "content-type": type } });

const JSON_TYPE = "application/json";
const PROTOBUF = "application/x-protobuf";

/** A message of protobuf: each field's number and what is written there. */
type Field = [number, string | bigint | number | boolean | Field[]];

function message(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === "bigint") writer.uint32((number << 3) | 1).fixed64(value);
    else if (typeof value === "number") writer.uint32(number << 3).int64(value);
    else if (typeof value === "boolean") writer.uint32(number << 3).bool(value);
    else
      writer.uint32((number << 3) | 2).bytes(typeof value === "string" ? Buffer.from(value) : message(value));
  }
  return writer.finish();
}

const pair = (key: string, value: Field): Field => [
  6,
  [
    [1, key],
    [2, [value]],
  ],
];
const kvPair = (key: string, value: Field): Field => [
  1,
  [
    [1, key],
    [2, [value]],
  ],
];

const expected = [
  {
    ...{ host: "web1", channel: "otlp/auditd", time: 1795492300123.456, content: "a line" },
    about: {
      resource: { "host.name": "web1", "service.name": "auditd" },
      attributes: { list: ["x", 7], map: { deep: true } },
      severity: "INFO",
    },
  },
  {
    ...{ host: "web1", channel: "otlp/auditd", time: 1795492301000, content: { SYSCALL: "x" } },
    about: { resource: { "host.name": "web1", "service.name": "auditd" }, attributes: {} },
  },
];

test("logs in protobuf, with unknown fields passed over, and an empty answer in protobuf", async () => {
  const first: Field = [
    2,
    [
      [1, 1795492300123456789n],
      [2, 9],
      [3, "INFO"],
      [5, [[1, "a line"]]],
      pair("list", [
        5,
        [
          [1, [[1, "x"]]],
          [1, [[3, 7]]],
        ],
      ]),
      pair("map", [6, [kvPair("deep", [2, true])]]),
      [11, 5n],
      [99, "later"],
    ],
  ];
  const second: Field = [
    2,
    [
      [11, 1795492301000000000n],
      [5, [[6, [kvPair("SYSCALL", [1, "x"])]]]],
    ],
  ];
  const resource: Field = [1, [kvPair("host.name", [1, "web1"]), kvPair("service.name", [1, "auditd"])]];
  const answer = await send(message([[1, [resource, [2, [first, second]], [3, "schema"]]]]), PROTOBUF);
  expect(answer).toMatchObject({ status: 200, text: "" });
  expect(answer.headers.get("content-type")).toBe(PROTOBUF);
  expect(sink.records).toEqual(expected);
});

test("the same logs in JSON, with 64-bit numbers as texts", async () => {
  const value = (stringValue: string) => ({ stringValue });
  const body = {
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: "host.name", value: value("web1") },
            { key: "service.name", value: value("auditd") },
          ],
        },
        scopeLogs: [
          {
            logRecords: [
              {
                ...{
                  timeUnixNano: "1795492300123456789",
                  severityNumber: 9,
                  severityText: "INFO",
                  body: value("a line"),
                },
                attributes: [
                  { key: "list", value: { arrayValue: { values: [value("x"), { intValue: "7" }] } } },
                  {
                    key: "map",
                    value: { kvlistValue: { values: [{ key: "deep", value: { boolValue: true } }] } },
                  },
                ],
              },
              {
                observedTimeUnixNano: "1795492301000000000",
                body: { kvlistValue: { values: [{ key: "SYSCALL", value: value("x") }] } },
              },
            ],
          },
        ],
      },
    ],
  };
  expect(await send(JSON.stringify(body), JSON_TYPE)).toMatchObject({ status: 200, json: {} });
  expect(sink.records).toEqual(expected);
});

test("refusals are in the form of the request, with the statuses by which senders know what to repeat", async () => {
  expect(await send("{", JSON_TYPE)).toMatchObject({ status: 400, json: { code: 3 } });
  expect((await send('{"resourceLogs":7}', JSON_TYPE)).status).toBe(400);
  expect((await send("{}", "text/plain")).status).toBe(415);
  expect((await send("x".repeat(20_000), JSON_TYPE)).status).toBe(413);
  expect((await server.ask("/v1/traces", { headers: bearer })).status).toBe(404);
  expect((await server.ask("/v1/logs", { body: "{}", headers: { "content-type": JSON_TYPE } })).status).toBe(
    401,
  );
  sink.busy = true;
  const busy = await send("{}", JSON_TYPE);
  expect(busy.status).toBe(429);
  expect(busy.headers.get("retry-after")).toBe("1");
  const protobuf = await fetch(`${server.url}/v1/logs`, {
    method: "POST",
    body: new Uint8Array([0x0a, 0xff]),
    headers: { ...bearer, "content-type": PROTOBUF },
  });
  const reader = new BinaryReader(new Uint8Array(await protobuf.arrayBuffer()));
  expect([reader.tag()[0], reader.int32()]).toEqual([1, 14]);
  sink.busy = false;
  expect((await send(new Uint8Array([0x0a, 0xff]), PROTOBUF)).status).toBe(400);
  expect(sink.records).toEqual([]);
});
