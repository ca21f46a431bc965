import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actOnTarget, type ActedTrial } from "../../../src/engine/trial.js";
import type { EnginePorts } from "../../../src/engine/ports.js";
import { WithheldTargets } from "../../../src/engine/withheld.js";
import type { JournalEntry } from "../../../src/model/journal-event.js";
import type { Target } from "../../../src/model/target.js";
import type { Act, Trial } from "../../../src/model/trial.js";
import { trialId, workFolder } from "../../../src/plan/identity.js";
import type { Session } from "../../../src/transport/transport.js";
import type { DefaultShell } from "../../../src/transport/ssh/windows/shell.js";
import { trialOf } from "../../verify/builders.js";
import { startWine, type WineHost } from "../../winrm-server/wine.js";
import { opensshFront, sshFront, winrmFront } from "./fronts.js";

/** A trial for a host of Windows that prints `done` when it did its work: a batch script, unless the act says otherwise. */
export function windowsTrial(
  code: string,
  over: Omit<Partial<Trial>, "act"> & { act?: Partial<Act> } = {},
): Trial {
  const run = `test-${randomBytes(6).toString("hex")}`;
  const id = trialId(run, 1);
  return trialOf({
    ...{ id, run, target: "win1", platform: "windows", fidelity: "wine", work: workFolder(id, "windows") },
    proof: { exitCode: 0, stdout: { contains: "done" } },
    ...over,
    act: { program: "cmd.exe", options: [], via: "file", code, files: [], timeoutMs: 20_000, ...over.act },
  });
}

/** Over what a host is reached: both servers are stand-ins for those of Windows. */
export const reachedOver = ["WinRM", "SSH"] as const;

/** Wine's cmd behind a stand-in for Windows' server, and the engine that runs trials there. Neither is Windows. */
export interface WindowsHost {
  readonly wine: WineHost;
  readonly entries: JournalEntry[];
  readonly ports: EnginePorts;
  readonly target: Target;
  connect(): Promise<Session>;
  /** Cuts all connections. */
  cut(): void;
  /** The path here of one in Windows. */
  path(inWindows: string): string;
  /** Whether the act of a trial has written its file `begun`. */
  begun(trial: Trial): boolean;
  run(trial: Trial, signal?: AbortSignal): Promise<ActedTrial>;
  stop(): Promise<void>;
}

const fronts = { WinRM: winrmFront, SSH: sshFront, OpenSSH: opensshFront };

/**
 * @param shell what the SSH server starts for each command
 * @param display of an X server, for programs that make windows
 */
export async function startWindows(
  over: (typeof reachedOver)[number] | "OpenSSH" = "WinRM",
  shell: DefaultShell = "cmd",
  display?: string,
): Promise<WindowsHost> {
  const wine = startWine(display);
  const front = await fronts[over](wine, shell);
  const folder = mkdtempSync(join(tmpdir(), "tyrian-windows-"));
  const target: Target = { ...front.target, fidelity: "wine" };
  const entries: JournalEntry[] = [];
  let session: Session | null = null;
  const ports: EnginePorts = {
    journal: async (entry) => void entries.push(entry),
    acquire: async () => (session = session?.open === true ? session : await front.connect()),
    renew: async () => await session?.close(),
    lostRecords: () => Promise.resolve(null),
    withheld: new WithheldTargets(join(folder, "withheld"), "lab"),
    runFolder: join(folder, "run"),
  };
  const path = (inWindows: string): string =>
    join(
      wine.drive,
      inWindows
        .slice(3)
        .replaceAll("\\", "/")
        .replace(/^Windows\/Temp/, "windows/temp"),
    );
  return {
    ...{ wine, entries, ports, path, target },
    ...{ connect: front.connect, cut: front.cut },
    begun: ({ work }) => existsSync(path(`${work}\\begun`)),
    run: (trial, signal = new AbortController().signal) => actOnTarget(trial, target, ports, signal),
    stop: async () => {
      await session?.close();
      await front.stop();
      wine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
