import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Receiver } from "../../../src/telemetry/receivers/receiver.js";
import { SyslogReceiver, type SyslogOptions } from "../../../src/telemetry/receivers/syslog.js";
import { SyslogUdpReceiver } from "../../../src/telemetry/receivers/syslog-udp.js";
import { skippedFor } from "../../skipped.js";
import { type Certificates, makeCertificates, noOpenssl } from "../../winrm-server/certificates.js";
import { StandInSink } from "./stand-in-sink.js";

let sink: StandInSink;
let open: Receiver[];
let sockets: Socket[];

beforeEach(() => {
  sink = new StandInSink();
  open = [];
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(open.map((receiver) => receiver.close()));
});

const local = { address: "127.0.0.1", port: 0, senders: [] };

async function listen(
  options: Partial<SyslogOptions> = {},
): Promise<{ receiver: SyslogReceiver; port: number }> {
  const receiver = new SyslogReceiver("syslog", { ...local, maximumBytes: 1000, ...options }, sink);
  const at = await receiver.listen();
  open.push(receiver);
  return { receiver, port: Number(at.split(":").at(-1)) };
}

/** @param allowHalfOpen it may say more after we have closed our side */
async function dial(port: number, allowHalfOpen = false): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

/** Resolves when a socket is closed, by an error or not. */
function closing(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe("over TCP", () => {
  test("records are of the sender's address unless they name a host", async () => {
    const { receiver, port } = await listen();
    (await dial(port)).end("<13>bare\n<13>1 2026-11-24T10:00:00Z web1 app - - - named\n");
    expect((await sink.holding(2)).map(({ host, content }) => [host, content])).toEqual([
      ["127.0.0.1", "bare"],
      ["web1", "named"],
    ]);
    await receiver.close();
    expect(receiver.counts()).toEqual({ records: 2, refused: 0, lost: 0 });
  });

  test("a sender is held back while what it sent is not stored", async () => {
    const { port } = await listen();
    const release = sink.hold();
    const socket = await dial(port);
    const message = `<13>${"x".repeat(900)}\n`;
    let sent = 0;
    // Until the kernel takes no more: the receiver has stopped to read.
    while (socket.write(message.repeat(100)) || sent < 100) {
      sent += 100;
      expect(sent).toBeLessThan(1_000_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sink.records).toHaveLength(0);
    release();
    await sink.holding(sent);
    expect(sink.losses).toEqual([]);
  });

  test("what cannot be stored is kept and tried again, and nothing is lost", async () => {
    const { receiver, port } = await listen();
    sink.failures = 1;
    (await dial(port)).end("<13>a\n<13>b\n");
    await sink.holding(2);
    expect(sink.contents).toEqual(["a", "b"]);
    expect(receiver.counts().lost).toBe(0);
  });

  test("at the end what a sender has sent is read to its end, and it sees that we are gone", async () => {
    const { receiver, port } = await listen();
    const socket = await dial(port, true);
    const ended = once(socket, "end");
    socket.write("<13>first\n");
    await sink.holding(1);
    const closed = receiver.close();
    await ended;
    socket.end("<13>second\n<13>third without a line feed");
    await closed;
    expect(sink.contents).toEqual(["first", "second", "third without a line feed"]);
    await expect(dial(port)).rejects.toThrow("ECONNREFUSED");
  });

  test("a sender that is silent does not keep us from ending", async () => {
    const { receiver, port } = await listen();
    const socket = await dial(port);
    socket.write("<13>only\n");
    await sink.holding(1);
    await receiver.close();
    expect(receiver.counts().records).toBe(1);
  });

  test("messages over the maximum are counted as lost, and what is no frame ends the connection", async () => {
    const { receiver, port } = await listen();
    const long = await dial(port);
    long.end(`<13>${"x".repeat(2000)}\n<13>short\n`);
    await sink.holding(1);
    const broken = await dial(port);
    const cut = closing(broken.resume());
    broken.write("12x no frame");
    await cut;
    await vi.waitFor(() => expect(receiver.counts()).toEqual({ records: 1, refused: 1, lost: 1 }), {
      timeout: 20_000,
    });
    expect(sink.losses).toEqual([{ count: 1, why: "syslog: longer than 1000 bytes, or cut" }]);
  });

  test("only senders of the list may send", async () => {
    const { receiver, port } = await listen({ senders: ["10.0.0.0/8", "::1"] });
    const socket = await dial(port);
    await once(socket.resume(), "close");
    expect(receiver.counts().refused).toBe(1);
  });

  test("an address in use is a coded error", async () => {
    const { port } = await listen();
    const second = new SyslogReceiver("syslog", { ...local, port, maximumBytes: 1000 }, sink);
    await expect(second.listen()).rejects.toMatchObject({ code: "listen-failed" });
  });
});

describe("over TLS", skippedFor(noOpenssl), () => {
  let certificates: Certificates;
  const tls = (): NonNullable<SyslogOptions["tls"]> => ({
    cert: certificates.server.certificate,
    key: certificates.server.key,
    clientCa: certificates.authority,
  });

  beforeEach(() => {
    certificates ??= makeCertificates("shipper@lab");
  });

  test("a client with a certificate of the authority sends, in counted frames", async () => {
    const { port } = await listen({ tls: tls() });
    const { client, authority } = certificates;
    const socket = connectTls({
      port,
      host: "localhost",
      ca: authority,
      key: client.key,
      cert: client.certificate,
    });
    sockets.push(socket);
    await once(socket, "secureConnect");
    socket.end("7 <13>one7 <13>two");
    await sink.holding(2);
    expect(sink.contents).toEqual(["one", "two"]);
  });

  test("a client without one, with a stranger's, and one that speaks no TLS are refused", async () => {
    const { receiver, port } = await listen({ tls: tls() });
    const { strangeClient, authority } = certificates;
    const stranger = { key: strangeClient.key, cert: strangeClient.certificate };
    for (const options of [{}, stranger]) {
      const socket = connectTls({ port, host: "localhost", ca: authority, ...options });
      sockets.push(socket);
      await closing(socket);
    }
    const plain = await dial(port);
    const closed = closing(plain.resume());
    plain.write("<13>plain text\n<13>and more of it, so that there is a whole record\n");
    await closed;
    await vi.waitFor(() => expect(receiver.counts()).toEqual({ records: 0, refused: 3, lost: 0 }), {
      timeout: 20_000,
    });
  });
});

describe("over UDP", () => {
  async function listenUdp(
    recordsPerSecond?: number,
  ): Promise<{ receiver: Receiver; send(text: string): Promise<void> }> {
    const rate = recordsPerSecond === undefined ? {} : { recordsPerSecond };
    const receiver = new SyslogUdpReceiver("syslog-udp", { ...local, ...rate }, sink);
    open.push(receiver);
    const port = Number((await receiver.listen()).split(":").at(-1));
    return {
      receiver,
      send: async (text) => {
        const socket = createSocket("udp4");
        await new Promise((resolve) => socket.send(text, port, "127.0.0.1", resolve));
        socket.close();
      },
    };
  }

  test("a datagram is a message, with or without a line end", async () => {
    const { send } = await listenUdp();
    await send("<13>one\n");
    await sink.holding(1);
    await send("<13>two");
    await sink.holding(2);
    expect(sink.contents).toEqual(["one", "two"]);
  });

  test("what cannot be stored, and what comes faster than is allowed, is counted as lost", async () => {
    const { receiver, send } = await listenUdp(0.001);
    sink.failures = 1;
    await send("<13>not stored");
    await vi.waitFor(() => expect(receiver.counts().lost).toBe(1), { timeout: 20_000 });
    await send("<13>too fast");
    await vi.waitFor(() => expect(receiver.counts().lost).toBe(2), { timeout: 20_000 });
    expect(sink.losses.map(({ why }) => why)).toEqual([
      "syslog-udp: no space left on device",
      "syslog-udp: came faster than is allowed",
    ]);
  });
});
