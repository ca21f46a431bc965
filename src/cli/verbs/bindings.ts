import type { Command } from "commander";
import { EXIT, type ExitStatus, TyrianError } from "../../errors.js";
import { counted, plain } from "../../report/text.js";
import { table } from "../../report/table.js";
import type { CheckedBinding } from "../../siem/bindings/check.js";
import { placeOf } from "../../siem/bindings/place.js";
import { readRecord, recordFileOf, type RuleRecord, writeRecord } from "../../siem/bindings/record.js";
import type { ConnectorKindSettings } from "../../siem/connect.js";
import type { Invocation } from "../invocation.js";
import type { Output } from "../output.js";
import { chooseSiem } from "../siem-choice.js";

interface CheckOptions {
  readonly siem: string;
  readonly accept?: true;
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  command
    .command("check")
    .description("which bound rules are missing, disabled, renamed or changed since they were accepted")
    .requiredOption("--siem <name>", "the SIEM that is asked: NAME[@ENVIRONMENT] of tyrian.config.yaml")
    .option("--accept", "record what the rules are now, beside the bindings file")
    .option("--json", "print {siem, rules: [{analytic, rule, title, findings: [{finding, detail}]}]}")
    .addHelpText(
      "after",
      "\nExit status: 0 every rule is as it was (or not recorded yet), 1 a rule is missing, disabled, renamed or changed, 4 the SIEM\n" +
        "does not tell.",
    )
    .action(
      invocation.action(async ({ siem, accept, json }: CheckOptions) => {
        const { settings, bindingsFile } = await chooseSiem(siem);
        if (settings === null || settings.kind === "tyrian")
          throw new TyrianError("usage", "the embedded SIEM runs the analytics themselves: nothing is bound");
        if (accept === true && bindingsFile === null)
          throw new TyrianError("usage", "the configuration names no bindings file beside which to record", {
            hint: "Add `bindings: bindings.yaml` to tyrian.config.yaml (docs/bindings.md).",
          });
        const { siem: name } = placeOf(siem);
        const file = bindingsFile === null ? null : recordFileOf(bindingsFile);
        const record = file === null ? emptyRecord : await readRecord(file);
        const known = record.siems[name] ?? {};
        const checked = await ask(name, settings, known);
        if (file !== null && accept === true) await writeRecord(file, accepting(record, name, checked));
        const rules = checked.map(({ now, ...rest }) => ({
          ...rest,
          findings: rest.findings.filter(
            ({ finding }) => !(accept === true && now !== null && settles.has(finding)),
          ),
        }));
        if (json === true) invocation.output.json({ siem, rules });
        else print(rules, siem, invocation.output);
        return statusOf(rules);
      }),
    );
}

type Checked = Omit<CheckedBinding, "now">;

const emptyRecord: RuleRecord = { schemaVersion: 1, siems: {} };
/** What is settled by accepting the rule as it is. */
const settles: ReadonlySet<string> = new Set(["renamed", "changed", "unrecorded"]);

async function ask(
  name: string,
  settings: ConnectorKindSettings,
  known: RuleRecord["siems"][string],
): Promise<CheckedBinding[]> {
  const { openConnector } = await import("../../siem/connect.js");
  const { checkBindings } = await import("../../siem/bindings/check.js");
  const connector = await openConnector(name, settings);
  try {
    return await checkBindings(connector, settings.rules, known);
  } finally {
    await connector.close();
  }
}

/** The record with what the rules are now. Rules that are bound no more stay in it: another environment may have them. */
function accepting(record: RuleRecord, siem: string, checked: readonly CheckedBinding[]): RuleRecord {
  const known = new Map(Object.entries(record.siems[siem] ?? {}));
  const acceptedAt = new Date().toISOString();
  const rules = checked.flatMap(({ rule, now }) => {
    if (now === null) return [];
    const before = known.get(rule);
    const same = before?.title === now.title && before.fingerprint === now.fingerprint;
    return [[rule, same ? before : { ...now, acceptedAt }]] as const;
  });
  const all = Object.fromEntries([...known, ...rules]);
  return { ...record, siems: { ...record.siems, [siem]: all } };
}

function print(rules: readonly Checked[], siem: string, output: Output): void {
  const rows = rules.flatMap(({ analytic, rule, findings }) =>
    (findings.length === 0 ? [{ finding: "as it was", detail: "" }] : findings).map(({ finding, detail }) =>
      [finding, rule, analytic, detail].map(plain),
    ),
  );
  const columns = [
    { title: "finding" },
    { title: "rule" },
    { title: "analytic" },
    { title: "detail", shrinks: true },
  ];
  for (const line of table(columns, rows, output.stdout.width)) output.data(line);
  const without = rules.filter(({ findings }) => findings.length === 0).length;
  output.note(`${counted(rules.length, "rule")} of ${plain(siem)} bound, ${without} as they were`);
}

function statusOf(rules: readonly Checked[]): ExitStatus {
  const found = new Set(rules.flatMap(({ findings }) => findings.map(({ finding }) => finding)));
  if (found.has("untold")) return EXIT.undecided;
  const wrong = (["missing", "disabled", "renamed", "changed"] as const).some((finding) =>
    found.has(finding),
  );
  return wrong ? EXIT.notMet : EXIT.met;
}
