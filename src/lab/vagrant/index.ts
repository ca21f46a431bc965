import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { TyrianError } from "../../errors.js";
import { inventorySchema, type Inventory } from "../../model/inventory.js";
import type { Effect } from "../../model/playbook.js";
import type { SecretReference } from "../../model/target.js";
import type { VagrantPlace } from "./command.js";
import { importMachine, type ImportedMachine, passwordFile } from "./machine.js";
import { type MachineKind, ownMachines, platformChoices } from "./platforms.js";
import { type MachineState, machineStates } from "./status.js";

export interface ImportOptions extends VagrantPlace {
  /** `NAME=PLATFORM` or `NAME=network:PROFILE`, for machines that are not of Tyrian's own Vagrantfile. */
  readonly platforms: readonly string[];
  /** The lab's token, by reference; absent: the one that Tyrian's own Vagrantfile has made. */
  readonly token: SecretReference | undefined;
}

/** What became of a Vagrantfile's machines. */
export interface VagrantImport {
  readonly inventory: Inventory;
  readonly machines: readonly ImportedMachine[];
  /** Machines that are no targets, and why. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  /** Passwords by the file, beside the inventory, that its references name. */
  readonly passwords: ReadonlyMap<string, string>;
}

/**
 * Makes an inventory of the machines of a Vagrantfile that are up. What a machine is comes from its name in Tyrian's own
 * Vagrantfile or from the caller, and is never guessed. Each SSH host is asked for its key, over loopback or a private network.
 * @throws TyrianError `usage`, `requirement-missing`, `vagrant-failed`, `target-out-of-scope`, `connect-failed`,
 *   `secret-unresolved`
 */
export async function importVagrant(options: ImportOptions): Promise<VagrantImport> {
  const { folder } = options;
  const choices = platformChoices(options.platforms);
  const states = await machineStates(options);
  const { chosen, leftOut } = chosenMachines(states, choices);
  const token = options.token ?? ownToken(options);
  const machines: ImportedMachine[] = [];
  for (const { name, kind } of chosen) machines.push(await importMachine(options, name, kind));
  const inventory = inventorySchema.safeParse({
    name: "vagrant",
    token: { value: token },
    policy: { allowEffects: effectsOf(chosen.map(({ name }) => name)) },
    telemetry: machines.flatMap((machine) => (machine.telemetry === null ? [] : [machine.telemetry])),
    targets: machines.map(({ target }) => target),
  });
  if (!inventory.success) {
    const [issue] = inventory.error.issues;
    throw new TyrianError(
      "vagrant-failed",
      `the machines of ${folder} make no inventory: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const passwords = machines.flatMap(({ target, password }) =>
    password === null ? [] : [[passwordFile(target.name), password] as const],
  );
  return { inventory: inventory.data, machines, leftOut, passwords: new Map(passwords) };
}

function chosenMachines(
  states: readonly MachineState[],
  choices: ReadonlyMap<string, MachineKind>,
): { chosen: { name: string; kind: MachineKind }[]; leftOut: { name: string; reason: string }[] } {
  for (const name of choices.keys()) {
    const state = states.find((candidate) => candidate.name === name);
    if (state === undefined) {
      throw new TyrianError("vagrant-failed", `the Vagrantfile has no machine ${JSON.stringify(name)}`, {
        hint: `It has ${states.map((one) => one.name).join(", ")}.`,
      });
    }
    if (!state.running) throw notUp(name, state.state);
  }
  const chosen: { name: string; kind: MachineKind }[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const { name, running, state } of states) {
    const kind = choices.get(name) ?? ownMachines.get(name);
    if (!running) leftOut.push({ name, reason: state });
    else if (kind === null) leftOut.push({ name, reason: "the lab's SIEM is no target" });
    else if (kind === undefined) {
      throw new TyrianError(
        "vagrant-failed",
        `nothing says what the machine ${JSON.stringify(name)} is, and it is not guessed`,
        { hint: `Say it: --platform ${name}=linux (or windows, macos, network:PROFILE, hypervisor).` },
      );
    } else chosen.push({ name, kind });
  }
  if (chosen.length === 0) {
    throw new TyrianError("vagrant-failed", "no machine that could be a target is up", {
      hint: `${leftOut.map(({ name, reason }) => `${name}: ${reason}`).join("; ")}. \`vagrant up NAME\` starts one.`,
    });
  }
  return { chosen, leftOut };
}

function notUp(name: string, state: string): TyrianError {
  return new TyrianError("vagrant-failed", `the machine ${name} is not up: ${state}`, {
    hint: `\`vagrant up ${name}\` starts it.`,
  });
}

/** The token of Tyrian's own Vagrantfile, in the folder that Vagrant keeps beside it. */
function ownToken({ folder, environment }: VagrantPlace): SecretReference {
  const data = resolve(folder, environment["VAGRANT_DOTFILE_PATH"] ?? ".vagrant");
  const file = join(data, "tyrian", "lab-token");
  if (existsSync(file)) return `file:${file}`;
  throw new TyrianError("secret-unresolved", `there is no lab token ${file}`, {
    hint: "Tyrian's Vagrantfile makes it. For machines of another one plant a token yourself (16 characters or more) and name it: --token file:PATH.",
  });
}

/** Tyrian's own machines are made to be thrown away; what others may be put through is their owner's to say. */
function effectsOf(names: readonly string[]): Effect[] {
  const usual: Effect[] = ["work-folder", "background-process"];
  if (!names.every((name) => ownMachines.has(name))) return usual;
  const effects: Effect[] = [...usual, "computed-code"];
  return names.includes("tyrian-router")
    ? [...effects, "configuration-read", "configuration-change"]
    : effects;
}
