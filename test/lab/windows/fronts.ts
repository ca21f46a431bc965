import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Target } from "../../../src/model/target.js";
import { createSshTransport } from "../../../src/transport/ssh.js";
import type { DefaultShell } from "../../../src/transport/ssh/windows/shell.js";
import type { Session, Transport } from "../../../src/transport/transport.js";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import { startSshd, tryKill, childrenOf } from "../../transport/sshd.js";
import { resolveSecret, startHost, winrmTarget } from "../../transport/winrm/host.js";
import { wineMachine } from "../../windows-sshd/machine.js";
import { startWindowsSshd } from "../../windows-sshd/server.js";
import { scripts, type WineHost } from "../../winrm-server/wine.js";

/** A server in front of Wine. */
export interface Front {
  readonly target: Target;
  connect(): Promise<Session>;
  /** Cuts all connections. */
  cut(): void;
  stop(): Promise<void>;
}

const sshTransport = createSshTransport({ resolveSecret: () => Promise.resolve("any") });

/** The transport that reaches a target of these tests, also from another process. */
export function transportTo({ transport }: Target): Transport {
  return transport.type === "ssh" ? sshTransport : createWinrmTransport({ resolveSecret });
}

const connectTo = (target: Target): Promise<Session> =>
  transportTo(target).connect(target, { deadlineMs: 30_000 });

/** A stand-in for Windows' WinRM. */
export async function winrmFront({ interpreter }: WineHost): Promise<Front> {
  const host = await startHost({ interpreter });
  return {
    target: winrmTarget(host.standIn.port),
    connect: () => host.connect(),
    cut: () => host.cut(),
    stop: () => host.stop(),
  };
}

/** A stand-in for OpenSSH for Windows. */
export async function sshFront({ interpreter }: WineHost, shell: DefaultShell): Promise<Front> {
  const sshd = await startWindowsSshd({ machine: wineMachine(interpreter), shell });
  const target = sshd.target();
  return { target, connect: () => connectTo(target), cut: () => sshd.cut(), stop: () => sshd.stop() };
}

/** OpenSSH's own sshd of this machine, with Wine's cmd as the shell of its user. */
export async function opensshFront(wine: WineHost): Promise<Front> {
  const shell = join(wine.drive, "shell-of-wine");
  writeFileSync(shell, shellOfWine(wine), { mode: 0o755 });
  const sshd = await startSshd([`ForceCommand ${shell}`]);
  const target: Target = { ...sshd.target(), platform: "windows" };
  return {
    target,
    connect: () => connectTo(target),
    cut: () => {
      for (const child of childrenOf(sshd.pid)) tryKill(child);
    },
    stop: () => sshd.stop(),
  };
}

/**
 * What sshd starts instead of a shell: as our stand-ins do, it has Wine's cmd read the line from a batch file, because from the arguments
 * of a program of Unix Wine makes other quotes. The exit code has the eight bits of Unix.
 */
function shellOfWine({ drive }: WineHost): string {
  const folder = join(drive, scripts);
  return `#!/bin/sh
export WINEDEBUG=-all DISPLAY= WINEPREFIX='${dirname(drive)}'
name=$(cat /proc/sys/kernel/random/uuid)
file='${folder}/'"$name"
printf '@echo off\\r\\n%s\\r\\n@>C:\\\\${scripts}\\\\%s.code echo %%ERRORLEVEL%%\\r\\n' "$SSH_ORIGINAL_COMMAND" "$name" >"$file.bat"
cd '${drive}'
setarch -R wine cmd /c "C:\\\\${scripts}\\\\$name.bat"
code=$?
if [ -e "$file.code" ]; then code=$(tr -d '\\r ' <"$file.code"); fi
exit $((code & 255))
`;
}
