import { targetSchema } from "../../src/model/target.js";
import { createLocalTransport } from "../../src/transport/local.js";
import { createSshTransport } from "../../src/transport/ssh.js";
import { transportContract } from "../contract/transport.contract.js";
import { childrenOf, noSshd, startSshd, tryKill, type Sshd } from "./sshd.js";

let sshd: Sshd;
transportContract({
  name: "ssh",
  skip: noSshd,
  setUp: async () => {
    sshd = await startSshd();
  },
  connect: () =>
    createSshTransport({ resolveSecret: () => Promise.reject(new Error("none wanted")) }).connect(
      sshd.target(),
      {
        deadlineMs: 20_000,
      },
    ),
  lose: async (session) => {
    // The server has one process for each connection; the newest is this session's.
    const newest = childrenOf(sshd.pid).at(-1);
    if (session.open && newest !== undefined) tryKill(newest);
  },
  tearDown: () => sshd.stop(),
});

transportContract({
  name: "local",
  skip: null,
  notApplicable: { pty: "it has none", lose: "there is no connection" },
  setUp: async () => {},
  connect: () =>
    createLocalTransport().connect(
      targetSchema.parse({
        name: "here",
        platform: "linux",
        sensor: { type: "none" },
        transport: { type: "local" },
      }),
      { deadlineMs: 20_000 },
    ),
  tearDown: async () => {},
});
