import { TyrianError } from "../../errors.js";
import { vagrant, type VagrantPlace } from "./command.js";

/** A machine of a Vagrantfile, as `vagrant status` tells it. */
export interface MachineState {
  readonly name: string;
  /** `libvirt`, `virtualbox`, ...; empty when Vagrant does not say. */
  readonly provider: string;
  /** Every provider calls a machine that is up `running`. */
  readonly running: boolean;
  /** For people: `not created`, `shutoff`, ... */
  readonly state: string;
}

/**
 * The machines of the Vagrantfile of a folder, in its order.
 * @throws TyrianError `vagrant-failed` with what Vagrant says, also when its answer cannot be read.
 */
export async function machineStates(place: VagrantPlace): Promise<MachineState[]> {
  const said = await vagrant(place, ["status", "--machine-readable"]);
  const rows = machineReadable(said.stdout);
  if (!said.ok) {
    const [, , , kind = "", message = ""] = rows.find(([, , type]) => type === "error-exit") ?? [];
    const reason = message.trim() || said.complaint || "it said nothing";
    const hint = kind.endsWith("NoEnvironmentError")
      ? { hint: "Name the folder of the Vagrantfile with --folder." }
      : {};
    throw new TyrianError("vagrant-failed", `vagrant status failed: ${oneLine(reason)}`, hint);
  }
  const states = statesOf(rows);
  if (states.length === 0) {
    throw new TyrianError(
      "vagrant-failed",
      "vagrant status --machine-readable named no machine: its answer cannot be read",
    );
  }
  return states;
}

/** The machines of the rows of `vagrant status --machine-readable`. */
export function statesOf(rows: readonly (readonly string[])[]): MachineState[] {
  const valueOf = (name: string, wanted: string): string =>
    rows.find(([, target, type]) => target === name && type === wanted)?.[3] ?? "";
  return rows
    .filter(([, target, type]) => type === "state" && target !== "")
    .map(([, name = "", , state = ""]) => ({
      name,
      provider: valueOf(name, "provider-name"),
      running: state === "running",
      state: valueOf(name, "state-human-short") || state,
    }));
}

/**
 * Rows of Vagrant's machine-readable output: time, target, type and data, separated by commas; a comma within data is
 * `%!(VAGRANT_COMMA)`, and line ends are `\n` and `\r` (https://developer.hashicorp.com/vagrant/docs/cli/machine-readable).
 * What plugins print between them is no row.
 */
export function machineReadable(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\d+,[^,]*,[^,]+,/.test(line))
    .map((line) =>
      line
        .replace(/\r$/, "")
        .split(",")
        .map((cell) =>
          cell.replaceAll("%!(VAGRANT_COMMA)", ",").replaceAll("\\n", "\n").replaceAll("\\r", "\r"),
        ),
    );
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").slice(0, 600);
}
