import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { eventFormats, type PipelineText } from "../detection/pipelines/index.js";
import { messageOf, TyrianError } from "../errors.js";
import { packageFolder } from "./places.js";

/** Adds the option that names pipelines, for the verbs that match Sigma rules. */
export function addPipelineOption(command: Command): Command {
  return command.option(
    "--pipeline <file|name...>",
    `processing pipelines for the Sigma rules: YAML as pySigma's, or one of ${eventFormats.map(({ id }) => id).join(", ")}`,
  );
}

/**
 * Reads the pipelines that names stand for: a shipped one's name, else a file.
 * @throws TyrianError `file-unreadable`; `usage` when two shipped pipelines are named.
 */
export function readPipelineTexts(names: readonly string[]): PipelineText[] {
  const texts = names.map((name): PipelineText => {
    const format = eventFormats.find(({ id }) => id === name);
    const file = format === undefined ? name : join(packageFolder(), "pipelines", format.file);
    try {
      return { file, text: readFileSync(file, "utf8"), format: format?.id ?? null };
    } catch (error) {
      const shipped = eventFormats.map(({ id }) => id).join(", ");
      const message = existsSync(file)
        ? `${file} cannot be read: ${messageOf(error)}`
        : `there is no pipeline ${name}, neither shipped nor as a file`;
      throw new TyrianError("file-unreadable", message, { hint: `Shipped are: ${shipped}.`, cause: error });
    }
  });
  const shipped = texts.flatMap(({ format }) => format ?? []);
  if (shipped.length > 1) {
    throw new TyrianError(
      "usage",
      `--pipeline names ${shipped.join(" and ")}: each fits rules to events of one format`,
      {
        hint: "Name one of them; search events of another format in a search of their own.",
      },
    );
  }
  return texts;
}
