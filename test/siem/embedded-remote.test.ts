import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmbeddedSiem, ReceivedFeed, SensorProbe } from "../../src/siem/embedded/index.js";
import { openRemoteSiem } from "../../src/siem/embedded-remote/index.js";
import { ruleFingerprint } from "../../src/siem/embedded-remote/rule-text.js";
import { siemApi } from "../../src/siem/embedded-remote/server.js";
import { remoteSiemSettingsSchema } from "../../src/siem/embedded-remote/settings.js";
import type { Siem } from "../../src/siem/siem.js";
import { Credentials } from "../../src/telemetry/receivers/credentials.js";
import { HttpReceiver } from "../../src/telemetry/receivers/http.js";
import { echoRule, laurelLine, received, Receiving, RULE, whole } from "./received.js";

let receiving: Receiving;
let siem: EmbeddedSiem;
let feed: ReceivedFeed;
let api: HttpReceiver;
let url: string;
let remote: Siem;
let delivery: "read" | "shipped";

const TOKEN = "a-token-of-the-api";

beforeEach(async () => {
  process.env["TYRIAN_TEST_TOKEN"] = TOKEN;
  delivery = "shipped";
  receiving = new Receiving();
  ({ siem, received: feed } = await receiving.open([echoRule()]));
  api = new HttpReceiver(
    "api",
    {
      ...{ address: "127.0.0.1", port: 0, maximumBytes: 1_000_000 },
      credentials: new Credentials([{ name: "run", token: TOKEN }]),
    },
    feed.sink,
    (intake) =>
      siemApi(
        siem,
        {
          status: () => ({ ready: true }),
          fingerprints: { [RULE]: ruleFingerprint("title: echo\n", RULE) },
          get delivery() {
            return delivery;
          },
        },
        intake,
      ),
  );
  url = `http://${await api.listen()}`;
  remote = await openRemote();
});

afterEach(async () => {
  await remote.close();
  await api.close();
  await receiving.end();
});

const settings = (more: Record<string, unknown> = {}) =>
  remoteSiemSettingsSchema.parse({
    ...{ kind: "tyrian", url, auth: { type: "token", token: "env:TYRIAN_TEST_TOKEN" } },
    ...more,
  });
const openRemote = (more: Record<string, unknown> = {}, probe?: SensorProbe) =>
  openRemoteSiem("lab", settings(more), probe, { pause: () => Promise.resolve() });

/** The run has this text of the rule. */
const openWith = (text: string) =>
  openRemoteSiem(
    "lab",
    settings(),
    undefined,
    { pause: () => Promise.resolve() },
    new Map([[RULE, ruleFingerprint(text, RULE)]]),
  );

test("a rule of the same id and another text is told: it proves nothing of the run's", async () => {
  const same = await openWith("# ours\ntitle: echo\n\n");
  expect(await same.ruleStatuses([RULE], 0)).toMatchObject({ state: "complete" });
  await same.close();
  const other = await openWith("title: echo\nlevel: low\n");
  expect(await other.ruleStatuses([RULE], 0)).toMatchObject({
    state: "partial",
    detail: `lab has another text of the rule ${RULE}: what it does says nothing of this run's`,
  });
  await other.close();
});

test("of a file of several rules the one with the id is compared", () => {
  const [one, two] = ["title: a\nid: 1\n", "title: b\nid: 2\n"];
  expect(ruleFingerprint(`${one}---\n${two}`, "2")).toBe(ruleFingerprint(two, "2"));
  expect(ruleFingerprint(`${one}---\n${two}`, "1")).not.toBe(ruleFingerprint(two, "2"));
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, ...init });

test("every question is answered as the served SIEM answers it", async () => {
  await feed.sink.store([
    received(laurelLine(1, "/bin/true", "tyrian-sentinel", "begin", "t1")),
    received(laurelLine(2, "/bin/echo", "hi")),
  ]);
  const trials = [
    { host: "web1", trial: "t1" },
    { host: "web1", trial: "t2" },
  ];
  const alerts = { rules: [RULE], hosts: ["web1"], from: 0, to: Date.now() + 1000 };
  expect(await remote.canaries(trials)).toEqual(await siem.canaries(trials));
  expect(await remote.events([whole()])).toEqual(await siem.events([whole()]));
  expect((await remote.events([whole()])).value).toHaveLength(2);
  expect(await remote.alerts(alerts)).toEqual(await siem.alerts(alerts));
  expect((await remote.alerts(alerts)).value).toHaveLength(1);
  const rules = [RULE, "another"];
  expect(await remote.ruleStatuses(rules, 0)).toEqual(await siem.ruleStatuses(rules));
  expect(await remote.background(RULE, "web1")).toEqual(await siem.background(RULE, "web1"));
  expect(await remote.otherRecords?.([whole()])).toEqual(await siem.otherRecords([whole()]));
  expect(await remote.sensor("web1", 0)).toEqual(await siem.sensor("web1", 0));
  const { state, value } = await remote.clock();
  expect(state).toBe("complete");
  expect(Math.abs(value.now - Date.now())).toBeLessThanOrEqual(value.errorMs + 1_000);
});

