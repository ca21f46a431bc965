import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../free-port.js";

const programs = ["/usr/sbin/krb5kdc", "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local"];

/** Why there can be no realm here; null when there can. */
export const noKdc: string | null = programs.every((program) => existsSync(program))
  ? null
  : "MIT's KDC is not installed (apt-get install krb5-kdc krb5-admin-server)";

const REALM = "TYRIAN.TEST";

/** A throw-away realm of MIT Kerberos on loopback, with the service HTTP/localhost and the user lab. */
export interface Realm {
  /** For the service: its keytab. */
  readonly service: NodeJS.ProcessEnv;
  /** For the user: a keytab, and no ticket. */
  readonly client: NodeJS.ProcessEnv;
  /** For a user who has nothing. */
  readonly nobody: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

export async function startRealm(): Promise<Realm> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-realm-"));
  const address = `127.0.0.1:${await freePort()}`;
  const environment = { KRB5_CONFIG: join(folder, "krb5.conf"), KRB5_KDC_PROFILE: join(folder, "kdc.conf") };
  const keytab = (name: string): string => join(folder, `${name}.keytab`);
  writeFileSync(
    environment.KRB5_CONFIG,
    `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 ${REALM} = {
  kdc = ${address}
 }
[domain_realm]
 localhost = ${REALM}
`,
  );
  writeFileSync(
    environment.KRB5_KDC_PROFILE,
    `[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = ${address}
[realms]
 ${REALM} = {
  database_name = ${join(folder, "principal")}
  key_stash_file = ${join(folder, "stash")}
 }
`,
  );
  const run = (program: string, ...args: readonly string[]): void => {
    execFileSync(program, args, { env: { ...process.env, ...environment }, stdio: "pipe", timeout: 30_000 });
  };
  run("/usr/sbin/kdb5_util", "create", "-s", "-r", REALM, "-P", "master");
  for (const [principal, name] of [
    ["HTTP/localhost", "service"],
    ["lab", "client"],
  ] as const) {
    run("/usr/sbin/kadmin.local", "-q", `addprinc -randkey ${principal}`);
    run("/usr/sbin/kadmin.local", "-q", `ktadd -k ${keytab(name)} ${principal}`);
  }
  const kdc = spawn("/usr/sbin/krb5kdc", ["-n"], { env: { ...process.env, ...environment }, stdio: "pipe" });
  await listening(kdc);
  // A cache in memory belongs to its process: each of these has its own.
  const user = (name: string): NodeJS.ProcessEnv => ({
    ...environment,
    KRB5CCNAME: `MEMORY:${name}`,
    KRB5_CLIENT_KTNAME: keytab(name),
  });
  return {
    service: { ...environment, KRB5_KTNAME: keytab("service") },
    client: user("client"),
    nobody: user("nobody"),
    stop: async () => {
      const ended = once(kdc, "close");
      kdc.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Returns when the KDC has said that it starts, which it does when it listens. */
async function listening(kdc: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes("starting")) resolve();
    };
    kdc.stdout?.on("data", read);
    kdc.stderr?.on("data", read);
    kdc.once("exit", () => reject(new Error(`the KDC ended: ${said}`)));
  });
}
