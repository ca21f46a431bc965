import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { kerberosFor } from "../../../src/transport/winrm/negotiate.js";
import { skippedFor } from "../../skipped.js";
import { gssPeer, noMechanism } from "../gss/peer.js";
import { peersOfTest } from "../line-peer.js";
import { npmPackage } from "../npm-package.js";
import { noKdc, type Realm, startRealm } from "./realm.js";

/** What is used here of the npm package `kerberos`, which is no dependency: whoever wants Kerberos installs it. */
interface KerberosPackage {
  readonly GSS_MECH_OID_SPNEGO: number;
  initializeClient(service: string, options: { mechOID: number }): Promise<KerberosClient>;
}
interface KerberosClient {
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

  /** libkrb5 makes the client's side in this process, by its environment. */
  function become(user: NodeJS.ProcessEnv): void {
    for (const [name, value] of Object.entries(user)) vi.stubEnv(name, value);
  }

  /** The transport's side of one connection to localhost. */
  async function lane() {
    const load = (): Promise<unknown> => Promise.resolve(kerberos);
    return (await kerberosFor("localhost", "win1", load))();
  }

  test("a keytab is enough: the service knows the user, and the client asks no more after its answer", async () => {
    const server = await gssPeer(start, { mechanism: "spnego", role: "accept" }, realm.service);
    become(realm.client);
    const authentication = await lane();
    const answer = await server("step", (await authentication.begin()) ?? undefined);
    expect(await authentication.proceed(answer)).toBeNull();
    expect((await server("initiator")).toString()).toBe("lab@TYRIAN.TEST");
  });

  test("an answer that is not the service's is refused", async () => {
    become(realm.client);
    const authentication = await lane();
    await authentication.begin();
    await expect(authentication.proceed(Buffer.from("no token"))).rejects.toMatchObject({
      code: "auth-failed",
    });
  });

  test("without a ticket or a keytab there is a coded error that says so", async () => {
    become(realm.nobody);
    const begun = (await lane()).begin();
    await expect(begun).rejects.toMatchObject({ code: "auth-failed" });
    await expect(begun).rejects.toThrow("No credentials were supplied");
  });

  test("its wrap loses the message (mongodb-js/kerberos, pull request 206): no Kerberos without TLS until this test fails", async () => {
    const server = await gssPeer(start, { mechanism: "spnego", role: "accept" }, realm.service);
    become(realm.client);
    const security = await kerberos.initializeClient("HTTP@localhost", {
      mechOID: kerberos.GSS_MECH_OID_SPNEGO,
    });
    const token = Buffer.from(await security.step(""), "base64");
    await security.step((await server("step", token)).toString("base64"));
    const message = "<s:Envelope/>";
    const wrapped = await security.wrap(Buffer.from(message).toString("base64"), { protect: true });
    const arrived = await server("unwrap", Buffer.from(wrapped, "base64"));
    expect(arrived.toString()).not.toBe(message);
    expect(arrived).toHaveLength(4);
  });
});
