import { transportContract } from "../../contract/transport.contract.js";
import { posixShell } from "../../winrm-server/posix-shell.js";
import { startHost, type Host } from "./host.js";

let host: Host;
transportContract({
  name: "winrm (a stand-in with a POSIX shell behind it)",
  skip: null,
  notApplicable: {
    pty: "it has none",
    signals: "Windows knows none: a process that is ended has an exit code",
    longCommands: "cmd.exe reads 8191 characters; what is longer is refused before it is sent",
  },
  setUp: async () => {
    host = await startHost({ interpreter: posixShell });
  },
  connect: () => host.connect(),
  lose: async () => host.cut(),
  tearDown: () => host.stop(),
});
