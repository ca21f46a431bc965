import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { messageOf, TyrianError } from "../../errors.js";
import type { WinrmTransport } from "../../model/target.js";
import { reasonOf } from "../abort.js";
import type { Credentials } from "./authentication.js";

/** What a host's certificate is held to. */
export interface Trust {
  /** The name that the certificate must hold. */
  readonly serverName: string;
  /** Authorities in PEM; null for this machine's. */
  readonly authorities: string | null;
  /** SHA-256 of the certificate, 64 hexadecimal digits in lower case; null when none is pinned. */
  readonly fingerprint: string | null;
}

/** @throws TyrianError `tls-failed` for a CA file that cannot be read. */
export async function trustOf(settings: WinrmTransport, target: string): Promise<Trust> {
  const { caFile, fingerprint } = settings.tls;
  let authorities: string | null = null;
  if (caFile !== undefined) {
    try {
      authorities = await readFile(caFile, "utf8");
    } catch (thrown) {
      throw failed(target, `the CA file ${caFile} cannot be read: ${messageOf(thrown)}`);
    }
    if (!authorities.includes("-----BEGIN CERTIFICATE-----")) {
      throw failed(target, `the CA file ${caFile} holds no certificate in PEM`);
    }
  }
  return {
    serverName: settings.serverName ?? settings.host,
    authorities,
    fingerprint: fingerprint?.replaceAll(":", "").toLowerCase() ?? null,
  };
}

/**
 * Makes TLS on a connection and checks whose it is, before anything is sent. Whatever fails, the connection is destroyed.
 * @throws TyrianError `tls-failed`, which says what to do; an aborted signal rejects with its reason.
 */
export async function secure(
  raw: Duplex,
  target: string,
  trust: Trust,
  client: Credentials["clientCertificate"],
  signal: AbortSignal,
): Promise<{ readonly socket: TLSSocket; readonly certificate: Buffer }> {
  try {
    const socket = await handshake(raw, target, trust, client, signal);
    const certificate = socket.getPeerCertificate().raw;
    const presented = createHash("sha256").update(certificate).digest("hex");
    if (trust.fingerprint !== null && trust.fingerprint !== presented) {
      throw failed(
        target,
        `its certificate has the SHA-256 fingerprint ${presented}, not the pinned one`,
        "Find out why the certificate is not the one pinned in the inventory (renewed, or not the host that you mean?) before you change `tls.fingerprint`.",
      );
    }
    return { socket, certificate };
  } catch (thrown) {
    raw.on("error", () => {});
    raw.destroy();
    throw thrown;
  }
}

function handshake(
  raw: Duplex,
  target: string,
  trust: Trust,
  client: Credentials["clientCertificate"],
  signal: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal));
    let socket: TLSSocket;
    try {
      socket = connect({
        socket: raw,
        host: trust.serverName,
        // Server name indication has no place for addresses (RFC 6066).
        ...(isIP(trust.serverName) === 0 ? { servername: trust.serverName } : {}),
        ...(trust.authorities === null ? {} : { ca: trust.authorities }),
        // A pinned certificate needs no authority, unless one is named too.
        rejectUnauthorized: trust.fingerprint === null || trust.authorities !== null,
        ...(client === null
          ? {}
          : {
              cert: client.cert,
              key: client.key,
              ...(client.passphrase === undefined ? {} : { passphrase: client.passphrase }),
              // Windows asks for the certificate after the handshake, for which TLS 1.3 needs an extension that Node lacks.
              maxVersion: "TLSv1.2" as const,
            }),
      });
    } catch (thrown) {
      // The certificate or key given is none.
      return reject(failed(target, `the client certificate cannot be used: ${messageOf(thrown)}`));
    }
    const settle = (finish: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("close", onClose).removeListener("secureConnect", onSecure);
      finish();
    };
    const onAbort = (): void => settle(() => reject(reasonOf(signal)));
    const onClose = (): void =>
      settle(() => reject(failed(target, "the host closed the connection during the TLS handshake")));
    const onSecure = (): void => settle(() => resolve(socket));
    signal.addEventListener("abort", onAbort, { once: true });
    // The listener stays: an error of later is told by whoever uses the connection then.
    socket.on("error", (error: NodeJS.ErrnoException) => settle(() => reject(explain(error, target, trust))));
    socket.on("close", onClose);
    socket.on("secureConnect", onSecure);
  });
}

const unknownAuthority: readonly string[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

function explain(error: NodeJS.ErrnoException, target: string, trust: Trust): TyrianError {
  const code = error.code ?? "";
  if (unknownAuthority.includes(code)) {
    const whose = trust.authorities === null ? "this machine" : "the inventory's `caFile`";
    return failed(
      target,
      `its certificate is of an authority that ${whose} does not know`,
      "Name the authority with `tls.caFile`, or pin the certificate with `tls.fingerprint` (on the host: `Get-ChildItem Cert:\\LocalMachine\\My`; from here: `openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -fingerprint -sha256`).",
      error,
    );
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return failed(
      target,
      code === "CERT_HAS_EXPIRED" ? "its certificate has expired" : "its certificate is not valid yet",
      "Renew the host's certificate, and compare the clocks of both machines.",
      error,
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return failed(
      target,
      `its certificate is not for ${trust.serverName}`,
      "Set `serverName` to the name in the certificate, or give the host a certificate with its name.",
      error,
    );
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return failed(
      target,
      "the port does not speak TLS",
      "If the listener is plain HTTP (port 5985), write `https: false`; NTLM then encrypts the messages.",
      error,
    );
  }
  return failed(target, `the TLS handshake failed: ${error.message}`, undefined, error);
}

function failed(target: string, why: string, hint?: string, cause?: unknown): TyrianError {
  return new TyrianError("tls-failed", `No TLS with ${target}: ${why}.`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
