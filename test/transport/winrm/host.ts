import type { Socket } from "node:net";
import { targetSchema, type Target } from "../../../src/model/target.js";
import type { ExecOptions, ExecResult, Session } from "../../../src/transport/transport.js";
import { openTcp } from "../../../src/transport/tcp.js";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import type { Interpreter } from "../../winrm-server/interpreter.js";
import type { Effect, Misbehaviour } from "../../winrm-server/misbehaviour.js";
import { scriptedInterpreter } from "../../winrm-server/scripted-interpreter.js";
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

/** Commands for tests: `echo WORD` prints the word, `exit CODE` exits so, and `wait` never ends. */
export const words: Interpreter = scriptedInterpreter(async ({ commandLine, write, signal }) => {
  const [verb, word = ""] = commandLine.split(" ");
  if (verb === "exit") return Number(word);
  write("stdout", word);
  if (verb === "wait") await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return 0;
});

export function run(
  session: Session,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> {
  return session.exec(command, { deadlineMs: 20_000, ...options });
}

export function changed(change: Extract<Effect, { type: "after" }>["change"]): Effect {
  return { type: "after", change };
}

/** A stand-in for WinRM, and sessions with it. */
export interface Host {
  readonly standIn: WinrmStandIn;
  readonly warnings: readonly string[];
  /** How often an operation was asked for. */
  asked(action: string): number;
  /** Has something go wrong from now on: always, or the nth time. */
  misbehave(on: Misbehaviour["on"], effect: Effect, nth?: number): void;
  /** How many connections are open. */
  connections(): number;
  /** Cuts all connections. */
  cut(): void;
  connect(changes?: Record<string, unknown>, deadlineMs?: number): Promise<Session>;
  stop(): Promise<void>;
}

export async function startHost(options: Partial<StandInOptions> = {}): Promise<Host> {
  const standIn = await startWinrmStandIn({ accounts: [account], interpreter: words, ...options });
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
    asked: (action) => standIn.requests.filter((request) => request.action === action).length,
    misbehave: (on, effect, nth) =>
      standIn.misbehave([{ on, effect, ...(nth === undefined ? {} : { nth }) } as Misbehaviour]),
    connections: () => sockets.filter((socket) => !socket.destroyed).length,
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
