import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { elasticsearch } from "../../../src/telemetry/receivers/elasticsearch.js";
import { type Asked, listenHttp, TOKEN } from "./http-receiver.js";
import { StandInSink } from "./stand-in-sink.js";

let sink: StandInSink;
let server: Asked;

beforeEach(async () => {
  sink = new StandInSink();
  server = await listenHttp(sink, elasticsearch);
});

afterEach(() => server.receiver.close());

const basic = { authorization: `Basic ${Buffer.from(`elastic:${TOKEN}`).toString("base64")}` };
const ndjson = { ...basic, "content-type": "application/x-ndjson" };
const bulk = (body: string | Buffer, path = "/_bulk", headers: Record<string, string> = ndjson) =>
  server.ask(path, { body: body as never, headers });
const get = (path: string, method = "GET") => server.ask(path, { method, headers: basic });

test("documents of index and create are stored whole, by the host that they name", async () => {
  const document = '{"@timestamp":"2026-11-24T10:00:00.123Z","message":"hello","host":{"name":"web1"}}';
  const answer = await bulk(
    `{"index":{"_index":"logs","_id":"a"}}\n${document}\n{"create":{}}\n{"message":"b","host":"web2"}\n`,
    "/audit/_bulk",
  );
  expect(answer).toMatchObject({
    status: 200,
    json: {
      errors: false,
      items: [
        { index: { _index: "logs", _id: "a", status: 201, result: "created" } },
        { create: { _index: "audit", status: 201 } },
      ],
    },
  });
  expect(sink.records).toEqual([
    {
      ...{ host: "web1", channel: "elasticsearch/logs", time: Date.parse("2026-11-24T10:00:00.123Z") },
      ...{ content: JSON.parse(document) as unknown, json: document, name: "logs/a" },
    },
    {
      ...{ host: "web2", channel: "elasticsearch/audit", time: null },
      ...{ content: { message: "b", host: "web2" }, json: '{"message":"b","host":"web2"}' },
    },
  ]);
});

test("a packed body is unpacked, and the answer is filtered as the sender wants it", async () => {
  const body = gzipSync('{"index":{"_index":"logs"}}\n{"a":1}\n');
  const headers = { ...ndjson, "content-encoding": "gzip" };
  const answer = await bulk(body, "/_bulk?filter_path=errors,items.*.error,items.*.status", headers);
  expect(answer.json).toEqual({ errors: false, items: [{ index: { status: 201 } }] });
});

test("an item that cannot be taken does not keep the others", async () => {
  const answer = await bulk(
    '{"index":{"_index":"l","_id":"bad"}}\nnot json\n{"delete":{"_index":"l","_id":"x"}}\n{"update":{"_index":"l","_id":"x"}}\n{"doc":{}}\n{"index":{"_index":"l"}}\n{"ok":1}\n',
  );
  expect(answer).toMatchObject({
    status: 200,
    json: {
      errors: true,
      items: [
        { index: { _id: "bad", status: 400, error: { type: "document_parsing_exception" } } },
        { delete: { status: 404, result: "not_found" } },
        { update: { status: 404, error: { type: "document_missing_exception" } } },
        { index: { status: 201 } },
      ],
    },
  });
  expect(sink.contents).toEqual([{ ok: 1 }]);
});

test("a single document, with an id or without", async () => {
  expect(await server.ask("/logs/_doc", { headers: basic, body: '{"a":1}' })).toMatchObject({
    status: 201,
    json: { result: "created", _index: "logs" },
  });
  const put = await server.ask("/logs/_doc/7", { method: "PUT", headers: basic, body: '{"a":2}' });
  expect(put).toMatchObject({ status: 201, json: { _id: "7" } });
  expect((await server.ask("/logs/_doc", { headers: basic, body: "x" })).status).toBe(400);
  expect(sink.contents).toEqual([{ a: 1 }, { a: 2 }]);
});

