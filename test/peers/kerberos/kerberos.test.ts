import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { kerberosFor } from "../../../src/transport/winrm/negotiate.js";
import { skippedFor } from "../../skipped.js";
import { gssPeer, noMechanism } from "../gss/peer.js";
import { peersOfTest } from "../line-peer.js";
import { npmPackage } from "../npm-package.js";
import { noKdc, type Realm, startRealm } from "./realm.js";

/** What is used of the npm package `kerberos`, which is no dependency: whoever wants Kerberos installs it. */
interface KerberosPackage {
  readonly GSS_MECH_OID_SPNEGO: number;
  initializeClient(service: string, options: { mechOID: number }): Promise<KerberosClient>;
}
interface KerberosClient {
  readonly contextComplete: boolean;
  step(challenge: string): Promise<string>;
  wrap(message: string, options: { protect: boolean }): Promise<string>;
}

const found = await npmPackage("kerberos", "7.0.0", "lib/index.js");
const missing =
  noKdc ?? noMechanism("1.3.6.1.5.5.2", "python3-gssapi") ?? ("reason" in found ? found.reason : null);

describe("the npm package kerberos and MIT Kerberos", skippedFor(missing), () => {
  const start = peersOfTest();
  let realm: Realm;
  let kerberos: KerberosPackage;

  beforeAll(async () => {
    if ("reason" in found) return;
    realm = await startRealm();
    kerberos = ((await import(found.entry)) as { default: KerberosPackage }).default;
  });
  afterAll(() => realm.stop());
  afterEach(() => vi.unstubAllEnvs());

  /** The client's side, which libkrb5 makes in this process by its environment. */
  async function client(environment: NodeJS.ProcessEnv): Promise<KerberosClient> {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    return await kerberos.initializeClient("HTTP@localhost", { mechOID: kerberos.GSS_MECH_OID_SPNEGO });
  }

  async function established() {
    const server = await gssPeer(start, { mechanism: "spnego", role: "accept" }, realm.service);
    const security = await client(realm.client);
    const token = await security.step("");
    await security.step((await server("step", Buffer.from(token, "base64"))).toString("base64"));
    return { server, security };
  }

  test("a keytab is enough: the service knows the user, and the user that it is the service", async () => {
    const { server, security } = await established();
    expect((await server("initiator")).toString()).toBe("lab@TYRIAN.TEST");
    expect(security.contextComplete).toBe(true);
  });

  test("without a ticket or a keytab there is an error", async () => {
    await expect(client(realm.nobody).then((security) => security.step(""))).rejects.toThrow(
      "No credentials were supplied",
    );
  });

  test("a lane of the winrm transport is authenticated by it, and takes no proof but the service's", async () => {
    for (const [name, value] of Object.entries(realm.client)) vi.stubEnv(name, value);
    const authenticate = await kerberosFor("localhost", "win1", () => Promise.resolve(kerberos));
    const server = await gssPeer(start, { mechanism: "spnego", role: "accept" }, realm.service);
    const lane = authenticate();
    const proof = await server("step", (await lane.begin()) ?? Buffer.alloc(0));
    const other = authenticate();
    await other.begin();
    await expect(other.proceed(proof)).rejects.toMatchObject({ code: "auth-failed" });
    expect(await lane.proceed(proof)).toBeNull();
    expect((await server("initiator")).toString()).toBe("lab@TYRIAN.TEST");
  });

  test("its wrap loses the message (mongodb-js/kerberos, pull request 206): no Kerberos without TLS until this test fails", async () => {
    const { server, security } = await established();
    const message = "<s:Envelope/>";
    const token = await security.wrap(Buffer.from(message).toString("base64"), { protect: true });
    const arrived = await server("unwrap", Buffer.from(token, "base64"));
    expect(arrived.toString()).not.toBe(message);
    expect(arrived).toHaveLength(4);
  });
});
