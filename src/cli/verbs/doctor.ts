import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import { type DoctorReport, examineMachine } from "../../lab/doctor.js";
import { table } from "../../report/table.js";
import { plain } from "../../report/text.js";
import type { Invocation } from "../invocation.js";

export function register(command: Command, invocation: Invocation): void {
  command
    .option("--json", "print the whole report")
    .addHelpText(
      "after",
      "\nExit status: 0 everything that a run on the embedded lab needs is here, 3 something is missing.",
    )
    .action(
      invocation.action(async (options: { json?: true }) => {
        const report = await examineMachine();
        if (options.json === true) invocation.output.json(report);
        else invocation.output.data(describe(report, invocation.output.stdout.width).join("\n"));
        return report.ready ? EXIT.met : EXIT.executionFailed;
      }),
    );
}

/** What only hosts of a profile need. */
const ofProfiles: ReadonlySet<string> = new Set(["windows-wine", "network", "cloud", "hypervisor"]);

/** Of a program that is missing; one that only a profile of the lab needs is installed by a command of its own. */
function optional(found: DoctorReport["requirements"][number]): string {
  const install = found.neededFor.every((purpose) => ofProfiles.has(purpose))
    ? `; apt-get install -y --no-install-recommends ${found.package ?? ""}`
    : "";
  return `${found.unusable ?? found.why}${install}`;
}

const word = (usable: boolean | null): string => (usable === null ? "unknown" : usable ? "ok" : "no");

function describe(report: DoctorReport, width: number): string[] {
  const { node, user, audit, overlay, userNamespaces, queue, containers, powershell, lab } = report;
  const facts: [string, string, string][] = [
    ["Node.js", node.ok ? "ok" : "wrong", `${node.version}, needed ${node.range}`],
    [
      "user",
      "",
      `${user.name}${user.root ? " (root)" : ""}; ${user.capabilities.join(" ") || "no capabilities"}`,
    ],
    ["kernel audit", word(audit.usable), audit.detail],
    ["overlay", word(overlay.usable), overlay.detail],
    ["namespaces", word(userNamespaces.usable), userNamespaces.detail],
    ["queue", word(queue.usable), queue.detail],
    ["containers", word(containers.usable), containers.detail],
    ["PowerShell", powershell.usable === true ? "ok" : "not needed", powershell.detail],
    ["embedded lab", lab.kind ?? "no", lab.reason],
  ];
  const programs = report.requirements.map((found): [string, string, string] => [
    found.program,
    found.path !== null ? "ok" : found.needed ? "missing" : "not needed",
    found.path !== null ? [found.path, found.version ?? ""].join(" ").trim() : optional(found),
  ]);
  const lines = table(
    [{ title: "what" }, { title: "state" }, { title: "detail", shrinks: true }],
    [...facts, ...programs].map((row) => row.map(plain)),
    width,
  );
  lines.push("", report.ready ? "Ready: `npm run demo` or `tyrian run`." : "Not ready.");
  if (report.installCommand !== null) lines.push(`Install what is missing: ${plain(report.installCommand)}`);
  return lines;
}
