import { transportContract } from "../../contract/transport.contract.js";
import { tryKill } from "../sshd.js";
import { StandIn } from "./host.js";

let standIn: StandIn;
transportContract({
  name: "powershell (a stand-in for pwsh with a POSIX shell behind it)",
  skip: null,
  notApplicable: {
    pty: "it has none",
    signals: ".NET reports a signal as an exit code",
  },
  setUp: async () => {
    standIn = new StandIn();
  },
  connect: () => standIn.connect(),
  lose: async () => {
    const pid = standIn.given("pid").at(-1);
    if (typeof pid === "number") tryKill(pid);
  },
  tearDown: () => standIn.stop(),
});
