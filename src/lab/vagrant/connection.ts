import { z } from "zod";
import { TyrianError } from "../../errors.js";
import { vagrant, type VagrantPlace } from "./command.js";

const word = z.string().min(1);
const port = z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(1).max(65535));

const sshSchema = z.object({
  HostName: word,
  User: word,
  Port: port,
  IdentityFile: z.array(word).default([]),
  ProxyCommand: z.string().optional(),
});
/** How Vagrant reaches a machine by SSH. */
export type SshAccess = z.infer<typeof sshSchema>;

const winrmSchema = z.object({ HostName: word, User: word, Password: word, Port: port });
/** How Vagrant reaches a machine by WinRM, with the password in clear. */
export type WinrmAccess = z.infer<typeof winrmSchema>;

/** @throws TyrianError `vagrant-failed` with what Vagrant says, or when its answer cannot be read. */
export async function sshAccess(place: VagrantPlace, machine: string): Promise<SshAccess> {
  const settings = await settingsOf(place, "ssh-config", machine);
  return checked(sshSchema, { ...settings.single, IdentityFile: settings.files }, "ssh-config", machine);
}

/** @throws TyrianError `vagrant-failed` with what Vagrant says, or when its answer cannot be read. */
export async function winrmAccess(place: VagrantPlace, machine: string): Promise<WinrmAccess> {
  const settings = await settingsOf(place, "winrm-config", machine);
  return checked(winrmSchema, settings.single, "winrm-config", machine);
}

interface HostSettings {
  readonly single: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

async function settingsOf(place: VagrantPlace, verb: string, machine: string): Promise<HostSettings> {
  const said = await vagrant(place, [verb, machine]);
  if (!said.ok) {
    throw new TyrianError(
      "vagrant-failed",
      `vagrant ${verb} ${machine} failed: ${said.complaint || "it said nothing"}`,
    );
  }
  const settings = hostSettings(said.stdout, machine);
  if (settings === null) throw unreadable(verb, machine, `it has no "Host ${machine}"`);
  return settings;
}

/**
 * The settings under `Host NAME` in what `vagrant ssh-config` and `winrm-config` print; null when that is not there. A value is
 * the rest of its line, and may stand in double quotes; IdentityFile may come several times.
 */
export function hostSettings(text: string, machine: string): HostSettings | null {
  const single: Record<string, string> = {};
  const files: string[] = [];
  let current: string | null = null;
  let found = false;
  for (const line of text.split(/\r?\n/)) {
    const [, key = "", value = ""] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? [];
    if (key === "Host") {
      current = value.trim();
      found ||= current === machine;
    } else if (key !== "" && current === machine) {
      if (key === "IdentityFile") files.push(value.trim().replace(/^"(.*)"$/, "$1"));
      // A password is kept as it stands: blanks at its end are part of it.
      else single[key] ??= key === "Password" ? value : value.trim();
    }
  }
  return found ? { single, files } : null;
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  verb: string,
  machine: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const keys = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))];
  throw unreadable(verb, machine, `${keys.join(", ")} is missing or is not what it should be`);
}

function unreadable(verb: string, machine: string, reason: string): TyrianError {
  return new TyrianError(
    "vagrant-failed",
    `what vagrant ${verb} ${machine} printed cannot be read: ${reason}`,
  );
}
