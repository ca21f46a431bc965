import { TyrianError } from "../../errors.js";
import { deviceProfiles, type DeviceProfileName, type Platform, platformSchema } from "../../model/target.js";

/** What a machine is. */
export interface MachineKind {
  readonly platform: Platform;
  /** Of a network device. */
  readonly profile?: DeviceProfileName;
  /** The user whose login shell is the device's command line, where that is not Vagrant's. */
  readonly user?: string;
}

/** The machines of Tyrian's own Vagrantfile (lab/vagrant/machines.yml). Null: no target, nothing is ever run on it. */
export const ownMachines: ReadonlyMap<string, MachineKind | null> = new Map<string, MachineKind | null>([
  ["tyrian-linux", { platform: "linux" }],
  ["tyrian-win11", { platform: "windows" }],
  ["tyrian-server", { platform: "windows" }],
  ["tyrian-macos", { platform: "macos" }],
  ["tyrian-router", { platform: "network", profile: "frr", user: "operator" }],
  ["tyrian-hypervisor", { platform: "hypervisor" }],
  ["tyrian-siem", null],
]);

/** Platforms that a machine of Vagrant can have. */
const platforms = platformSchema.options.filter((platform) => platform !== "cloud");

/**
 * Reads `NAME=PLATFORM` and `NAME=network:PROFILE`.
 * @throws TyrianError `usage`
 */
export function platformChoices(texts: readonly string[]): Map<string, MachineKind> {
  const choices = new Map<string, MachineKind>();
  for (const text of texts) {
    const [, name = "", word = "", profileName] = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
    const platform = platforms.find((candidate) => candidate === word);
    const profile = deviceProfiles.find((candidate) => candidate === profileName);
    if (platform === undefined) {
      throw new TyrianError("usage", `--platform ${JSON.stringify(text)} is not NAME=PLATFORM`, {
        hint: `Platforms: ${platforms.join(", ")}.`,
      });
    }
    if ((platform === "network") !== (profile !== undefined) || profileName !== profile) {
      throw new TyrianError(
        "usage",
        `--platform ${JSON.stringify(text)}: a network device, and nothing else, has a command line of its own`,
        { hint: `Write NAME=network:PROFILE with one of ${deviceProfiles.join(", ")}.` },
      );
    }
    if (choices.has(name)) throw new TyrianError("usage", `--platform names ${name} twice`);
    choices.set(name, profile === undefined ? { platform } : { platform, profile });
  }
  return choices;
}
