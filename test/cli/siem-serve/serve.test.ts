import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { laurelLine, RULE } from "../../siem/received.js";
import { tyrian } from "../tyrian.js";
import { Served } from "./served.js";

let folder: string;
let config: string;
let served: Served[];

const TOKEN = "the-secret-of-the-test";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-serve-"));
  config = join(folder, "siem.yaml");
  served = [];
});

afterEach(async () => {
  await Promise.all(served.map((each) => each.end("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
});

function serve(): Served {
  const started = new Served(config, folder, TOKEN);
  served.push(started);
  return started;
}

const tokens = "tokens: [{ name: a, token: env:TYRIAN_TEST_TOKEN }]";
const whole = `name: lab
state: state
rules: [echo.yml]
api: { port: 0, ${tokens} }
receivers:
  - { type: syslog, port: 0 }
  - { type: splunk-hec, port: 0, ${tokens} }
`;
const rule = `title: echo
id: ${RULE}
logsource: { product: linux, category: process_creation }
detection: { selection: { CommandLine|contains: echo }, condition: selection }
level: high
`;

async function status(port: number): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}/status`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  return (await response.json()) as Record<string, unknown>;
}

async function alerts(port: number): Promise<unknown[]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/siem/v1/alerts`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ rules: [RULE], hosts: [], from: 0, to: 9_999_999_999_999 }),
  });
  return ((await response.json()) as { value: unknown[] }).value;
}

test("it takes records, runs its rules, tells its status, and after SIGTERM or SIGKILL has lost nothing", async () => {
  writeFileSync(config, whole);
  writeFileSync(join(folder, "echo.yml"), rule);
  const first = serve();
  await first.line(/^ready$/);
  const hec = await fetch(`http://127.0.0.1:${await first.port("splunk-hec")}/services/collector`, {
    method: "POST",
    headers: { authorization: `Splunk ${TOKEN}` },
    body: JSON.stringify({ event: laurelLine(1, "/bin/echo", "one"), host: "web1" }),
  });
  expect(hec.status).toBe(200);
  const socket = connect(await first.port("syslog"), "127.0.0.1");
  socket.write(`<13>1 2026-11-24T10:00:00Z web2 laurel - - - ${laurelLine(2, "/bin/echo", "two")}\n`);
  const api = await first.port("api");
  await expect.poll(() => alerts(api)).toHaveLength(2);
  expect(await status(api)).toMatchObject({
    ...{ name: "lab", ready: true, rules: 1, problems: [] },
    received: { records: 2, channels: { "syslog/laurel": { known: 1 }, "splunk-hec/": { known: 1 } } },
  });
  first.signal("SIGUSR1");
  await first.line(/"records": 2/);
  const before = await alerts(api);
  expect(await first.end("SIGKILL")).toBeNull();
  socket.destroy();

  const second = serve();
  await second.line(/^ready$/);
  expect(await alerts(await second.port("api"))).toEqual(before);
  expect(await second.end()).toBe(0);
  expect(first.stderr + second.stderr).toContain("all that was received is stored");
  expect(first.stderr + second.stderr).not.toMatch(/Debugger|the-secret/);
}, 90_000);

test("a second one in the same state folder is refused", async () => {
  writeFileSync(config, whole.replace("rules: [echo.yml]\n", ""));
  const first = serve();
  await first.line(/^ready$/);
  const { status: exit, stderr } = await tyrian(["siem", "serve", "--config", config], {
    environment: { TYRIAN_TEST_TOKEN: TOKEN },
  });
  expect(exit).toBe(2);
  expect(stderr).toContain("another process has the SIEM's state folder");
}, 60_000);

test.each([
  ["tokens over plain HTTP", `api: { address: 0.0.0.0, port: 0, ${tokens} }`, "so it needs `tls`"],
  [
    "a receiver with tokens over plain HTTP",
    `receivers: [{ type: otlp, address: "::", port: 0, ${tokens} }]`,
    "so it needs `tls`",
  ],
  [
    "syslog of anybody",
    "receivers: [{ type: syslog-udp, address: 0.0.0.0, port: 514 }]",
    "it needs `senders`",
  ],
  [
    "a sender that is no address",
    "receivers: [{ type: syslog-udp, port: 514, senders: [lab] }]",
    "10.0.0.0/8",
  ],
  ["a secret in the file", "api: { port: 0, tokens: [{ name: a, token: hunter2 }] }", "env:NAME, file:PATH"],
  ["an unknown key", "listen: 514", "listen"],
])("%s is refused, with its place", async (_, line, said) => {
  writeFileSync(config, `name: lab\n${line}\n`);
  const { status: exit, stderr } = await tyrian(["siem", "serve", "--config", config]);
  expect(exit).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).toContain(`${config}:2:`);
});

test("a port in use, and a secret that is not there, are told", async () => {
  writeFileSync(config, whole.replace("rules: [echo.yml]\n", ""));
  const missing = await tyrian(["siem", "serve", "--config", config]);
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("env:TYRIAN_TEST_TOKEN")]);
  const first = serve();
  const port = await first.port("syslog");
  writeFileSync(config, `name: lab\nstate: other\nreceivers: [{ type: syslog, port: ${port} }]\n`);
  const inUse = await tyrian(["siem", "serve", "--config", config]);
  expect([inUse.status, inUse.stderr]).toEqual([3, expect.stringContaining(`127.0.0.1:${port}`)]);
}, 60_000);
