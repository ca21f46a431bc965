import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why certificates cannot be made here; null when they can. */
export const noOpenssl: string | null =
  spawnSync("openssl", ["version"]).status === 0
    ? null
    : "openssl is not installed (apt-get install openssl)";

/** PEM of a key and its certificate. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** What a stand-in needs to speak HTTPS. */
export interface ServerCertificate extends KeyPair {
  /** PEM of whoever signs the certificates of clients that are trusted. */
  readonly clientAuthority?: string;
}

/** Certificates of one test: made by openssl when it runs, kept in memory, never committed. */
export interface Certificates {
  /** PEM of the authority that clients are told to trust; it has signed `server`, `expired` and `client`. */
  readonly authority: string;
  /** For localhost and 127.0.0.1. */
  readonly server: ServerCertificate;
  /** Its time is over. */
  readonly expired: ServerCertificate;
  /** For another host's name. */
  readonly otherName: ServerCertificate;
  /** Signed by an authority that nobody trusts. */
  readonly unknownAuthority: ServerCertificate;
  /** With the principal name that was asked for. */
  readonly client: KeyPair;
  /** The same name, signed by the authority that nobody trusts. */
  readonly strangeClient: KeyPair;
}

/** Where every stand-in listens. */
const here = "DNS:localhost,IP:127.0.0.1";

/** @param principal the user principal name in the certificates of clients, such as `lab@localhost`. */
export function makeCertificates(principal: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-certificates-"));
  try {
    const authority = new Authority(folder, "authority");
    const stranger = new Authority(folder, "stranger");
    const upn = `otherName:msUPN;UTF8:${principal}`;
    const server = (pair: KeyPair): ServerCertificate => ({
      ...pair,
      clientAuthority: authority.certificate,
    });
    return {
      authority: authority.certificate,
      server: server(authority.sign("server", here)),
      expired: server(authority.sign("expired", here, EXPIRED)),
      otherName: server(authority.sign("other-name", "DNS:another.example")),
      unknownAuthority: server(stranger.sign("unknown", here)),
      client: authority.sign("client", upn),
      strangeClient: stranger.sign("strange-client", upn),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Validity {
  readonly from: string;
  readonly to: string;
}

/** As openssl's `ca` writes times. */
const EXPIRED: Validity = { from: "20200101000000Z", to: "20200102000000Z" };
const LASTING: Validity = { from: "20200101000000Z", to: "20990101000000Z" };

/** An authority of one test, with its files in a folder. */
class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly #configuration: string;
  readonly certificate: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#configuration = join(folder, `${name}.cnf`);
    writeFileSync(join(folder, `${name}.index`), "");
    writeFileSync(
      this.#configuration,
      [
        "[req]",
        "distinguished_name = subject",
        "[subject]",
        "[authority]",
        "basicConstraints = critical, CA:true",
        "keyUsage = critical, keyCertSign, cRLSign",
        "[ca]",
        "default_ca = this",
        "[this]",
        `database = ${join(folder, `${name}.index`)}`,
        `new_certs_dir = ${folder}`,
        "rand_serial = yes",
        "default_md = sha256",
        "policy = any",
        "unique_subject = no",
        "[any]",
        "commonName = supplied",
      ].join("\n"),
    );
    this.#openssl(
      ...["req", "-x509", "-config", this.#configuration, "-extensions", "authority", "-days", "30"],
      ...newKey,
      ...["-keyout", this.#file(name, "key"), "-out", this.#file(name, "crt"), "-subj", `/CN=${name}`],
    );
    this.certificate = readFileSync(this.#file(name, "crt"), "utf8");
  }

  sign(name: string, alternativeName: string, { from, to }: Validity = LASTING): KeyPair {
    const extensions = this.#file(name, "ext");
    writeFileSync(
      extensions,
      `subjectAltName = ${alternativeName}\nextendedKeyUsage = serverAuth, clientAuth\n`,
    );
    this.#openssl(
      ...["req", "-new", "-config", this.#configuration, ...newKey, "-subj", `/CN=${name}`],
      ...["-keyout", this.#file(name, "key"), "-out", this.#file(name, "csr")],
    );
    this.#openssl(
      ...["ca", "-batch", "-notext", "-config", this.#configuration, "-extfile", extensions],
      ...["-keyfile", this.#file(this.#name, "key"), "-cert", this.#file(this.#name, "crt")],
      ...[
        "-startdate",
        from,
        "-enddate",
        to,
        "-in",
        this.#file(name, "csr"),
        "-out",
        this.#file(name, "crt"),
      ],
    );
    return {
      key: readFileSync(this.#file(name, "key"), "utf8"),
      certificate: readFileSync(this.#file(name, "crt"), "utf8"),
    };
  }

  #file(name: string, kind: string): string {
    return join(this.#folder, `${name}.${kind}`);
  }

  #openssl(...parameters: string[]): void {
    execFileSync("openssl", parameters, { stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 });
  }
}

const newKey = ["-newkey", "rsa:2048", "-nodes"];
