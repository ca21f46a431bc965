import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { type PipelineText, RulePipelines } from "../../detection/pipelines/index.js";
import { compileSplFile } from "../../detection/spl/rule/file.js";
import type { Diagnostic } from "../../errors.js";
import type { Playbook } from "../../model/playbook.js";
import { loadAnalytics } from "../../plan/analytics.js";
import { readLookupsBeside } from "../../plan/lookup-files.js";
import { CAMPAIGNS_FOLDER, loadCampaign, loadCampaigns } from "../../playbook/campaigns.js";
import { lintPlaybook } from "../../playbook/lint.js";
import { loadPlaybooks } from "../../playbook/load.js";
import { counted } from "../../report/text.js";
import { loadCatalogue } from "../catalogue.js";
import { diagnosticText, exitOf } from "../failure.js";
import type { Invocation } from "../invocation.js";
import { addPipelineOption, readPipelineTexts } from "../pipeline-option.js";

export function register(command: Command, invocation: Invocation): void {
  addPipelineOption(command)
    .argument("<path...>", "playbooks and campaigns or folders of them, Sigma rules, queries of SPL (.spl)")
    .option(
      "--json",
      "print {diagnostics: [{file, line, column, severity, code, message, hint}], playbooks, rules}",
    )
    .addHelpText("after", "\nExit status: 0 no errors (there may be warnings), 2 errors.")
    .action(
      invocation.action(async (paths: string[], options: { json?: true; pipeline?: string[] }) => {
        const { diagnostics, playbooks, rules } = await lint(
          paths,
          readPipelineTexts(options.pipeline ?? []),
        );
        if (options.json === true) {
          invocation.output.json({ diagnostics, playbooks, rules });
        } else {
          for (const diagnostic of diagnostics) invocation.output.data(diagnosticText(diagnostic));
          const errors = diagnostics.filter(({ severity }) => severity === "error").length;
          invocation.output.note(
            `${counted(playbooks, "playbook")} and ${counted(rules, "rule")} without errors; ` +
              `${counted(errors, "error")}, ${counted(diagnostics.length - errors, "warning")}`,
          );
        }
        return exitOf(diagnostics);
      }),
    );
}

/** Every problem of the playbooks, of what they do and of the rules that they name, in the order of files and lines. */
async function lint(
  paths: readonly string[],
  pipelines: readonly PipelineText[],
): Promise<{ diagnostics: Diagnostic[]; playbooks: number; rules: number }> {
  const ruleTexts = new Map<string, string>();
  const queries = new Map<string, string>();
  for (const path of paths) {
    const text = await ruleText(path);
    if (text !== null) (isQuery(path) ? queries : ruleTexts).set(path, text);
  }
  const campaignFiles = await filesWith(/^steps\s*:/m, paths);
  const others = new Set([...ruleTexts.keys(), ...queries.keys(), ...campaignFiles]);
  const playbookPaths = paths.filter((path) => !others.has(path));
  const loaded =
    playbookPaths.length > 0 ? await loadPlaybooks(playbookPaths) : { playbooks: [], diagnostics: [] };
  const analytics = await loadAnalytics(loaded.playbooks, pipelines);
  // Together, because correlations and filters name rules of other files.
  const prepared = new RulePipelines(pipelines);
  const collection = prepared.compile(
    [...ruleTexts].map(([file, text]) => prepared.parse(text, file)),
    (file) => ruleTexts.get(file) ?? "",
  );
  const compiled = [...queries].map(([file, text]) => {
    const { files: lookups, diagnostics } = readLookupsBeside(file, text);
    const { rule, diagnostics: ofQuery } = compileSplFile(text, file, { lookups });
    return { rule, diagnostics: [...diagnostics, ...ofQuery] };
  });
  const linted = await Promise.all(loaded.playbooks.map((playbook) => lintPlaybook(playbook)));
  const campaigns = await lintCampaigns(playbookPaths, campaignFiles, loaded.playbooks);
  const diagnostics = [
    ...loaded.diagnostics,
    ...campaigns,
    ...linted.flat(),
    ...analytics.diagnostics,
    ...collection.diagnostics,
    ...compiled.flatMap((result) => result.diagnostics),
  ].sort(byPlace);
  return {
    diagnostics,
    playbooks: linted.filter((each) => each.every(({ severity }) => severity !== "error")).length,
    rules:
      analytics.rules.size +
      collection.rules.length +
      collection.correlations.length +
      compiled.filter(({ rule }) => rule !== null).length,
  };
}

function isQuery(path: string): boolean {
  return /\.spl$/i.test(path);
}

/** Campaigns stand in the folder `campaigns` beside the playbooks; one that is named alone is about the catalogue's. */
async function lintCampaigns(
  folders: readonly string[],
  files: readonly string[],
  playbooks: readonly Playbook[],
): Promise<Diagnostic[]> {
  const known = playbooks.length > 0 || files.length === 0 ? playbooks : (await loadCatalogue([])).playbooks;
  const found = await Promise.all([
    ...folders.map((folder) => loadCampaigns(join(folder, CAMPAIGNS_FOLDER), known)),
    ...files.map((file) => loadCampaign(file, known)),
  ]);
  return found.flatMap(({ diagnostics }) => diagnostics);
}

async function filesWith(mark: RegExp, paths: readonly string[]): Promise<string[]> {
  const yaml = paths.filter((path) => /\.ya?ml$/i.test(path));
  const texts = await Promise.all(yaml.map((path) => readFile(path, "utf8").catch(() => "")));
  return yaml.filter((_, index) => mark.test(texts[index] ?? ""));
}

/** The file's text when it is a query, or Sigma and no playbook: it has a detection, a correlation or a filter. Null for all else. */
async function ruleText(path: string): Promise<string | null> {
  if (!isQuery(path) && !/\.ya?ml$/i.test(path)) return null;
  // What cannot be read is reported with the playbooks.
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null || isQuery(path)) return text;
  return /^(detection|correlation|filter)\s*:/m.test(text) ? text : null;
}

function byPlace(one: Diagnostic, other: Diagnostic): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
