import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostEvent } from "../../src/model/event.js";
import { Served } from "../cli/siem-serve/served.js";
import { freePort } from "../free-port.js";
import type { Certificates } from "../winrm-server/certificates.js";

export const TOKEN = "the-token-of-the-shippers";

/** A served SIEM that can be ended and started again at the same ports, and the programs that ship to it. */
export class ShippingLab {
  readonly folder = mkdtempSync(join(tmpdir(), "tyrian-shippers-"));
  readonly ports: Readonly<Record<"api" | "tls" | "syslog" | "elasticsearch" | "hec" | "relp", number>>;
  readonly #programs: ChildProcess[] = [];
  #served: Served | null = null;

  private constructor(ports: ShippingLab["ports"], certificates: Certificates) {
    this.ports = ports;
    const { server, client, authority } = certificates;
    const files = {
      "server.pem": server.certificate,
      "server-key.pem": server.key,
      "client.pem": client.certificate,
      "client-key.pem": client.key,
      "ca.pem": authority,
      "siem.yaml": this.#configuration(),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(this.file(name), text);
  }

  static async open(certificates: Certificates): Promise<ShippingLab> {
    const [api, tls, syslog, elasticsearch, hec, relp] = (await Promise.all(
      Array.from({ length: 6 }, () => freePort()),
    )) as [number, number, number, number, number, number];
    const lab = new ShippingLab({ api, tls, syslog, elasticsearch, hec, relp }, certificates);
    await lab.serve();
    return lab;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  async serve(): Promise<void> {
    this.#served = new Served(this.file("siem.yaml"), this.folder, TOKEN);
    await this.#served.line(/^ready$/);
  }

  /** Ends the SIEM. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#served?.end(signal);
  }

  /** Starts a shipper; it ends with the lab. */
  start(
    command: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const child = spawn(command, words, {
      env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin`, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#programs.push(child);
    return child;
  }

  async events(host: string): Promise<HostEvent[]> {
    const answer = await this.#ask("/api/siem/v1/events", {
      spans: [{ host, from: 0, to: Number.MAX_SAFE_INTEGER }],
    });
    return (answer as { value: HostEvent[] }).value;
  }

  /** How many records a channel brought, whatever they were. */
  async records(channel: RegExp): Promise<number> {
    const status = (await this.#ask("/status")) as {
      received: { channels: Record<string, Record<string, number>> };
    };
    return Object.entries(status.received.channels)
      .filter(([name]) => channel.test(name))
      .flatMap(([, counts]) => Object.values(counts))
      .reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    for (const child of this.#programs) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "close");
    }
    await this.#served?.end("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #ask(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.ports.api}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return await response.json();
  }

  #configuration(): string {
    const { api, tls, syslog, elasticsearch, hec } = this.ports;
    const tokens = "tokens: [{ name: shipper, token: env:TYRIAN_TEST_TOKEN }]";
    const material = `certificate: server.pem, key: "file:${this.file("server-key.pem")}"`;
    return `name: lab
state: state
api: { port: ${api}, ${tokens} }
receivers:
  - { type: syslog, port: ${tls}, tls: { ${material}, clientCa: ca.pem } }
  - { type: syslog, port: ${syslog} }
  - { type: syslog-udp, port: ${syslog} }
  - { type: elasticsearch, port: ${elasticsearch}, tls: { ${material} }, ${tokens} }
  - { type: splunk-hec, port: ${hec}, ${tokens} }
`;
  }
}
