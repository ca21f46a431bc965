import { Argument, type Command, Option } from "commander";
import { EXIT, TyrianError } from "../../errors.js";
import {
  type FullLab,
  hostProfiles,
  type HostProfile,
  labDown,
  labStatus,
  labUp,
  labUpFull,
  type LabStatus,
  usualTargets,
} from "../../lab/embedded/index.js";
import { keepLab } from "../../lab/embedded/users.js";
import { table } from "../../report/table.js";
import { counted, plain } from "../../report/text.js";
import type { Invocation } from "../invocation.js";
import { reportImport, writeVagrantInventory } from "../lab-import.js";
import { collect, wholeNumber } from "../options.js";

interface UpOptions {
  readonly targets?: number;
  readonly profile: HostProfile | "full";
  readonly rootless?: true;
  readonly json?: true;
}

interface ImportOptions {
  readonly folder: string;
  readonly out: string;
  readonly platform: string[];
  readonly token?: string;
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  const action: Invocation["action"] = (body) => invocation.action(body);
  command
    .command("up")
    .description("start the embedded lab, or give it the hosts that it lacks")
    .option(
      "--targets <count>",
      "how many hosts of the profile; default 3, of network, cloud and hypervisor 1, of mitigations 2",
      wholeNumber(1, 200),
    )
    .addOption(
      new Option(
        "--profile <name>",
        "what the hosts are: Linux, Windows played by Wine, routers with FRRouting, clients of a cloud with Keystone, hypervisors with libvirt, pairs without and with mitigations, or full: some of each that this machine can have",
      )
        .choices([...hostProfiles, "full"])
        .default("linux"),
    )
    .option("--rootless", "without root: user namespaces and strace; default only where no more is possible")
    .option("--json", "print the lab's state")
    .action(
      action(async (options: UpOptions) => {
        const { output, signal } = invocation;
        const { state, leftOut } = await bringUp(options, signal);
        keepLab();
        if (options.json === true) output.json(options.profile === "full" ? { ...state, leftOut } : state);
        else {
          output.data(
            `${counted(state.hosts.length, "host")} up (${state.kind}: ${plain(state.reason)}), sensor ${state.sensor.type}`,
          );
          output.data(`inventory ${plain(state.inventory)}`);
          for (const { profile, reason, hint } of leftOut)
            output.data(`left out: ${profile}: ${plain(reason)}; ${plain(hint)}`);
          output.note("next: `tyrian run`, and `tyrian lab down` when done");
        }
        return EXIT.met;
      }),
    );
  command
    .command("status")
    .description("what is really there of the lab; exit status 0 up, 3 down or broken")
    .option("--json", "print the status")
    .action(
      action(async (options: { json?: true }) => {
        const status = await labStatus();
        if (options.json === true) invocation.output.json(status);
        else invocation.output.data(describe(status, invocation.output.stdout.width).join("\n"));
        return status.phase === "up" ? EXIT.met : EXIT.executionFailed;
      }),
    );
  command
    .command("down")
    .description("end the lab and take away everything that it has on this machine")
    .action(
      action(async () => {
        await labDown();
        keepLab();
        invocation.output.note("the lab is down");
        return EXIT.met;
      }),
    );
  registerImport(command, invocation);
}

async function bringUp(options: UpOptions, signal: AbortSignal): Promise<FullLab> {
  const { targets, profile } = options;
  const rest = { ...(options.rootless === true ? { rootless: true } : {}), signal };
  if (profile !== "full")
    return {
      state: await labUp({ targets: targets ?? usualTargets[profile], profile, ...rest }),
      leftOut: [],
    };
  if (targets === undefined) return await labUpFull(rest);
  throw new TyrianError("usage", "the profile full has its own numbers of hosts, so --targets cannot be", {
    hint: "Give the lab more hosts of a profile afterwards: `tyrian lab up --profile NAME --targets N`.",
  });
}

function registerImport(command: Command, invocation: Invocation): void {
  command
    .command("import")
    .description("write an inventory of machines that another program manages")
    .addArgument(new Argument("<manager>", "which program").choices(["vagrant"]))
    .option("--folder <folder>", "where the Vagrantfile is", ".")
    .option("--out <file>", "the inventory", "vagrant-lab.yaml")
    .option(
      "--platform <name=platform>",
      "what a machine is that is not of Tyrian's own Vagrantfile; again for more",
      collect,
      [],
    )
    .option("--token <reference>", "the lab's token (env:, file: or command:) for another Vagrantfile")
    .option("--json", "print the inventory and what was left out")
    .action(
      invocation.action(async (_manager: string, options: ImportOptions) => {
        const { folder, out, platform: platforms, token } = options;
        const imported = await writeVagrantInventory({
          ...{ folder, out, platforms, token },
          signal: invocation.signal,
        });
        const { inventory, leftOut } = imported;
        if (options.json === true) invocation.output.json({ file: out, inventory, leftOut });
        else reportImport(invocation.output, imported, out);
        return EXIT.met;
      }),
    );
}

function describe(status: LabStatus, width: number): string[] {
  const kind =
    status.state === null
      ? ""
      : ` (${status.state.kind}, sensor ${status.state.sensor.type} ${status.sensorRunning ? "runs" : "does not run"})`;
  const lines = [`lab ${status.phase}${kind}`];
  if (status.hosts.length > 0) {
    const rows = status.hosts.map((host) =>
      [
        host.name,
        host.address,
        host.running ? "runs" : "does not run",
        host.observed ? "observed" : "not observed",
      ].map(plain),
    );
    lines.push(
      ...table(
        [{ title: "host" }, { title: "address" }, { title: "state" }, { title: "sensor" }],
        rows,
        width,
      ),
    );
  }
  lines.push(...status.problems.map((problem) => `problem: ${plain(problem)}`));
  if (status.phase === "down") lines.push("`tyrian lab up` starts it");
  if (status.phase === "broken") lines.push("`tyrian lab up` builds it anew, `tyrian lab down` removes it");
  return lines;
}
