import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { laurelLine } from "../siem/received.js";
import { skippedFor } from "../skipped.js";
import { bytesOf, encodeExec } from "../telemetry/audit-encoder.js";
import { type Certificates, makeCertificates, noOpenssl } from "../winrm-server/certificates.js";
import { ShippingLab, TOKEN } from "./lab.js";
import { missingModule } from "./programs.js";

const agents = join(import.meta.dirname, "../../agents/linux");
const host = hostname().split(".")[0] as string;
const WAIT = { timeout: 60_000, interval: 200 };

let certificates: Certificates;
let lab: ShippingLab;

beforeEach(async () => {
  certificates ??= makeCertificates("shipper@lab");
  lab = await ShippingLab.open(certificates);
});

afterEach(() => lab.close());

/** Starts rsyslog with a configuration of agents/linux, as it is but for the lab's names and files. */
function rsyslog(name: string): void {
  const { tls, elasticsearch } = lab.ports;
  const text = readFileSync(join(agents, name), "utf8")
    .replaceAll("SIEM_HOST", "localhost")
    .replaceAll("SIEM_NAME", "localhost")
    .replaceAll("TOKEN", TOKEN)
    .replaceAll('"6514"', `"${tls}"`)
    .replaceAll('"9200"', `"${elasticsearch}"`)
    .replaceAll("/var/spool/rsyslog", lab.file("work"))
    .replaceAll("/etc/tyrian/siem-ca.pem", lab.file("ca.pem"))
    .replaceAll("/etc/tyrian/shipper.pem", lab.file("client.pem"))
    .replaceAll("/etc/tyrian/shipper-key.pem", lab.file("client-key.pem"))
    .replaceAll("/var/log/laurel/audit.log", lab.file("laurel.log"))
    .replaceAll("/var/log/audit/audit.log", lab.file("audit.log"));
  writeFileSync(lab.file("rsyslog.conf"), text);
  writeFileSync(lab.file("laurel.log"), "");
  writeFileSync(lab.file("audit.log"), "");
  lab.start("rsyslogd", ["-n", "-f", lab.file("rsyslog.conf"), "-i", lab.file("rsyslog.pid")]);
}

const serials = async (): Promise<number[]> => (await lab.events(host)).map(({ sequence }) => sequence);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function write(from: number, to: number): void {
  for (let serial = from; serial <= to; serial += 1)
    appendFileSync(lab.file("laurel.log"), `${laurelLine(serial, "/bin/echo", String(serial))}\n`);
}

describe.each([
  ["laurel-syslog-tls.conf", missingModule("lmnsd_ossl", "rsyslog rsyslog-openssl"), "SIGTERM"],
  ["laurel-http.conf", missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch"), "SIGTERM"],
  ["laurel-http.conf", missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch"), "SIGKILL"],
] as const)("%s", (name, reason, signal) => {
  test(
    `while the SIEM is restarted (${signal}) rsyslog's disk queue keeps what it cannot send, and nothing is lost`,
    skippedFor(reason ?? noOpenssl),
    async () => {
      rsyslog(name);
      write(1, 500);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(500);
      // Written while the SIEM goes, is gone, and comes again.
      write(501, 600);
      const stopped = lab.stop(signal);
      write(601, 900);
      await stopped;
      write(901, 1_200);
      await lab.serve();
      write(1_201, 1_500);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(1_500);
      expect(await serials()).toEqual(upTo(1_500));
    },
  );
});

describe.each([
  ["laurel-syslog-tls.conf", missingModule("lmnsd_ossl", "rsyslog rsyslog-openssl")],
  ["laurel-http.conf", missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch")],
] as const)("%s", (name, reason) => {
  test(
    "records of auditd and laurel arrive as events with their serial, login session and exact arguments",
    skippedFor(reason ?? noOpenssl),
    async () => {
      rsyslog(name);
      const argv = ["sh", "-c", 'echo "a  b" | cat', "é\n", ""];
      const lines = encodeExec({ serial: 4711, argv: bytesOf(...argv), host: "tyrian", ses: 12 });
      appendFileSync(lab.file("audit.log"), lines.map((line) => `${line}\n`).join(""));
      appendFileSync(lab.file("laurel.log"), `${laurelLine(4712, ...argv)}\n`);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(2);
      expect(await lab.events(host)).toMatchObject([
        { host, sensor: "auditd", sequence: 4711, session: "12", argv, time: 1795492300711 },
        { host, sensor: "laurel", sequence: 4712, session: "3", argv, time: 1795497012000 },
      ]);
    },
  );
});
