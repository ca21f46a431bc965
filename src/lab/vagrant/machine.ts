import type { z } from "zod";
import { TyrianError } from "../../errors.js";
import { type DeviceLogFormat, deviceLogFormats, type TelemetrySource } from "../../model/inventory.js";
import { type Sensor, type Target, targetSchema, type transportSchema } from "../../model/target.js";
import { seenHostKey } from "../../transport/ssh/seen-host-key.js";
import { isPrivateAddress } from "../scope.js";
import type { VagrantPlace } from "./command.js";
import { sshAccess, winrmAccess } from "./connection.js";
import type { MachineKind } from "./platforms.js";

/** Milliseconds that a machine has to show its host key. */
const HOST_KEY_DEADLINE_MS = 30_000;

/** A machine of Vagrant as an inventory has it. */
export interface ImportedMachine {
  readonly target: Target;
  /** Where its telemetry is looked for on this machine; null where no reader of Tyrian's knows its sensor. */
  readonly telemetry: TelemetrySource | null;
  /** In clear, for a file of its own. */
  readonly password: string | null;
  /** The fingerprint of the host key that it showed; null without SSH. */
  readonly fingerprint: string | null;
}

/** The file, beside the inventory, for the password of a machine. */
export function passwordFile(machine: string): string {
  return `${machine}.password`;
}

/** @throws TyrianError `vagrant-failed`, `target-out-of-scope`, `connect-failed` */
export async function importMachine(
  place: VagrantPlace,
  name: string,
  kind: MachineKind,
): Promise<ImportedMachine> {
  const { platform } = kind;
  const file = `telemetry/${name}.json`;
  // Parsed, so that defaults are the inventory's own.
  const target = (transport: z.input<typeof transportSchema>, sensor: Sensor): Target =>
    targetSchema.parse({ name, platform, transport, sensor, tags: ["vagrant"] });
  if (platform === "windows") {
    const { transport, password } = await windowsAccess(place, name);
    return {
      target: target(transport, { type: "sysmon" }),
      telemetry: { type: "windows-log", file, sensor: "sysmon" },
      password,
      fingerprint: null,
    };
  }
  const { transport, fingerprint } = await posixAccess(place, name, kind);
  const { sensor, telemetry } = observed(name, kind, file);
  return { target: target(transport, sensor), telemetry, password: null, fingerprint };
}

async function windowsAccess(
  place: VagrantPlace,
  name: string,
): Promise<{ transport: z.input<typeof transportSchema>; password: string }> {
  const access = await winrmAccess(place, name);
  assertPrivate(name, access.HostName);
  return {
    transport: {
      type: "winrm",
      host: access.HostName,
      port: access.Port,
      // Vagrant's way in is HTTP unless it is told otherwise; NTLM encrypts the messages itself.
      https: false,
      authentication: {
        type: "ntlm",
        user: access.User,
        domain: "",
        password: `file:${passwordFile(name)}`,
      },
    },
    password: access.Password,
  };
}

async function posixAccess(
  place: VagrantPlace,
  name: string,
  kind: MachineKind,
): Promise<{ transport: z.input<typeof transportSchema>; fingerprint: string }> {
  const access = await sshAccess(place, name);
  assertPrivate(name, access.HostName);
  if (access.ProxyCommand !== undefined) {
    throw new TyrianError(
      "vagrant-failed",
      `Vagrant reaches ${name} through another host (ProxyCommand), which Tyrian does not`,
      { hint: "Run Tyrian on the machine that runs the hypervisor." },
    );
  }
  const [file] = access.IdentityFile;
  if (file === undefined) {
    throw new TyrianError("vagrant-failed", `Vagrant has no private key for ${name} (IdentityFile)`, {
      hint: "Let Vagrant log in with a key (config.ssh.insert_key or config.ssh.private_key_path).",
    });
  }
  const signal = AbortSignal.any([place.signal, AbortSignal.timeout(HOST_KEY_DEADLINE_MS)]);
  const key = await seenHostKey(access.HostName, access.Port, signal).catch((error: unknown) => {
    place.signal.throwIfAborted();
    if (!signal.aborted) throw error;
    throw new TyrianError(
      "connect-failed",
      `${name} (${access.HostName} port ${String(access.Port)}) showed no SSH host key within ${HOST_KEY_DEADLINE_MS / 1000} s`,
    );
  });
  const reached = {
    host: access.HostName,
    port: access.Port,
    user: kind.user ?? access.User,
    hostKey: key.line,
    authentication: { type: "key", file },
  } as const;
  return {
    transport:
      kind.profile === undefined
        ? { type: "ssh", ...reached }
        : { type: "cli", ...reached, profile: kind.profile },
    fingerprint: key.fingerprint,
  };
}

/** The key that a host shows is believed: so only where nobody else can answer in its place. */
function assertPrivate(name: string, host: string): void {
  if (isPrivateAddress(host)) return;
  throw new TyrianError(
    "target-out-of-scope",
    `Vagrant reaches ${name} at ${host}, which is not a loopback or private address`,
    { hint: "Only machines of this computer's own networks are imported." },
  );
}

function observed(
  name: string,
  { platform, profile }: MachineKind,
  file: string,
): { sensor: Sensor; telemetry: TelemetrySource | null } {
  if (platform === "linux" || platform === "hypervisor") {
    return {
      // agents/linux
      sensor: { type: "laurel", log: { path: "/var/log/laurel/audit.log", sudo: true } },
      telemetry: { type: "laurel-log", file, host: name },
    };
  }
  const format = deviceLogFormats.find((candidate): candidate is DeviceLogFormat => candidate === profile);
  if (format !== undefined) {
    return {
      sensor: { type: "device-log" },
      telemetry: { type: "device-log", file, host: name, format, utcOffsetMinutes: 0, ownUsers: [] },
    };
  }
  return { sensor: { type: "none" }, telemetry: null };
}
