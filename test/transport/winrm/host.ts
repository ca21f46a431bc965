import type { Socket } from "node:net";
import { targetSchema, type Target } from "../../../src/model/target.js";
import type { Session } from "../../../src/transport/transport.js";
import { openTcp } from "../../../src/transport/tcp.js";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import { startWinrmStandIn, type StandInOptions, type WinrmStandIn } from "../../winrm-server/server.js";

export const account = { user: "lab", password: "Pa55w0rd!" };

/** What the tests' references stand for. */
export const resolveSecret = (reference: string): Promise<string> =>
  Promise.resolve(reference === "env:WRONG" ? "a wrong word" : account.password);

/** A target for the transport; `changes` go into its transport settings. */
export function winrmTarget(port: number, changes: Record<string, unknown> = {}): Target {
  return targetSchema.parse({
    name: "win1",
    platform: "windows",
    fidelity: "simulated",
    sensor: { type: "none" },
    transport: {
      type: "winrm",
      host: "127.0.0.1",
      port,
      https: false,
      authentication: { type: "ntlm", user: account.user, password: "env:PASSWORD" },
      ...changes,
    },
  });
}

/** A stand-in for WinRM, and sessions with it. */
export interface Host {
  readonly standIn: WinrmStandIn;
  readonly warnings: readonly string[];
  /** Cuts all connections. */
  cut(): void;
  connect(changes?: Record<string, unknown>, deadlineMs?: number): Promise<Session>;
  stop(): Promise<void>;
}

export async function startHost(
  options: Omit<StandInOptions, "accounts"> & Partial<StandInOptions>,
): Promise<Host> {
  const standIn = await startWinrmStandIn({ accounts: [account], ...options });
  const warnings: string[] = [];
  const sockets: Socket[] = [];
  const transport = createWinrmTransport({
    resolveSecret,
    onWarning: (message) => warnings.push(message),
    openSocket: async (_target, { signal }) => {
      const socket = await openTcp("127.0.0.1", standIn.port, { signal });
      sockets.push(socket);
      return socket;
    },
  });
  const sessions: Session[] = [];
  return {
    standIn,
    warnings,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    connect: async (changes, deadlineMs = 20_000) => {
      const session = await transport.connect(winrmTarget(standIn.port, changes), { deadlineMs });
      sessions.push(session);
      return session;
    },
    stop: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await standIn.stop();
    },
  };
}
