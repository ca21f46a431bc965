import { targetSchema, type Target } from "../../../src/model/target.js";
import { createCliTransport } from "../../../src/transport/cli.js";
import { transportContract } from "../../contract/transport.contract.js";
import { childrenOf, noSshd, startSshd, tryKill, type Sshd } from "../sshd.js";

/** What is given one-shot, which is as far as the contract goes: at a prompt there are no streams and no exit codes. */
let sshd: Sshd;

function device(): Target {
  const { transport } = sshd.target();
  return targetSchema.parse({
    name: "device-1",
    platform: "network",
    sensor: { type: "none" },
    transport: { ...transport, type: "cli", profile: "frr", maxChannels: 8 },
  });
}

transportContract({
  name: "cli (one-shot, with a POSIX shell in the device's place)",
  skip: noSshd,
  notApplicable: {
    pty: "with a terminal lines are typed at a prompt: see dialog.test.ts",
    ptyRefusal: "it has terminals, for prompts",
    processGroups: "a network device has no process groups; its command ends with the channel",
  },
  setUp: async () => {
    sshd = await startSshd();
  },
  connect: () =>
    createCliTransport({ resolveSecret: () => Promise.reject(new Error("none wanted")) }).connect(device(), {
      deadlineMs: 20_000,
    }),
  lose: async (session) => {
    const newest = childrenOf(sshd.pid).at(-1);
    if (session.open && newest !== undefined) tryKill(newest);
  },
  tearDown: () => sshd.stop(),
});
