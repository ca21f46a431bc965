import { expect, test } from "vitest";
import { diagnosticText } from "../../src/cli/failure.js";

test("a hint that holds a document is printed line by line, and nothing in it reaches the terminal as a command", () => {
  const text = diagnosticText({
    ...{ file: "rule.yml", line: 6, column: 16, severity: "error", code: "aggregation-unsupported" },
    message: "old syntax",
    hint: "add this document:\n---\ntitle: \u001b[2Jcleared\n",
  });
  expect(text.split("\n")).toEqual([
    "rule.yml:6:16: error: aggregation-unsupported: old syntax",
    "    add this document:",
    "    ---",
    expect.stringMatching(/^ {4}title: [^\u001b]*cleared$/),
  ]);
});
