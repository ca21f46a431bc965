import { type Command, Option } from "commander";
import { queryLanguages, type QueryLanguage } from "../../detection/convert/index.js";
import { counted, plain } from "../../report/text.js";
import { readRuleTexts } from "../detect/rule-files.js";
import { RulePipelines } from "../../detection/pipelines/index.js";
import { addPipelineOption, readPipelineTexts } from "../pipeline-option.js";
import { diagnosticText, exitOf } from "../failure.js";
import type { Invocation } from "../invocation.js";
import { convertRules } from "../rule/convert-rules.js";
import { registerPush } from "../rule/push.js";
import { registerRemove } from "../rule/remove.js";

interface ConvertOptions {
  readonly to: QueryLanguage;
  readonly source?: string;
  readonly pipeline?: string[];
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  registerConvert(command, invocation);
  registerPush(command, invocation);
  registerRemove(command, invocation);
}

function registerConvert(command: Command, invocation: Invocation): void {
  addPipelineOption(command.command("convert"))
    .description("write Sigma rules and correlations as queries of a SIEM")
    .argument("<rule...>", "Sigma files, or folders of them")
    .addOption(
      new Option("--to <language>", "the query language").choices(queryLanguages).makeOptionMandatory(),
    )
    .option(
      "--source <name>",
      "the index, table or streams that the queries read, in the language's own words",
    )
    .option("--json", "print {language, queries: [{rule, title, file, query, assumptions}], diagnostics}")
    .addHelpText(
      "after",
      "\nA rule that the language cannot express is refused with the reason: a query never finds something else.\n" +
        "Exit status: 0 every rule has a query, 2 something was refused.",
    )
    .action(
      invocation.action((paths: string[], { to, source, pipeline = [], json }: ConvertOptions) => {
        const { output } = invocation;
        const pipelines = new RulePipelines(readPipelineTexts(pipeline));
        const options = source === undefined ? {} : { source };
        const { queries, diagnostics } = convertRules(readRuleTexts(paths), to, pipelines, options);
        if (json === true) output.json({ language: to, queries, diagnostics });
        else {
          for (const diagnostic of diagnostics) output.warn(diagnosticText(diagnostic));
          for (const [index, { title, query, assumptions }] of queries.entries()) {
            for (const assumption of assumptions) output.note(`${plain(title)}: ${plain(assumption)}`);
            output.data(`${index === 0 ? "" : "\n"}${query}`);
          }
        }
        const refused = diagnostics.filter(({ severity }) => severity === "error").length;
        output.note(`${counted(queries.length, "query", "queries")}; ${counted(refused, "refusal")}`);
        return exitOf(diagnostics);
      }),
    );
}