describe("what shippers ask first", () => {
  test("who it is, with the header that clients of Elastic insist on", async () => {
    const answer = await get("/");
    expect(answer).toMatchObject({
      status: 200,
      json: { tagline: "You Know, for Search", version: { number: "8.19.0" } },
    });
    expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
    expect(await get("/", "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  test("its licence, features and health", async () => {
    expect(await get("/_license")).toMatchObject({ json: { license: { status: "active", type: "basic" } } });
    expect(await get("/_xpack")).toMatchObject({ json: { features: { ilm: { enabled: true } } } });
    expect(await get("/_cluster/health")).toMatchObject({ json: { status: "green" } });
    expect((await get("/_cat/health")).text).toContain("green");
  });

  test.each([
    "/_ilm/policy/p",
    "/_index_template/t",
    "/_component_template/c",
    "/_template/old",
    "/_ingest/pipeline/i",
  ])("%s is not there, is put, and is there", async (path) => {
    expect((await get(path)).status).toBe(404);
    const put = await server.ask(path, { method: "PUT", headers: basic, body: '{"a":1}' });
    expect(put).toMatchObject({ status: 200, json: { acknowledged: true } });
    expect(await get(path)).toMatchObject({
      status: 200,
      json: { [path.split("/").at(-1) as string]: { a: 1 } },
    });
    expect((await get(path, "HEAD")).status).toBe(200);
  });

  test("indexes, aliases and data streams are made by the first document", async () => {
    for (const path of ["/logs", "/_alias/logs", "/_data_stream/logs"])
      expect((await get(path, "HEAD")).status).toBe(200);
    expect((await get("/logs", "PUT")).json).toEqual({
      acknowledged: true,
      shards_acknowledged: true,
      index: "logs",
    });
  });

  test("an answer is of the version that a client says it is compatible with", async () => {
    const accept = "application/vnd.elasticsearch+json; compatible-with=8";
    const answer = await server.ask("/", { method: "GET", headers: { ...basic, accept } });
    expect(answer.headers.get("content-type")).toBe(accept);
  });
});

describe("refuses as Elasticsearch does", () => {
  test("who shows no token, or a wrong one; as Basic, API key or bearer token it is taken", async () => {
    const key = Buffer.from(`id:${TOKEN}`).toString("base64");
    for (const authorization of [`ApiKey ${key}`, `ApiKey ${TOKEN}`, `Bearer ${TOKEN}`])
      expect((await server.ask("/", { method: "GET", headers: { authorization } })).status).toBe(200);
    for (const authorization of ["", "ApiKey x", `Basic ${Buffer.from("elastic:x").toString("base64")}`]) {
      const answer = await server.ask("/_bulk", { headers: { authorization } });
      expect(answer).toMatchObject({
        status: 401,
        json: { error: { type: "security_exception" }, status: 401 },
      });
      expect(answer.headers.get("www-authenticate")).toContain("Basic");
    }
  });

  test.each([
    ["", "request body is required"],
    ['{"index":{"_index":"l"}}\n{"a":1}', "terminated by a newline"],
    ["x\n{}\n", "Malformed action/metadata line [1]"],
    ['{"drop":{}}\n{}\n', "but found [drop]"],
    ['{"index":{}}\n{}\n', "index is missing"],
    ['{"index":{"_index":"l"}}\n', "expected a document"],
  ])("%j", async (body, reason) => {
    const answer = await bulk(body);
    expect(answer).toMatchObject({
      status: 400,
      json: { status: 400, error: { type: "illegal_argument_exception" } },
    });
    expect(answer.text).toContain(JSON.stringify(reason).slice(1, -1));
    expect(sink.records).toEqual([]);
  });

  test("another media type, too large a body, an unknown path", async () => {
    const plain = { ...basic, "content-type": "text/plain" };
    expect((await bulk("x", "/_bulk", plain)).status).toBe(406);
    expect((await bulk("x".repeat(20_000))).status).toBe(413);
    expect(await get("/_sql")).toMatchObject({
      status: 400,
      text: expect.stringContaining("no handler found"),
    });
  });

  test("what comes while it is busy, or cannot be stored", async () => {
    sink.busy = true;
    const one = '{"index":{"_index":"l"}}\n{"a":1}\n';
    expect(await bulk(one)).toMatchObject({
      status: 429,
      json: { error: { type: "es_rejected_execution_exception" } },
    });
    sink.busy = false;
    sink.failures = 1;
    expect((await bulk(one)).status).toBe(429);
    expect((await bulk(one)).status).toBe(200);
    expect(sink.records).toHaveLength(1);
  });
});
