import { randomUUID } from "node:crypto";
import { ShellCommand } from "./command.js";
import { FaultError } from "./faults.js";
import { type Interpreter } from "./interpreter.js";
import type { Operation } from "./operation.js";
import { silentInterpreter } from "./silent-interpreter.js";

/** What the service allows (MS-WSMV 3.1.4.1.30 and 2.2.4.42); the defaults are those of Windows Server since 2012. */
export interface Limits {
  readonly shellsPerUser: number;
  readonly processesPerShell: number;
  /** Commands of a user's open shells: Windows does not count one less when it is terminated (MS-WSMV, appendix A, 118). */
  readonly operationsPerUser: number;
  /** Bytes of the largest envelope, of requests and answers. */
  readonly envelopeBytes: number;
  /** Characters of a command line that cmd.exe takes. What is longer ends at once with exit code 0 and no output, as seen on Windows. */
  readonly commandLineCharacters: number;
  /** Milliseconds after which a shell that is not used is deleted; a client may ask for less. */
  readonly idleMs: number;
  /** Bytes of the largest `Stream` element. */
  readonly streamBytes: number;
}

export const windowsLimits: Limits = {
  shellsPerUser: 30,
  processesPerShell: 25,
  operationsPerUser: 1_500,
  envelopeBytes: 512_000,
  commandLineCharacters: 8_191,
  idleMs: 7_200_000,
  streamBytes: 16_384,
};

export type Creation = Extract<Operation, { action: "Create" }>;

/** One shell, and the commands that were started in it. */
export class Shell {
  readonly id = randomUUID().toUpperCase();
  readonly commands = new Map<string, ShellCommand>();
  /** Commands that were ever started. */
  #operations = 0;
  #busy = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    readonly user: string,
    readonly creation: Creation,
    readonly idleMs: number,
    readonly expire: (shell: Shell) => void,
  ) {
    this.#rest();
  }

  get operations(): number {
    return this.#operations;
  }

  /** Keeps the shell from expiring while a request on it is answered. */
  async use<T>(work: () => Promise<T> | T): Promise<T> {
    this.#busy += 1;
    clearTimeout(this.#idle);
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#rest();
    }
  }

  /** @throws FaultError ProcessesPerShell. */
  start(commandLine: string, interpreter: Interpreter, limits: Limits): ShellCommand {
    const running = [...this.commands.values()].filter((command) => command.running).length;
    if (running >= limits.processesPerShell) throw new FaultError("ProcessesPerShell");
    const tooLong = commandLine.length > limits.commandLineCharacters;
    const { environment, codePage, workingDirectory } = this.creation;
    const command = new ShellCommand(commandLine, (stdin) =>
      (tooLong ? silentInterpreter : interpreter).run(commandLine, {
        stdin,
        environment,
        codePage,
        workingDirectory,
      }),
    );
    this.#operations += 1;
    this.commands.set(command.id, command);
    return command;
  }

  /** @throws FaultError NoSuchCommand, also for one whose end has been fetched, unless `ended` ones count. */
  command(id: string, { ended = false } = {}): ShellCommand {
    const command = this.commands.get(id.toUpperCase());
    if (command === undefined || (command.finished && !ended)) throw new FaultError("NoSuchCommand");
    return command;
  }

  /** Ends all its commands. */
  close(): void {
    this.#busy = Number.POSITIVE_INFINITY;
    clearTimeout(this.#idle);
    for (const command of this.commands.values()) command.stop();
  }

  #rest(): void {
    this.#idle = setTimeout(() => this.expire(this), this.idleMs).unref();
  }
}

/** What a test can ask about a shell that is open. */
export interface OpenShell {
  readonly id: string;
  readonly user: string;
  /** Milliseconds without use after which it is deleted. */
  readonly idleMs: number;
  readonly commands: readonly { readonly commandLine: string; readonly running: boolean }[];
}

/** All shells of the service. */
export class Shells {
  readonly #open = new Map<string, Shell>();

  constructor(
    readonly interpreter: Interpreter,
    readonly limits: Limits,
  ) {}

  /** @throws FaultError ShellsPerUser. */
  create(user: string, creation: Creation): Shell {
    if (this.#of(user).length >= this.limits.shellsPerUser) throw new FaultError("ShellsPerUser");
    const idleMs = Math.min(creation.idleTimeoutMs ?? this.limits.idleMs, this.limits.idleMs);
    const shell = new Shell(user, creation, idleMs, (expired) => this.delete(expired));
    this.#open.set(shell.id, shell);
    return shell;
  }

  /** @throws FaultError NoSuchShell, AccessDenied. */
  find(user: string, id: string): Shell {
    const shell = this.#open.get(id.toUpperCase());
    if (shell === undefined) throw new FaultError("NoSuchShell");
    if (shell.user !== user) throw new FaultError("AccessDenied");
    return shell;
  }

  /** @throws FaultError OperationsPerUser, ProcessesPerShell. */
  start(shell: Shell, commandLine: string): ShellCommand {
    const operations = this.#of(shell.user).reduce((sum, one) => sum + one.operations, 0);
    if (operations >= this.limits.operationsPerUser) throw new FaultError("OperationsPerUser");
    return shell.start(commandLine, this.interpreter, this.limits);
  }

  delete(shell: Shell): void {
    this.#open.delete(shell.id);
    shell.close();
  }

  list(): OpenShell[] {
    return [...this.#open.values()].map(({ id, user, idleMs, commands }) => ({
      id,
      user,
      idleMs,
      commands: [...commands.values()].map(({ commandLine, running }) => ({ commandLine, running })),
    }));
  }

  close(): void {
    for (const shell of this.#open.values()) this.delete(shell);
  }

  #of(user: string): Shell[] {
    return [...this.#open.values()].filter((shell) => shell.user === user);
  }
}
