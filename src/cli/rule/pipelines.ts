import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventFormats, parsePipeline, type Pipeline } from "../../detection/pipelines/index.js";
import { messageOf, TyrianError } from "../../errors.js";
import { packageFolder } from "../places.js";

/**
 * Reads a processing pipeline: a file in pySigma's form, or one of those that Tyrian ships, by its name.
 * @throws TyrianError `file-unreadable`; `analytic-invalid` with every problem and its position.
 */
export async function readPipeline(name: string): Promise<Pipeline> {
  const shipped = eventFormats.find(({ id }) => id === name);
  const file = shipped === undefined ? name : join(packageFolder(), "pipelines", shipped.file);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new TyrianError("file-unreadable", `the pipeline ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
      hint: `Name a file, or one of ${eventFormats.map(({ id }) => id).join(", ")}.`,
    });
  }
  const { pipeline, diagnostics } = parsePipeline(text, file);
  if (pipeline === null)
    throw new TyrianError("analytic-invalid", `${file}: nothing was converted`, { diagnostics });
  return pipeline;
}
