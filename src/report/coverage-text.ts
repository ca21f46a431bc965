import type { CoverageRow, Proof } from "./coverage.js";
import { table } from "./table.js";
import { counted, plain } from "./text.js";

/** What each word of the column means. */
const meanings: Readonly<Record<Proof, string>> = {
  native: "proven by these runs on a host as it is",
  wine: "proven by these runs under Wine, where there is no Sysmon, AMSI or ETW",
  simulated: "seen on a simulated target only, which is no coverage",
  constructed: "a rule that the tests hold to constructed or recorded events only",
  nothing: "no rule",
};

const head = [
  { title: "technique" },
  { title: "platform" },
  { title: "analytic" },
  { title: "procedures", align: "right" as const },
  { title: "proof" },
  { title: "needs", shrinks: true },
];

function cellsOf(row: CoverageRow): string[] {
  const { technique, platform, analytic, proof, procedures, proved, needs } = row;
  return [
    technique,
    platform,
    analytic ?? "none in ATT&CK",
    `${proved.length}/${procedures.length}`,
    proof,
    needs ?? "",
  ];
}

/** The matrix for a terminal, a line a row and its sums. */
export function coverageTable(rows: readonly CoverageRow[], width: number): string[] {
  return [
    ...table(
      head,
      rows.map((row) => cellsOf(row).map(plain)),
      width,
    ),
    "",
    sums(rows),
  ];
}

/** How many of ATT&CK's analytics rest on what. */
export function sums(rows: readonly CoverageRow[]): string {
  const byAnalytic = rows.filter(({ analytic }) => analytic !== null);
  const parts = (Object.keys(meanings) as Proof[]).flatMap((proof) => {
    const count = byAnalytic.filter((row) => row.proof === proof).length;
    return count === 0 ? [] : [`${count} ${proof} (${meanings[proof]})`];
  });
  return `${counted(byAnalytic.length, "analytic")} of ATT&CK: ${parts.join("; ")}`;
}

/**
 * The matrix as a page, with the runs that it was made from.
 * @param runs each with when and by which version
 */
export function coveragePage(
  rows: readonly CoverageRow[],
  runs: readonly { readonly id: string; readonly startedAt: string | null; readonly version: string }[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const made = runs.map(
    ({ id, startedAt, version }) => `- ${id}, ${startedAt?.slice(0, 10) ?? "not begun"}, Tyrian ${version}`,
  );
  return [
    "# Coverage of T1059",
    "",
    "Made by `tyrian coverage --markdown RUN...` from these runs, and by nothing else:",
    "",
    ...(made.length === 0 ? ["- none"] : made),
    "",
    `${sums(rows)}.`,
    "",
    "*Procedures* are those whose analytics are about the row: proven by the runs, of those on the shelf. *Native* and *wine* mean that the run's own",
    "SIEM said `detected` for the procedure, and that nothing in the run spoke against it, its twin included. *Constructed* means",
    "that the tests hold a rule to events that were made up or recorded elsewhere: that proves the rule's text, and nothing",
    "about a machine. ATT&CK (c) The MITRE Corporation, reproduced under the ATT&CK terms of use.",
    "",
    line(head.map(({ title }) => title)),
    line(head.map(() => "---")),
    ...rows.map((row) => line(cellsOf(row))),
    "",
  ].join("\n");
}
