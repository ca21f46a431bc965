import { expect, test } from "vitest";
import { authenticateByNtlm, kerberosFor } from "../../../src/transport/winrm/negotiate.js";

/** A stand-in for the package `kerberos`, which answers each token with the next of its own. */
function kerberosPackage(tokens: readonly (string | null)[]): { loaded: unknown; seen: unknown[] } {
  const seen: unknown[] = [];
  const left = [...tokens];
  const client = {
    get contextComplete() {
      return left.length === 0;
    },
    step: (challenge: string) => {
      seen.push(Buffer.from(challenge, "base64").toString());
      const next = left.shift();
      if (next === undefined) return Promise.reject(new Error("No credentials cache found"));
      return Promise.resolve(next === null ? null : Buffer.from(next).toString("base64"));
    },
  };
  const loaded = {
    GSS_MECH_OID_SPNEGO: 6,
    initializeClient: (service: string, options: unknown) => {
      seen.push(service, options);
      return Promise.resolve(client);
    },
  };
  return { loaded, seen };
}

const message = { contentType: "application/soap+xml", body: Buffer.from("clear") };

test("Kerberos proves itself to the host's principal and checks the host's own proof", async () => {
  const { loaded, seen } = kerberosPackage(["ticket", null]);
  const authenticate = await kerberosFor("win1.lab.local", "win1", () =>
    Promise.resolve({ default: loaded }),
  );
  const lane = authenticate();
  expect(String(await lane.begin())).toBe("ticket");
  expect(await lane.proceed(Buffer.from("proof"))).toBeNull();
  expect(seen).toEqual(["HTTP@win1.lab.local", { mechOID: 6 }, "", "proof"]);
  expect(lane.wrap(message)).toBe(message);
  await expect(lane.proceed(Buffer.from("more"))).rejects.toMatchObject({ code: "auth-failed" });
});

test("Kerberos without a ticket says where to look", async () => {
  const authenticate = await kerberosFor("win1.lab.local", "win1", () =>
    Promise.resolve(kerberosPackage([]).loaded),
  );
  await expect(authenticate().begin()).rejects.toMatchObject({
    code: "auth-failed",
    message: expect.stringContaining("No credentials cache found"),
    hint: expect.stringContaining("klist"),
  });
});

test.each([
  ["is not installed", () => Promise.reject(new Error("Cannot find package 'kerberos'"))],
  ["is something else", () => Promise.resolve({})],
])("Kerberos whose package %s is a requirement that is missing", async (_what, load) => {
  await expect(kerberosFor("win1", "win1", load)).rejects.toMatchObject({ code: "requirement-missing" });
});

test("NTLM answers one challenge, and no second one", async () => {
  const lane = authenticateByNtlm({ user: "u", domain: "", password: "p" }, { certificate: null });
  expect((await lane.begin())?.toString("latin1", 0, 7)).toBe("NTLMSSP");
  await expect(lane.proceed(Buffer.from("nonsense"))).rejects.toMatchObject({ code: "transport-failed" });
  await expect(lane.proceed(Buffer.from("nonsense"))).rejects.toMatchObject({ code: "auth-failed" });
});
