import { TyrianError } from "../errors.js";
import { profileOf } from "./cli/profiles.js";
import { CliSession } from "./cli/session.js";
import { connectOverSsh, type SshTransportOptions } from "./ssh.js";
import type { Transport } from "./transport.js";

/** Sessions with the command lines of network devices, over SSH. */
export function createCliTransport(options: SshTransportOptions): Transport {
  return {
    connect: async (target, connectOptions) => {
      const settings = target.transport;
      if (settings.type !== "cli") {
        throw new TyrianError(
          "transport-failed",
          `${target.name} is a target of the ${settings.type} transport.`,
        );
      }
      const { enableSecret } = settings;
      const secret = enableSecret === undefined ? null : await options.resolveSecret(enableSecret);
      const ssh = await connectOverSsh(target, settings, connectOptions, options);
      return new CliSession(ssh, profileOf(settings.profile), secret);
    },
  };
}
