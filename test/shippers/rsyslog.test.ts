import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { laurelLine } from "../siem/received.js";
import { skippedFor } from "../skipped.js";
import { bytesOf, encodeExec } from "../telemetry/audit-encoder.js";
import { type Certificates, makeCertificates, noOpenssl } from "../winrm-server/certificates.js";
import { ShippingLab } from "./lab.js";
import { missingModule } from "./programs.js";
import { startRsyslog, writeRecords } from "./rsyslog.js";

const host = hostname().split(".")[0] as string;
const WAIT = { timeout: 60_000, interval: 200 };

let certificates: Certificates;
let lab: ShippingLab;

beforeEach(async () => {
  certificates ??= makeCertificates("shipper@lab");
  lab = await ShippingLab.open(certificates);
});

afterEach(() => lab.close());

const serials = async (): Promise<number[]> => (await lab.events(host)).map(({ sequence }) => sequence);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe.each([
  ["laurel-http.conf", missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch"), "SIGTERM"],
  ["laurel-http.conf", missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch"), "SIGKILL"],
] as const)("%s", (name, reason, signal) => {
  test(
    `while the SIEM is restarted (${signal}) rsyslog's disk queue keeps what it cannot send, and nothing is lost`,
    skippedFor(reason ?? noOpenssl),
    async () => {
      startRsyslog(lab, name);
      writeRecords(lab, 1, 500);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(500);
      // Written while the SIEM goes, is gone, and comes again.
      writeRecords(lab, 501, 600);
      const stopped = lab.stop(signal);
      writeRecords(lab, 601, 900);
      await stopped;
      writeRecords(lab, 901, 1_200);
      await lab.serve();
      writeRecords(lab, 1_201, 1_500);
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
      startRsyslog(lab, name);
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

test(
  "over TLS alone, without acknowledgements, what is on the wire when the SIEM goes may be lost, and shows as a gap",
  skippedFor(missingModule("lmnsd_ossl", "rsyslog rsyslog-openssl") ?? noOpenssl),
  async () => {
    startRsyslog(lab, "laurel-syslog-tls.conf");
    writeRecords(lab, 1, 500);
    await expect.poll(async () => (await serials()).length, WAIT).toBe(500);
    writeRecords(lab, 501, 600);
    await lab.stop("SIGTERM");
    writeRecords(lab, 601, 900);
    await lab.serve();
    // By then it is connected again.
    await expect.poll(async () => (await serials()).includes(900), WAIT).toBe(true);
    writeRecords(lab, 901, 1_200);
    await expect.poll(async () => (await serials()).includes(1_200), WAIT).toBe(true);
    const arrived = await serials();
    expect(new Set(arrived).size).toBe(arrived.length);
    const missing = upTo(1_200).filter((serial) => !arrived.includes(serial));
    expect(missing.filter((serial) => serial <= 500 || serial > 900)).toEqual([]);
  },
);

describe("laurel-relp-tls.conf by way of siem-relay.conf", () => {
  const reason =
    missingModule("imrelp", "rsyslog rsyslog-relp") ??
    missingModule("omelasticsearch", "rsyslog rsyslog-elasticsearch");
  test(
    "while relay and SIEM are killed and started again nothing is lost of what is written meanwhile",
    skippedFor(reason ?? noOpenssl),
    async () => {
      const relay = startRsyslog(lab, "siem-relay.conf");
      startRsyslog(lab, "laurel-relp-tls.conf");
      writeRecords(lab, 1, 500);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(500);
      writeRecords(lab, 501, 700);
      const killed = once(relay, "exit");
      relay.kill("SIGKILL");
      writeRecords(lab, 701, 900);
      await killed;
      writeRecords(lab, 901, 1_200);
      await lab.stop("SIGKILL");
      startRsyslog(lab, "siem-relay.conf");
      writeRecords(lab, 1_201, 1_400);
      await lab.serve();
      writeRecords(lab, 1_401, 1_500);
      await expect.poll(async () => (await serials()).length, WAIT).toBe(1_500);
      expect(await serials()).toEqual(upTo(1_500));
    },
  );
});
