import type { ChildProcess } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { laurelLine } from "../siem/received.js";
import { type ShippingLab, TOKEN } from "./lab.js";

const agents = join(import.meta.dirname, "../../agents/linux");

/** Starts rsyslog with a configuration of agents/linux, as it is but for the lab's names and files. */
export function startRsyslog(lab: ShippingLab, name: string): ChildProcess {
  const { tls, elasticsearch, relp } = lab.ports;
  const folder = lab.file(`work-${name}`);
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(agents, name), "utf8")
    .replaceAll("SIEM_HOST", "localhost")
    .replaceAll("SIEM_NAME", "localhost")
    .replaceAll("TOKEN", TOKEN)
    .replaceAll("SHIPPER_NAME", "client")
    .replaceAll('"2514"', `"${relp}"`)
    .replaceAll('"6514"', `"${tls}"`)
    .replaceAll('"9200"', `"${elasticsearch}"`)
    .replaceAll("/var/spool/rsyslog", folder)
    .replaceAll("/etc/tyrian/siem-ca.pem", lab.file("ca.pem"))
    .replaceAll("/etc/tyrian/shipper-ca.pem", lab.file("ca.pem"))
    .replaceAll("/etc/tyrian/siem.pem", lab.file("server.pem"))
    .replaceAll("/etc/tyrian/siem-key.pem", lab.file("server-key.pem"))
    .replaceAll("/etc/tyrian/shipper.pem", lab.file("client.pem"))
    .replaceAll("/etc/tyrian/shipper-key.pem", lab.file("client-key.pem"))
    .replaceAll("/var/log/laurel/audit.log", lab.file("laurel.log"))
    .replaceAll("/var/log/audit/audit.log", lab.file("audit.log"));
  const configuration = lab.file(name);
  writeFileSync(configuration, text);
  for (const log of ["laurel.log", "audit.log"]) appendFileSync(lab.file(log), "");
  return lab.start("rsyslogd", ["-n", "-f", configuration, "-i", `${configuration}.pid`]);
}

/** Laurel writes records with these serials. */
export function writeRecords(lab: ShippingLab, from: number, to: number): void {
  for (let serial = from; serial <= to; serial += 1)
    appendFileSync(lab.file("laurel.log"), `${laurelLine(serial, "/bin/echo", String(serial))}\n`);
}
