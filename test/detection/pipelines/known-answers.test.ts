import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compileOverFormats, eventFormats, formatOf } from "../../../src/detection/pipelines/index.js";
import type { RuleEvent } from "../../../src/detection/rule.js";
import { jsonDocuments, windowsEvent } from "../windows-events.js";
import { loaded } from "./shipped.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");
const there = existsSync(join(folder, "manifest.json"));

/** An event as a reader gives it that tells its format and no category; null for a log that has no format. */
function formattedEvent(document: unknown, id: string): RuleEvent | null {
  const { fields } = windowsEvent(document, id);
  const format = formatOf(fields);
  return format === null ? null : { id, logsource: format.logsource, fields };
}

describe("rules of SigmaHQ, over the formats, with the events that were recorded for them", () => {
  if (!there) {
    test("match what they were written for", ({ skip }) => skip(`${folder} is not on this machine`));
    return;
  }
  const answers = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    rule: string;
    minMatches: number;
  }[];
  const formats = eventFormats.map(loaded);
  const results = answers.map(({ rule: id, minMatches }) => {
    const file = join(folder, `${id}.rule.yml`);
    const text = readFileSync(join(folder, `${id}.events.json`), "utf8");
    const documents = jsonDocuments(text);
    const events = documents.flatMap((document, index) => formattedEvent(document, `${id}/${index}`) ?? []);
    const rules = compileOverFormats(readFileSync(file, "utf8"), file, formats).formats.flatMap(
      ({ rule }) => rule ?? [],
    );
    const matched = events.filter((event) => rules.some((rule) => rule.matches(event)));
    const twice = events.filter((event) => rules.filter((rule) => rule.matches(event)).length > 1);
    return {
      id,
      minMatches,
      documents: documents.length,
      events: events.length,
      matched: matched.length,
      twice,
    };
  });
  const carried = results.filter(({ documents, events }) => events === documents);

  test("nearly all are events of a shipped format", () => {
    expect(carried.length).toBeGreaterThanOrEqual(60);
  });

  test("each rule matches at least as many of its events as are known to match", () => {
    const missed = carried.filter(({ matched, minMatches }) => matched < minMatches).map(({ id }) => id);
    expect(missed).toEqual([]);
  });

  test("no event is matched through two formats", () => {
    expect(results.flatMap(({ twice }) => twice)).toEqual([]);
  });
});
