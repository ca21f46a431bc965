import { createPowerShellTransport } from "../../../src/transport/powershell.js";
import { findPwsh } from "../../../src/transport/powershell/requirements.js";
import { transportContract } from "../../contract/transport.contract.js";
import { childrenOf, noSshd, startSshd, tryKill, type Sshd } from "../sshd.js";
import { powershellTarget } from "./host.js";

const pwsh = findPwsh(process.env["PATH"]);

/** Both sides are the pwsh of this machine, with OpenSSH's client and server between them. */
let sshd: Sshd;
transportContract({
  name: "powershell (a real pwsh)",
  skip: pwsh === null ? "there is no real pwsh on PATH (https://aka.ms/install-powershell)" : noSshd,
  notApplicable: {
    pty: "it has none",
    signals: ".NET reports a signal as an exit code",
  },
  setUp: async () => {
    sshd = await startSshd([`Subsystem powershell ${String(pwsh)} -sshs -NoLogo -NoProfile`]);
  },
  connect: () => {
    const user = process.env["USER"] ?? "root";
    const { port, hostKey, userKey: keyFile } = sshd;
    return createPowerShellTransport().connect(powershellTarget({ port, hostKey, user, keyFile }), {
      deadlineMs: 60_000,
    });
  },
  lose: async (session) => {
    const newest = childrenOf(sshd.pid).at(-1);
    if (session.open && newest !== undefined) tryKill(newest);
  },
  tearDown: () => sshd.stop(),
});