describe("the run's lab is asked what its sensors lost", () => {
  let lost = 0;
  const openProbed = () =>
    openRemote({}, () => Promise.resolve({ lost, running: true, detail: "auditd runs" }));
  const later = () => Date.now() + 1;

  test("and what is lost on the way to a SIEM that records travel to is left to the gaps in the numbers", async () => {
    const probed = await openProbed();
    lost = 3;
    feed.sink.lost(2, "syslog-udp: came faster than it could be stored");
    expect((await probed.sensor("web1", 0)).value).toMatchObject({ lost: 3, running: true });
    // Half an event, which an answer about events waits for, keeps nobody from being told what the kernel lost.
    await feed.sink.store([received('type=CWD msg=audit(1795492301.000:1): cwd="/"')]);
    expect(await probed.sensor("web1", later())).toMatchObject({ state: "complete", value: { lost: 3 } });
    // Without a lab that can be asked, the kernel's losses stay unknown.
    expect((await remote.sensor("web1", 0)).value).toMatchObject({ lost: null, running: null });
    await probed.close();
  });

  test("and what a SIEM that reads the logs itself misses is added", async () => {
    delivery = "read";
    const probed = await openProbed();
    lost = 3;
    expect((await probed.sensor("web1", 0)).value).toMatchObject({ lost: 3, missing: 0, running: true });
    feed.sink.lost(2, "its log was cut");
    lost = 4;
    expect((await probed.sensor("web1", later())).value).toMatchObject({ lost: 6, missing: 2 });
    await api.close();
    const gone = await probed.sensor("web1", later());
    expect(gone).toMatchObject({ state: "unreachable", value: { lost: null } });
    await probed.close();
  });
});

test("a lab that does not answer leaves the losses unknown", async () => {
  const probed = await openRemote({}, () => Promise.reject(new Error("auditctl: no answer")));
  expect(await probed.sensor("web1", 0)).toMatchObject({ state: "partial", value: { lost: null } });
  await probed.close();
});

test("how records reach it is what the server says, with the lag that is configured", async () => {
  expect(remote.delivery).toEqual({ type: "shipped", longestLagMs: 60_000, longestAlertLagMs: 1_000 });
  delivery = "read";
  const reading = await openRemote();
  expect(reading.delivery).toEqual({ type: "read" });
  await reading.close();
});

test("who waits for a host is told of an arrival, of the end of the time, and of an abort", async () => {
  await remote.events([whole()]);
  const waiting = remote.changed("web1", 60_000);
  await feed.sink.store([received(laurelLine(1, "/bin/echo"))]);
  await waiting;
  await remote.events([whole()]);
  await remote.changed("web1", 20);
  const abort = new AbortController();
  const aborted = remote.changed("web1", 60_000, abort.signal);
  abort.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
});

test("a SIEM that is gone answers nothing, and says why", async () => {
  await api.close();
  const answers = [
    await remote.events([whole()]),
    await remote.clock(),
    await remote.canaries([{ host: "a", trial: "t" }]),
  ];
  for (const { state, detail } of answers) {
    expect(state).toBe("unreachable");
    expect(detail).toContain("lab: ");
    expect(detail).not.toContain(TOKEN);
  }
  expect(answers[2]?.value).toEqual([{ begin: null, end: null }]);
});

describe("refused before anything is done", () => {
  test("a wrong token, an address where nobody listens, and a server of another kind", async () => {
    process.env["TYRIAN_TEST_TOKEN"] = "wrong";
    await expect(openRemote()).rejects.toMatchObject({ code: "siem-auth-failed" });
    const other = createServer((_, response) => void response.end("<html>")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await expect(openRemote({ url: elsewhere })).rejects.toMatchObject({ code: "siem-answer-invalid" });
    await new Promise((resolve) => other.close(resolve));
    await expect(openRemote({ url: elsewhere })).rejects.toMatchObject({ code: "siem-unreachable" });
  });

  test("a token over plain HTTP to another machine", () => {
    expect(() => settings({ url: "http://10.0.0.1:7780" })).toThrow(/plain HTTP/);
    expect(() => settings({ url: "https://10.0.0.1:7780" })).not.toThrow();
  });
});

test("the API refuses what is no question, with a code", async () => {
  const codeOf = async (answer: Promise<Response>) => {
    const response = await answer;
    const { error } = (await response.json()) as { error: { code: string } };
    return [response.status, error.code];
  };
  expect(await codeOf(ask("/api/siem/v1/events", { headers: {} }))).toEqual([401, "unauthorized"]);
  expect(await codeOf(ask("/api/siem/v1/drop", { body: "{}" }))).toEqual([404, "unknown-question"]);
  expect(await codeOf(ask("/api/siem/v1/events", { body: "{" }))).toEqual([400, "body-not-json"]);
  expect(await codeOf(ask("/api/siem/v1/events", { body: '{"spans":[{}]}' }))).toEqual([
    400,
    "question-invalid",
  ]);
  expect(await codeOf(ask("/other"))).toEqual([404, "unknown-path"]);
  expect(await (await ask("/status", { method: "GET" })).json()).toEqual({ ready: true });
});
