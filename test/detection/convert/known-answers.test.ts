import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { jsonDocuments, windowsEvent } from "../windows-events.js";
import { convertSigma } from "./helpers.js";
import { systems } from "./systems.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");
const there = existsSync(join(folder, "manifest.json"));

describe("rules of SigmaHQ find by their queries what they find themselves, in the events that were recorded for them", () => {
  if (!there) {
    test("in each language", ({ skip }) => skip(`${folder} is not on this machine`));
    return;
  }
  const answers = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { rule: string }[];
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const events = answers.flatMap(({ rule }) =>
    jsonDocuments(read(`${rule}.events.json`)).map((each, index) => windowsEvent(each, `${rule}/${index}`)),
  );

  // The fields of Google SecOps have other names, and the converters for it take no others.
  test.each(systems.filter(({ language }) => language !== "udm-search"))("$language", (system) => {
    const { language, finds, source, allowed } = system;
    let converted = 0;
    let found = 0;
    for (const { rule: id } of answers) {
      const text = read(`${id}.rule.yml`);
      const { rule } = compileSigma(text, id);
      const { conversion } = convertSigma(text, id, language, source === undefined ? {} : { source });
      if (rule === null || conversion === null) continue;
      converted++;
      const condition = finds(conversion.query);
      for (const event of events) {
        const fields = Object.fromEntries(
          Object.entries(event.fields).filter(([name, value]) => allowed(name, value)),
        );
        // The query does not test the log source.
        if (!rule.reads(event)) continue;
        const expected = rule.matches({ ...event, fields });
        if (expected) found++;
        expect(condition(fields) === true, `${id} over ${event.id}\n${conversion.query}`).toBe(expected);
      }
    }
    expect(converted).toBeGreaterThan(60);
    expect(found).toBeGreaterThan(60);
  });
});
