import { acknowledged, commandStarted, created, deleted, received, RECEIVE_OVERHEAD } from "./answers.js";
import type { Answer } from "./answers.js";
import { FaultError } from "./faults.js";
import type { Request } from "./request.js";
import type { Shell, Shells } from "./shells.js";

/** Who asks, and from where. */
export interface Caller {
  readonly user: string;
  readonly clientAddress: string;
  /** The URL under which the service is reached. */
  readonly address: string;
  /** Aborted when the client's connection is gone. */
  readonly gone: AbortSignal;
}

/**
 * Does what a request asks (MS-WSMV 3.1.4).
 * @throws FaultError
 */
export async function serve(shells: Shells, request: Request, caller: Caller): Promise<Answer> {
  const { operation, shellId } = request;
  if (operation.action === "Create") {
    return created(shells.create(caller.user, operation), caller.address, caller.clientAddress);
  }
  if (shellId === undefined) throw new FaultError("ShellIdRequired");
  const shell = shells.find(caller.user, shellId);
  return await shell.use(() => act(shells, shell, request, caller));
}

async function act(shells: Shells, shell: Shell, request: Request, caller: Caller): Promise<Answer> {
  const { operation } = request;
  switch (operation.action) {
    case "Create":
      throw new FaultError("InternalError");
    case "Command":
      return commandStarted(shells.start(shell, operation.commandLine).id);
    case "Receive": {
      const command = shell.command(operation.commandId);
      const room = {
        characters: request.maxEnvelopeSize - RECEIVE_OVERHEAD,
        pieceBytes: shells.limits.streamBytes,
      };
      const waiting = AbortSignal.any([caller.gone, AbortSignal.timeout(request.operationTimeoutMs)]);
      const output = await command.receive(operation.streams, room, waiting);
      return received(command.id, output);
    }
    case "Send":
      shell.command(operation.commandId).send(operation.data, operation.end);
      return acknowledged("Send");
    case "Signal": {
      const command = shell.command(operation.commandId, { ended: true });
      if (operation.signal === "terminate") {
        command.stop();
        shell.commands.delete(command.id);
      } else {
        command.interrupt();
      }
      return acknowledged("Signal");
    }
    case "Delete":
      shells.delete(shell);
      return deleted();
  }
}
