import { createSshTransport } from "../../src/transport/ssh.js";
import { transportContract } from "../contract/transport.contract.js";
import { posixMachine } from "../windows-sshd/machine.js";
import { startWindowsSshd, type WindowsSshd } from "../windows-sshd/server.js";

for (const shell of ["cmd", "powershell"] as const) {
  let sshd: WindowsSshd;
  transportContract({
    name: `ssh to Windows with ${shell} as its shell (a stand-in with a POSIX shell behind it)`,
    skip: null,
    notApplicable: {
      pty: "it has none",
      signals: "Windows knows none: a process that is ended has an exit code",
      grace: "Windows ends processes without asking them",
      longCommands: "cmd.exe reads 8191 characters; what is longer is refused before it is sent",
    },
    setUp: async () => {
      sshd = await startWindowsSshd({ machine: posixMachine(), shell });
    },
    connect: () =>
      createSshTransport({ resolveSecret: () => Promise.resolve("any") }).connect(sshd.target(), {
        deadlineMs: 20_000,
      }),
    lose: async () => sshd.cut(),
    tearDown: () => sshd.stop(),
  });
}
