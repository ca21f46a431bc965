import { execFileSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { laurelLine } from "../siem/received.js";
import { skippedFor } from "../skipped.js";
import { type Certificates, makeCertificates, noOpenssl } from "../winrm-server/certificates.js";
import { ShippingLab, TOKEN } from "./lab.js";
import { findSyslogNg, missing } from "./programs.js";

const WAIT = { timeout: 60_000, interval: 200 };

let certificates: Certificates;
let lab: ShippingLab;

beforeEach(async () => {
  certificates ??= makeCertificates("shipper@lab");
  lab = await ShippingLab.open(certificates);
});

afterEach(() => lab.close());

describe("logger", skippedFor(missing("logger", "bsdutils") ?? noOpenssl), () => {
  test.each([
    ["UDP, RFC 5424", ["--udp", "--rfc5424"]],
    ["UDP, RFC 3164", ["--udp", "--rfc3164"]],
    ["TCP, with line feeds", ["--tcp"]],
    ["TCP, with counted octets", ["--tcp", "--octet-count"]],
  ])("over %s", async (_, words) => {
    const to = ["--server", "127.0.0.1", "--port", String(lab.ports.syslog), "--tag", "tested"];
    execFileSync("logger", [...to, ...words, "a message"], { timeout: 10_000 });
    await expect.poll(() => lab.records(/^syslog\/tested$/), WAIT).toBe(1);
  });
});

describe("curl", skippedFor(missing("curl") ?? noOpenssl), () => {
  test("to the HTTP Event Collector, packed", async () => {
    writeFileSync(
      lab.file("body"),
      gzipSync(JSON.stringify({ event: laurelLine(7, "/bin/ls"), host: "web1" })),
    );
    const words = ["-sS", "-H", `Authorization: Splunk ${TOKEN}`, "-H", "Content-Encoding: gzip"];
    const url = `http://127.0.0.1:${lab.ports.hec}/services/collector`;
    const answer = execFileSync("curl", [...words, "--data-binary", `@${lab.file("body")}`, url], {
      timeout: 10_000,
    });
    expect(JSON.parse(String(answer))).toEqual({ text: "Success", code: 0 });
    expect(await lab.events("web1")).toMatchObject([{ sequence: 7, argv: ["/bin/ls"] }]);
  });

  test("to Elasticsearch over TLS, as Basic and as API key", async () => {
    writeFileSync(lab.file("body"), `{"index":{"_index":"audit"}}\n{"message":"hello"}\n`);
    const json = ["-H", "Content-Type: application/x-ndjson", "--data-binary", `@${lab.file("body")}`];
    const url = `https://localhost:${lab.ports.elasticsearch}/_bulk?filter_path=errors`;
    for (const how of [
      ["-u", `elastic:${TOKEN}`],
      ["-H", `Authorization: ApiKey ${TOKEN}`],
    ]) {
      const words = ["-sS", "--cacert", lab.file("ca.pem"), ...how, ...json, url];
      expect(String(execFileSync("curl", words, { timeout: 10_000 }))).toBe('{"errors":false}');
    }
    expect(await lab.records(/^elasticsearch\/audit$/)).toBe(2);
  });
});

const found = findSyslogNg();

describe("syslog-ng", skippedFor(typeof found === "string" ? found : noOpenssl), () => {
  const buffer = (): string =>
    `disk-buffer(reliable(yes) disk-buf-size(10485760) mem-buf-size(1048576) dir("${lab.file("work")}"))`;

  function start(destination: string): void {
    if (typeof found === "string") throw new Error(found);
    writeFileSync(lab.file("in.log"), "");
    writeFileSync(
      lab.file("syslog-ng.conf"),
      `@version: 3.38
options { time-reopen(1); keep-hostname(yes); log-msg-size(1048576); };
source s { file("${lab.file("in.log")}" flags(no-parse) program-override("laurel") host-override("web1") follow-freq(0.1)); };
destination d { ${destination} };
log { source(s); destination(d); };
`,
    );
    const state = ["persist-file", "pidfile", "control"].map((name) => `--${name}=${lab.file(`ng.${name}`)}`);
    lab.start(found.command, [...found.words, "-f", lab.file("syslog-ng.conf"), ...state], found.environment);
  }

  function write(from: number, to: number): void {
    for (let serial = from; serial <= to; serial += 1)
      appendFileSync(lab.file("in.log"), `${laurelLine(serial, "/bin/ls")}\n`);
  }

  const serials = async () => (await lab.events("web1")).map(({ sequence }) => sequence);
  const between = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  test("over HTTP with a disk buffer nothing is lost, also when the SIEM is killed", async () => {
    start(`http(url("http://127.0.0.1:${lab.ports.hec}/services/collector/event")
      headers("Authorization: Splunk ${TOKEN}") method("POST") batch-lines(50) delimiter("\n") time-reopen(1) retries(1000)
      body("$(format-json --scope none event=$MSG host=$HOST)") ${buffer()});`);
    write(1, 200);
    await expect.poll(async () => (await serials()).length, WAIT).toBe(200);
    const stopped = lab.stop("SIGKILL");
    write(201, 400);
    await stopped;
    await lab.serve();
    write(401, 500);
    await expect.poll(async () => (await serials()).length, WAIT).toBe(500);
    expect(await serials()).toEqual(between(1, 500));
  });

  // It does not look whether the connection is still there before it writes: the first record behind the end may be lost.
  test("over TLS with a disk buffer at most the first record after a restart is lost, and shows as a gap", async () => {
    start(`syslog("localhost" port(${lab.ports.tls}) transport("tls")
      tls(ca-file("${lab.file("ca.pem")}") cert-file("${lab.file("client.pem")}") key-file("${lab.file("client-key.pem")}"))
      ${buffer()});`);
    write(1, 200);
    await expect.poll(async () => (await serials()).length, WAIT).toBe(200);
    await lab.stop("SIGTERM");
    write(201, 400);
    await lab.serve();
    write(401, 500);
    await expect.poll(async () => (await serials()).at(-1), WAIT).toBe(500);
    const arrived = await serials();
    expect(between(1, 500).filter((serial) => serial !== 201 && !arrived.includes(serial))).toEqual([]);
  });
});
