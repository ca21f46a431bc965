import type { Command } from "commander";
import { parseAllDocuments } from "yaml";
import { EXIT, type ExitStatus, TyrianError } from "../../errors.js";
import { counted, plain } from "../../report/text.js";
import { placeOf } from "../../siem/bindings/place.js";
import { readRuleTexts } from "../detect/rule-files.js";
import { failureOf } from "../failure.js";
import type { Invocation } from "../invocation.js";
import { pushedRules, SiemPusher } from "./siem-pusher.js";

interface RemoveOptions {
  readonly siem?: string;
  readonly all?: true;
  readonly json?: true;
}

/** One rule in one SIEM. */
interface Wanted {
  readonly siem: string;
  readonly analytic: string;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export function registerRemove(command: Command, invocation: Invocation): void {
  command
    .command("remove")
    .description("remove rules that `rule push` has installed")
    .argument("[rule...]", "ids of Sigma rules, or their files")
    .option("--siem <name>", "a SIEM of tyrian.config.yaml; with --all only what was pushed there")
    .option("--all", "everything that was pushed and not removed, also before a crash")
    .option("--json", "print {rules: [{siem, analytic, outcome}]}")
    .addHelpText(
      "after",
      "\nOnly what carries Tyrian's tag is removed. What was pushed is noted in the state folder (pushed-rules.ndjson).\n" +
        "Exit status: 0 none of them is there any more, 2 one is not Tyrian's, 4 a SIEM could not be asked.",
    )
    .action(
      invocation.action(async (rules: string[], options: RemoveOptions) => {
        const { output, signal } = invocation;
        const wanted = await wantedOf(rules, options);
        const done: (Wanted & { outcome: "removed" | "absent" | "left" })[] = [];
        const statuses = new Set<ExitStatus>();
        const tell = (thrown: unknown): void => {
          signal.throwIfAborted();
          const { text, exit } = failureOf(thrown, false);
          output.warn(text);
          statuses.add(exit);
        };
        for (const [siem, analytics] of bySiem(wanted)) {
          const left = new Set(analytics);
          await SiemPusher.with(siem, async (pusher) => {
            for (const analytic of analytics) {
              const outcome = await pusher.remove(analytic, signal).catch(tell);
              if (outcome === undefined) continue;
              left.delete(analytic);
              done.push({ siem, analytic, outcome });
            }
          }).catch(tell);
          done.push(...[...left].map((analytic) => ({ siem, analytic, outcome: "left" as const })));
        }
        if (options.json === true) output.json({ rules: done });
        else
          for (const { siem, analytic, outcome } of done)
            output.data(`${outcome} ${analytic} (${plain(siem)})`);
        const gone = done.filter(({ outcome }) => outcome !== "left").length;
        output.note(`${counted(gone, "rule")} of ${wanted.length} removed or not there`);
        return (
          [EXIT.invalidInput, EXIT.executionFailed, EXIT.undecided].find((status) => statuses.has(status)) ??
          EXIT.met
        );
      }),
    );
}

async function wantedOf(rules: readonly string[], { siem, all }: RemoveOptions): Promise<Wanted[]> {
  if (all === true) {
    if (rules.length > 0) throw new TyrianError("usage", "--all names every rule: give no other");
    const open = await pushedRules().open();
    return open.filter((push) => siem === undefined || push.siem === placeOf(siem).siem);
  }
  if (siem === undefined)
    throw new TyrianError("usage", "which SIEM's rules are to be removed: give --siem, or --all");
  if (rules.length === 0)
    throw new TyrianError("usage", "which rules are to be removed: name them, or give --all");
  return rules.flatMap(idsOf).map((analytic) => ({ siem, analytic }));
}

/** The ids that a word stands for: one itself, or those in a file. */
function idsOf(word: string): string[] {
  if (UUID.test(word)) return [word.toLowerCase()];
  const { texts, diagnostics } = readRuleTexts([word]);
  const [unreadable] = diagnostics;
  if (unreadable !== undefined) throw new TyrianError("file-unreadable", unreadable.message);
  const ids = texts
    .flatMap(({ text }) => parseAllDocuments(text))
    .map((document) => document.getIn(["id"]))
    .filter((id): id is string => typeof id === "string" && UUID.test(id));
  if (ids.length === 0) throw new TyrianError("usage", `${word} has no rule with an id`);
  return ids.map((id) => id.toLowerCase());
}

function bySiem(wanted: readonly Wanted[]): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const { siem, analytic } of wanted) grouped.set(siem, [...(grouped.get(siem) ?? []), analytic]);
  return grouped;
}
