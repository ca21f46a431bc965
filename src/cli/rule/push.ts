import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import { counted, plain } from "../../report/text.js";
import type { RuleFiles } from "../../siem/push/rule-files.js";
import { RulePusher } from "../../siem/push/rule-pusher.js";
import type { ChangeRequest } from "../../siem/push/rule-to-push.js";
import { diagnosticText, exitOf } from "../failure.js";
import type { Invocation } from "../invocation.js";
import type { Output } from "../output.js";
import { addPipelineOption } from "../pipeline-option.js";
import { type PushableRule, pushableRules } from "./pushable-rules.js";
import { SiemPusher } from "./siem-pusher.js";

interface PushCommandOptions {
  readonly siem: string;
  readonly disable?: true;
  readonly dryRun?: true;
  readonly out?: string;
  readonly pipeline?: string[];
  readonly json?: true;
}

export function registerPush(command: Command, invocation: Invocation): void {
  addPipelineOption(command.command("push"))
    .description("install Sigma rules in a SIEM, tagged as Tyrian's")
    .argument("<rule...>", "Sigma files, or folders of them")
    .requiredOption("--siem <name>", "a SIEM of tyrian.config.yaml")
    .option("--disable", "install them switched off")
    .option("--dry-run", "print the requests that would install them, and send nothing")
    .option(
      "--out <folder>",
      "where rules are written of SIEMs that read files (vmalert); else they are printed",
    )
    .option(
      "--json",
      "print {siem, rules: [{analytic, title, rule, outcome}]}, or {siem, requests} of a dry run",
    )
    .addHelpText(
      "after",
      "\nThe same rule twice is one rule, and one whose text has changed is changed in its place. What does not carry Tyrian's tag is\n" +
        "never touched. Without --pipeline the pipelines of the SIEM's `onDemand` are applied. See docs/rule-push.md.\n" +
        "Exit status: 0 all are installed, 2 a rule or the SIEM was refused and nothing was sent of it, 4 the SIEM does not take it.",
    )
    .action(
      invocation.action(async (paths: string[], options: PushCommandOptions) =>
        SiemPusher.with(options.siem, async (siem) => {
          const { output } = invocation;
          const { pipeline: pipelines, disable } = options;
          const { rules, diagnostics } = pushableRules(paths, siem.pusher.language, siem.settings, {
            enabled: disable !== true,
            pipelines,
          });
          for (const diagnostic of diagnostics) output.warn(diagnosticText(diagnostic));
          const status = exitOf(diagnostics);
          if (status !== EXIT.met) return status;
          for (const { rule, assumptions } of rules)
            for (const assumption of assumptions) output.note(`${plain(rule.title)}: ${plain(assumption)}`);
          if (options.dryRun === true) printDrafts(siem, rules, options, output);
          else if (!(siem.pusher instanceof RulePusher) && options.out === undefined)
            printFiles(siem.pusher, rules, output);
          else await pushAll(siem, rules, options, invocation);
          return EXIT.met;
        }),
      ),
    );
}

async function pushAll(
  siem: SiemPusher,
  rules: readonly PushableRule[],
  { out = ".", json }: PushCommandOptions,
  { output, signal }: Invocation,
): Promise<void> {
  const done: { analytic: string; title: string; rule: string; outcome: string }[] = [];
  try {
    for (const { id: analytic, rule } of rules) {
      const { id, outcome } = await siem.push(rule, out, signal);
      done.push({ analytic, title: rule.title, rule: id, outcome });
      if (json !== true) output.data(`${outcome} ${plain(id)} (${plain(rule.title)})`);
      if (siem.pusher instanceof RulePusher && siem.settings.rules[analytic] !== id)
        output.note(`to judge by it, bind it: siems.${siem.name}.rules: { ${analytic}: ${plain(id)} }`);
    }
  } finally {
    // What was installed before another was refused is told all the same.
    if (json === true) output.json({ siem: siem.name, rules: done });
  }
  if (!(siem.pusher instanceof RulePusher)) output.note(siem.pusher.whereTo);
  output.note(
    `${counted(done.length, "rule")} in ${siem.name}; \`tyrian rule remove --all\` removes them again`,
  );
}

/** What would be sent, without headers that prove who asks: nothing is resolved or asked for it. */
function printDrafts(
  { name, pusher }: SiemPusher,
  rules: readonly PushableRule[],
  { json }: PushCommandOptions,
  output: Output,
): void {
  if (!(pusher instanceof RulePusher)) return printFiles(pusher, rules, output);
  const requests = rules.flatMap(({ rule }) => pusher.drafts(rule));
  if (json === true)
    return output.json({
      siem: name,
      requests: requests.map(({ method, path, query = {}, body }) => ({
        method,
        path,
        query,
        body: bodyOf(body),
      })),
    });
  for (const { method, path, query = {}, body } of requests) {
    const asked = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    ).toString();
    output.data(`${method} ${path}${asked === "" ? "" : `?${asked}`}`);
    const shown = bodyOf(body);
    output.data(typeof shown === "string" ? shown : JSON.stringify(shown, null, 2));
  }
  output.note(`${counted(requests.length, "request")} to ${name}, none was sent`);
}

function bodyOf(body: ChangeRequest["body"]): unknown {
  if (body === undefined) return null;
  if ("json" in body) return body.json;
  if ("form" in body) return body.form;
  return "text" in body ? body.text : body.lines;
}

function printFiles(files: RuleFiles, rules: readonly PushableRule[], output: Output): void {
  for (const { rule } of rules) output.data(files.fileOf(rule).text.trimEnd());
  output.note(files.whereTo);
}
