import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, TyrianError } from "../errors.js";
import type { PowerShellTransport, Target } from "../model/target.js";
import { limited, orAborted } from "./abort.js";
import { Exchanges } from "./powershell/exchanges.js";
import { openingFailure } from "./powershell/failure.js";
import { farSide } from "./powershell/far-side.js";
import { Keeper } from "./powershell/keeper.js";
import { hostIn, isRecent, trailerIn, type Trailer } from "./powershell/messages.js";
import { base64, scriptOf } from "./powershell/near-side.js";
import { findNodePowerShell, findPwsh, PWSH_HINT } from "./powershell/requirements.js";
import { PowerShellSession } from "./powershell/session.js";
import type { ConnectOptions, Session, Transport } from "./transport.js";

/** Milliseconds that an exchange has; the host holds it for a tenth of a second, and signals may take a second each. */
const EXCHANGE_DEADLINE = 30_000;

interface PowerShellTransportOptions {
  /** Default: `process.env`. PATH is where pwsh is looked for; little of the rest is passed on to it. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Sessions over a local pwsh that reaches on by SSH remoting (`New-PSSession -HostName`), with the host's key pinned by the
 * inventory. node-powershell drives pwsh, in a child process of ours. A command is one line for the host's own shell
 * (`/bin/sh -c`, `cmd.exe /c`), started there as a process with a command line; in PowerShell remoting itself, a script would
 * run without one.
 *
 * What node-powershell cannot give: it runs one script at a time, shows nothing before its end, has no exit code, and leaves
 * running what is too slow. So a script here only starts commands or asks what they have to tell, and ends within
 * moments; output, input and ends go in JSON. Output comes in steps of about a tenth of a second, and the order between
 * stdout and stderr within a step is not kept. An end by a signal is an exit code (128 and the signal's number), as .NET gives it.
 */
export function createPowerShellTransport(options: PowerShellTransportOptions = {}): Transport {
  return { connect: (target, connectOptions) => connect(target, connectOptions, options) };
}

async function connect(
  target: Target,
  { signal: outer, deadlineMs }: ConnectOptions,
  { environment = process.env }: PowerShellTransportOptions,
): Promise<Session> {
  outer?.throwIfAborted();
  const settings = settingsOf(target);
  const programs = requirements(target, environment);
  const folder = await mkdtemp(join(tmpdir(), "tyrian-powershell-"));
  const keeper = new Keeper({ ...programs, environment });
  const release = async (): Promise<void> => {
    await keeper.close();
    await rm(folder, { recursive: true, force: true });
  };
  const { signal, release: releaseLimit } = limited([outer], deadlineMs, () => {
    return new TyrianError(
      "connect-failed",
      `${target.name} (${settings.host} port ${String(settings.port)}) did not open a PowerShell session within ${String(deadlineMs)} ms.`,
    );
  });
  try {
    const windows = await orAborted(open(target, settings, keeper, folder, deadlineMs), signal);
    const exchanges = new Exchanges((exchange) => ask(keeper, exchange));
    void keeper.ended.opened.then(() => exchanges.lose(keeper.why));
    return new PowerShellSession({ target: target.name, windows, exchanges, release });
  } catch (thrown) {
    await release();
    throw thrown;
  } finally {
    releaseLimit();
  }
}

function requirements(
  target: Target,
  environment: NodeJS.ProcessEnv,
): { readonly pwsh: string; readonly module: string } {
  const missing = (what: string, hint: string): TyrianError =>
    new TyrianError("requirement-missing", `${target.name} is reached through ${what}.`, { hint });
  const pwsh = findPwsh(environment["PATH"]);
  if (pwsh === null) throw missing("PowerShell on this machine, and there is no `pwsh` on PATH", PWSH_HINT);
  const module = findNodePowerShell();
  if (module === null) {
    throw missing(
      "the optional package node-powershell, which is not installed",
      "npm install --include=optional",
    );
  }
  return { pwsh, module };
}

/** Opens the session to the host; whether that is Windows. */
async function open(
  target: Target,
  settings: PowerShellTransport,
  keeper: Keeper,
  folder: string,
  deadlineMs: number,
): Promise<boolean> {
  const { host, port, user, hostKey, keyFile, subsystem } = settings;
  const knownHosts = join(folder, "known-hosts");
  // PowerShell cuts ssh's options at blanks and quotes.
  if (/[\s"']/.test(knownHosts)) {
    throw new TyrianError(
      "transport-failed",
      `The folder for temporary files, ${tmpdir()}, has a blank or a quote in its name.`,
      { hint: "Set TMPDIR to another one: ssh cannot be told a file there." },
    );
  }
  await writeFile(knownHosts, `tyrian ${hostKey}\n`, { mode: 0o600 });
  const options = {
    // The address that was checked, whatever the user's ssh_config says of it, and no way round.
    ...{ HostName: host, ProxyCommand: "none", ProxyJump: "none", HostKeyAlias: "tyrian" },
    ...{ UserKnownHostsFile: knownHosts, GlobalKnownHostsFile: "none", StrictHostKeyChecking: "yes" },
    ...{ BatchMode: "yes", ServerAliveInterval: "5", ServerAliveCountMax: "3", ForwardAgent: "no" },
    ...(keyFile === undefined ? {} : { IdentitiesOnly: "yes" }),
  };
  const texts = {
    ...{ HostName: host, UserName: user, Subsystem: subsystem },
    ...(keyFile === undefined ? {} : { KeyFilePath: keyFile }),
  };
  const request = {
    open: {
      options: encoded(options),
      texts: encoded(texts),
      port,
      timeout: deadlineMs,
      farSide: base64(farSide),
    },
  };
  // A little longer, so that the error that says how far it came is the one that is seen.
  const opening = invoke(keeper, request, true, deadlineMs + 1_000);
  const { version, result, error } = await opening.catch((thrown: unknown) => {
    throw openingFailure(target.name, messageOf(thrown));
  });
  if (!isRecent(version)) {
    throw new TyrianError(
      "requirement-missing",
      `pwsh on this machine is PowerShell ${version}; 7.4 or later is needed.`,
      { hint: PWSH_HINT },
    );
  }
  if (error !== null) throw openingFailure(target.name, error);
  const found = result === null ? null : hostIn(result);
  if (found === null) throw openingFailure(target.name, "the host answered what cannot be read");
  if (!isRecent(found.version)) {
    throw new TyrianError(
      "transport-failed",
      `${target.name} has PowerShell ${found.version}; 7.4 or later is needed there.`,
      {
        hint: "Install a newer PowerShell on the host, or reach it over the transport `ssh` or `winrm`, which need none.",
      },
    );
  }
  if (found.windows !== (target.platform === "windows")) {
    throw new TyrianError(
      "transport-failed",
      `${target.name} is ${found.windows ? "Windows" : "no Windows"}, and the inventory says ${target.platform}.`,
      { hint: "Correct `platform` in the inventory; its commands are written for another shell." },
    );
  }
  return found.windows;
}

/** Passes an exchange on to the host and returns its answer. */
async function ask(keeper: Keeper, exchange: string): Promise<string> {
  const { result, error } = await invoke(keeper, { exchange: base64(exchange) }, false, EXCHANGE_DEADLINE);
  if (error !== null) throw new Error(error);
  return result ?? "";
}

/** Runs a request in our own pwsh. What it did is known from the trailer alone. */
async function invoke(
  keeper: Keeper,
  request: Readonly<Record<string, unknown>>,
  isFirst: boolean,
  deadlineMs: number,
): Promise<Trailer> {
  const mark = randomUUID();
  const stdout = await keeper.invoke(scriptOf({ mark, ...request }, isFirst), deadlineMs);
  const trailer = trailerIn(stdout, mark);
  if (trailer === null) throw new Error("pwsh printed no trailer that can be read");
  return trailer;
}

function encoded(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, base64(text)]));
}

function settingsOf(target: Target): PowerShellTransport {
  if (target.transport.type !== "powershell") {
    throw new TyrianError(
      "transport-failed",
      `${target.name} is a target of the ${target.transport.type} transport.`,
    );
  }
  return target.transport;
}
