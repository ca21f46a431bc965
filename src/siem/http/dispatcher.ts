import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { TLSSocket } from "node:tls";
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from "undici";
import { messageOf, TyrianError } from "../../errors.js";
import type { ConnectionSettings } from "./settings.js";

/** Milliseconds for a connection, its TLS included. */
const CONNECT_MS = 10_000;
/** Milliseconds without any sign of an answer. The question's own deadline is longer. */
const SILENCE_MS = 45_000;

/**
 * What carries requests to one SIEM: connections that are kept, through its proxy, checked by its authorities.
 * @throws TyrianError `siem-tls-failed` for a CA file that cannot be used
 */
export async function openDispatcher(siem: string, settings: ConnectionSettings): Promise<Dispatcher> {
  const { proxy, tls } = settings;
  const ca = tls.caFile === undefined ? undefined : await readAuthorities(siem, tls.caFile);
  const timeouts = { headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS, connections: 8 };
  const trust = ca === undefined ? {} : { ca };
  if (proxy !== undefined) {
    return new ProxyAgent({ uri: proxy, ...timeouts, requestTls: { ...trust, timeout: CONNECT_MS } });
  }
  const fingerprint = tls.fingerprint?.replaceAll(":", "").toLowerCase();
  const connect = buildConnector({
    ...trust,
    timeout: CONNECT_MS,
    // Without authorities the pinned certificate is all that is checked, below.
    rejectUnauthorized: fingerprint === undefined || ca !== undefined,
  });
  return new Agent({
    ...timeouts,
    connect: (options, callback) =>
      connect(options, (error, socket) => {
        if (error !== null) return callback(error, null);
        const problem = fingerprint === undefined ? null : fingerprintProblem(socket, fingerprint);
        if (problem === null) return callback(null, socket);
        socket.destroy();
        callback(Object.assign(new Error(problem), { code: "ERR_TLS_FINGERPRINT" }), null);
      }),
  });
}

function fingerprintProblem(socket: unknown, wanted: string): string | null {
  if (!(socket instanceof TLSSocket)) return "the connection has no certificate";
  const presented = createHash("sha256").update(socket.getPeerCertificate().raw).digest("hex");
  return presented === wanted
    ? null
    : `its certificate has the SHA-256 fingerprint ${presented}, not the pinned one`;
}

async function readAuthorities(siem: string, file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (thrown) {
    throw new TyrianError(
      "siem-tls-failed",
      `${siem}: the CA file ${file} cannot be read: ${messageOf(thrown)}`,
    );
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new TyrianError("siem-tls-failed", `${siem}: the CA file ${file} holds no certificate in PEM`);
}
