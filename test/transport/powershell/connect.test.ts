import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPowerShellTransport } from "../../../src/transport/powershell.js";
import { isAlive, sshTarget } from "../sshd.js";
import { powershellTarget, StandIn } from "./host.js";

let standIn: StandIn;
beforeEach(() => {
  standIn = new StandIn();
});
afterEach(() => standIn.stop());

/** The files of pinned keys that pwsh was told of. */
const keyFiles = (): string[] =>
  (standIn.given("open") as { options: Record<string, string> }[]).map(({ options }) =>
    Buffer.from(options["UserKnownHostsFile"] ?? "", "base64").toString(),
  );

test("without pwsh on PATH a requirement is missing, and the hint says where to get it", async () => {
  rmSync(join(standIn.folder, "pwsh"));
  const transport = createPowerShellTransport({ environment: { PATH: standIn.folder } });
  await expect(transport.connect(powershellTarget(), { deadlineMs: 1_000 })).rejects.toMatchObject({
    code: "requirement-missing",
    exit: 3,
    message: expect.stringContaining("no `pwsh` on PATH") as string,
    hint: expect.stringContaining("PowerShell 7.4") as string,
  });
});

test.each([
  ["Host key verification failed.", "host-key-mismatch"],
  ["lab@10.0.0.1: Permission denied (publickey).", "auth-failed"],
  ["subsystem request failed on channel 0", "transport-failed"],
  ["ssh: connect to host 10.0.0.1 port 22: Connection refused", "connect-failed"],
])("what ssh says has its own code: %s", async (text, code) => {
  standIn.behave({ on: "open", effect: "error", text: `The SSH client session has ended with: ${text}` });
  const message = expect.stringContaining(text.replace(/\.$/, "")) as string;
  await expect(standIn.connect()).rejects.toMatchObject({ code, message });
  expect((standIn.given("pid") as number[]).filter(isAlive)).toEqual([]);
});

test.each(["no-trailer", "die", "exit"])(
  "a pwsh that ends by %s while it connects is a failure to connect",
  async (effect) => {
    standIn.behave({ on: "open", effect });
    await expect(standIn.connect()).rejects.toMatchObject({ code: "connect-failed" });
  },
);

test.each([
  ["a program that ends at once", "#!/bin/sh\nexit 3\n"],
  ["a program that cannot be started", "#!/no/such/interpreter\n"],
])("%s in pwsh's place ends its own child process, and nothing of ours", async (_name, text) => {
  writeFileSync(join(standIn.folder, "pwsh"), text);
  chmodSync(join(standIn.folder, "pwsh"), 0o755);
  await expect(standIn.connect()).rejects.toMatchObject({ code: "connect-failed" });
});

test("a deadline and an abort end the connecting, with pwsh and the pinned key's file", async () => {
  standIn.behave({ on: "open", effect: "hang" });
  await expect(standIn.connect({}, 700)).rejects.toMatchObject({
    code: "connect-failed",
    message: expect.stringContaining("within 700 ms") as string,
  });
  const transport = createPowerShellTransport({ environment: standIn.environment });
  const controller = new AbortController();
  const connecting = transport.connect(powershellTarget(), { deadlineMs: 20_000, signal: controller.signal });
  controller.abort(new Error("no longer wanted"));
  await expect(connecting).rejects.toThrow("no longer wanted");
  expect((standIn.given("pid") as number[]).filter(isAlive)).toEqual([]);
  expect(keyFiles().length).toBeGreaterThan(0);
  expect(keyFiles().filter((file) => existsSync(file))).toEqual([]);
});

test("a PowerShell that is too old is refused, here and on the host", async () => {
  standIn.behave({
    on: "open",
    effect: "answer",
    answer: { version: "7.2.24", error: "no parameter Options" },
  });
  await expect(standIn.connect()).rejects.toMatchObject({ code: "requirement-missing" });
  standIn.behave({ on: "open", effect: "none", host: { version: "7.3.12" } });
  await expect(standIn.connect()).rejects.toMatchObject({
    code: "transport-failed",
    message: expect.stringContaining("7.3.12") as string,
  });
});

test("a host of another platform than the inventory says is refused", async () => {
  standIn.behave({ on: "open", effect: "none", host: { windows: true } });
  await expect(standIn.connect()).rejects.toMatchObject({
    code: "transport-failed",
    message: expect.stringContaining("host-1 is Windows") as string,
  });
});

test("a target of another transport is refused", async () => {
  await expect(standIn.connectTo(sshTarget(22))).rejects.toMatchObject({ code: "transport-failed" });
});
