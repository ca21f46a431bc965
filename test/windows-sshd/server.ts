import type { AddressInfo } from "node:net";
import { Transform, type Readable } from "node:stream";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { newSshKey } from "../../src/lab/embedded/keys.js";
import { targetSchema, type Target } from "../../src/model/target.js";
import { saying, type Machine, type StartedCommand } from "./machine.js";

export interface WindowsSshdOptions {
  readonly machine: Machine;
  /** The registry's DefaultShell. Default cmd.exe. */
  readonly shell?: "cmd" | "powershell";
  /** Whether the `signal` request is known, as from OpenSSH 7.9 on. Default yes. */
  readonly signals?: boolean;
}

/**
 * A stand-in for OpenSSH for Windows, for tests. It behaves as the source of that server says (w32-doexec.c and signal_sigchld.c of
 * PowerShell/openssh-portable): a command goes to the default shell, its exit code has 32 bits, whatever the signal the shell is
 * terminated with exit code 0 and nothing else is, and a lost connection ends nothing. It is not Windows.
 */
export interface WindowsSshd {
  readonly port: number;
  /** The command lines that were sent, as they were sent. */
  readonly lines: readonly string[];
  /** The signals that were asked for. */
  readonly signals: readonly string[];
  target(changes?: Record<string, unknown>): Target;
  /** Cuts all connections. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startWindowsSshd(options: WindowsSshdOptions): Promise<WindowsSshd> {
  const { privateText, publicLine } = newSshKey("stand-in");
  const connections = new Set<Connection>();
  const commands = new Set<StartedCommand>();
  const lines: string[] = [];
  const signals: string[] = [];
  /** By the number that the server has given the channel. */
  const byChannel = new Map<string, StartedCommand>();
  // ssh2's server has no event for the signal of a command that runs; it only logs the request.
  const debug = (message: string): void => {
    const [, channel, signal] = /CHANNEL_REQUEST \(r:(\d+), signal: (\w+)\)/.exec(message) ?? [];
    if (channel === undefined || signal === undefined) return;
    signals.push(signal);
    if (options.signals !== false) byChannel.get(channel)?.terminate();
  };
  const server = new ssh2.Server({ hostKeys: [privateText], debug }, (connection) => {
    connections.add(connection);
    connection.on("error", () => {}).on("close", () => connections.delete(connection));
    connection.on("authentication", (context) => context.accept());
    connection.on("session", (acceptSession) => {
      acceptSession().on("exec", (accept, _reject, { command }) => {
        lines.push(command);
        const channel: ServerChannel = accept();
        const started = start(options, command, channel);
        commands.add(started);
        byChannel.set(String(Reflect.get(Reflect.get(channel, "incoming") as object, "id")), started);
        follow(started, channel);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const connection of connections) connection.end();
  };
  return {
    ...{ port, lines, signals, cut },
    target: (changes = {}) =>
      targetSchema.parse({
        ...{ name: "win1", platform: "windows", fidelity: "simulated", sensor: { type: "none" } },
        transport: {
          ...{ type: "ssh", host: "127.0.0.1", port, user: "lab", hostKey: publicLine },
          authentication: { type: "password", password: "env:ANY" },
          ...changes,
        },
      }),
    stop: async () => {
      for (const command of commands) command.terminate();
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the default shell makes of a line. */
function start({ machine, shell }: WindowsSshdOptions, line: string, input: Readable): StartedCommand {
  if (shell !== "powershell") return machine.run(line, input);
  const question = /^echo ([\w%-]+)\$PSHOME$/.exec(line)?.[1];
  if (question !== undefined) {
    const home = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0";
    return saying({ stdout: `${question}${home}\r\n` });
  }
  // sshd puts a backslash before each double quote, which the client has none of.
  const encoded =
    /^\$ErrorActionPreference='Stop';[^"]*FromBase64String\('([^']+)'\)[^"]*exit \$p\.ExitCode #tyrian-[0-9a-f-]+$/.exec(
      line,
    )?.[1];
  const words = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const command = /^\/s \/c "(.*)"$/s.exec(words)?.[1];
  if (command === undefined) return saying({ stderr: "The term is not recognized.\r\n", code: 1 });
  return machine.run(command, input.pipe(decodeLines()));
}

/** What the client's line does with its input. */
function decodeLines(): Transform {
  let rest = "";
  return new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      const lines = `${rest}${piece.toString("latin1")}`.split("\r\n");
      rest = lines.pop() ?? "";
      done(null, Buffer.concat(lines.map((line) => Buffer.from(line, "base64"))));
    },
  });
}

function follow({ stdout, stderr, exitCode }: StartedCommand, channel: ServerChannel): void {
  channel.on("error", () => {});
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  const drained = Promise.all(
    [stdout, stderr].map((stream) => new Promise((done) => stream.once("end", done))),
  );
  void exitCode.then(async (code) => {
    channel.exit(code);
    await drained;
    channel.end();
  });
}
