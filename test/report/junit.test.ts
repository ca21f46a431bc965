import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { foldRun } from "../../src/journal/fold.js";
import { REASON } from "../../src/journal/results.js";
import { renderJunit } from "../../src/report/junit.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import {
  anExecution,
  aTrial,
  aVerdict,
  completed,
  lifeOf,
  numbered,
  started,
} from "../journal/run-fixture.js";

interface Case {
  readonly "@classname": string;
  readonly "@name": string;
  readonly failure?: { "@type": string; "@message": string; "#": string };
  readonly error?: { "@type": string; "@message": string };
  readonly skipped?: unknown;
  readonly "system-out": string;
}
interface Suite {
  readonly "@name": string;
  readonly "@tests": string;
  readonly "@failures": string;
  readonly "@errors": string;
  readonly "@skipped": string;
  readonly properties: { property: { "@name": string; "@value": string }[] };
  readonly testcase: Case[];
}

function parsed(xml: string): { suites: Suite[]; all: Suite } {
  expect(XMLValidator.validate(xml)).toBe(true);
  const document = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    textNodeName: "#",
    parseTagValue: false,
    isArray: (name) => name === "testsuite" || name === "testcase",
  }).parse(xml) as { testsuites: Suite & { testsuite: Suite[] } };
  return { suites: document.testsuites.testsuite, all: document.testsuites };
}

const h1 = aTrial(1);
const twin = aTrial(2, { twin: true });
const h2 = aTrial(3, { target: "h2" });
const because = (status: "failed" | "not-run" | "indeterminate" | "prevented", code = "x") =>
  anExecution({ status, proof: null, reason: { code, message: "the reason" } });

function xmlOf(
  entries: readonly JournalEntry[],
  trials = [h1, twin, h2],
  end: JournalEntry[] = [completed],
): string {
  return renderJunit(foldRun(numbered([started(trials), ...entries, ...end])));
}

test("a suite for each playbook and target, a case for each trial and analytic, the run's id as a property", () => {
  const { suites, all } = parsed(
    xmlOf([
      ...lifeOf(h1, [
        aVerdict("logged"),
        aVerdict("detected", { analytic: "second", title: "Second <rule> & more" }),
      ]),
      ...lifeOf(twin, [aVerdict("quiet", { expected: "quiet" })]),
      ...lifeOf(h2, [aVerdict("detected")]),
    ]),
  );
  expect(suites.map((suite) => [suite["@name"], suite["@tests"], suite["@failures"]])).toEqual([
    ["t1059.004-unix-shell on h1", "3", "1"],
    ["t1059.004-unix-shell on h2", "1", "0"],
  ]);
  expect([all["@tests"], all["@failures"], all["@errors"], all["@skipped"]]).toEqual(["4", "1", "0", "0"]);
  expect(suites[0]?.properties.property).toContainEqual({ "@name": "run", "@value": h1.run });
  const cases = suites[0]?.testcase ?? [];
  expect(cases.map((each) => each["@name"])).toEqual([
    "decode-and-pipe-to-shell [program=bash word=hello] › Base64 decoded and piped to a shell",
    "decode-and-pipe-to-shell [program=bash word=hello] › Second <rule> & more",
    "decode-and-pipe-to-shell (twin) [program=bash word=hello] › Base64 decoded and piped to a shell",
  ]);
  expect(cases[0]?.["@classname"]).toBe("T1059.004");
  expect(cases[0]?.failure).toMatchObject({
    "@type": "logged",
    "@message": "expected detected, found logged",
  });
  expect(cases[0]?.failure?.["#"]).toContain("wanted: base64 -d");
});

test.each<[string, JournalEntry[], string, string | undefined]>([
  ["a false alarm", lifeOf(h1, [aVerdict("false-alarm", { expected: "quiet" })]), "failure", "false-alarm"],
  ["blind", lifeOf(h1, [aVerdict("blind")]), "failure", "blind"],
  ["undecided", lifeOf(h1, [aVerdict("undecided")]), "error", "undecided"],
  ["pending", lifeOf(h1, [aVerdict("pending")]), "error", "pending"],
  ["failed", lifeOf(h1, [aVerdict("undecided")], because("failed")), "error", "failed"],
  ["indeterminate", lifeOf(h1, [], because("indeterminate")), "error", "indeterminate"],
  ["not run", lifeOf(h1, [], because("not-run")), "error", "not-run"],
  [
    "prevented, not expected",
    lifeOf(h1, [aVerdict("undecided")], because("prevented")),
    "failure",
    "prevented",
  ],
  [
    "a requirement that is absent",
    lifeOf(h1, [aVerdict("undecided")], because("not-run", REASON.requirementAbsent)),
    "skipped",
    undefined,
  ],
  ["no verdict", lifeOf(h1, []), "error", "undecided"],
  ["a trial that a crash cut off", lifeOf(h1, []).slice(0, 2), "error", "unverified"],
])("%s is told as such", (_, entries, kind, type) => {
  const { suites } = parsed(xmlOf(entries, [h1]));
  const [only, ...others] = suites[0]?.testcase ?? [];
  expect(others).toEqual([]);
  const kinds = ["failure", "error", "skipped"].filter((each) => only !== undefined && each in only);
  expect(kinds).toEqual([kind]);
  expect((only?.failure ?? only?.error)?.["@type"]).toBe(type);
});

test("a miss that the playbook expects passes, and so does a prevention that it expects", () => {
  for (const entries of [
    lifeOf(h1, [aVerdict("logged", { expected: "logged" })]),
    lifeOf(h1, [aVerdict("undecided", { met: true })], because("prevented")),
  ]) {
    expect(parsed(xmlOf(entries, [h1])).all).toMatchObject({
      "@failures": "0",
      "@errors": "0",
      "@skipped": "0",
      "@tests": "1",
    });
  }
});

test("text that XML cannot hold, or that would be read as XML, does no harm", () => {
  const evil = "\x00\x1b[31m\ufffe\ud800 ]]> </system-out><testcase name='forged'/> <!-- & &amp; &#0;";
  const entries = lifeOf(
    h1,
    [aVerdict("logged", { title: evil, cause: null })],
    anExecution({ stdout: evil }),
  );
  const xml = xmlOf(entries, [h1]);
  expect(xml).not.toMatch(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u);
  const { suites } = parsed(xml);
  expect(suites[0]?.testcase).toHaveLength(1);
  expect(suites[0]?.testcase[0]?.["system-out"]).toContain("</system-out><testcase name='forged'/>");
});

test("a run without trials, or before its start, is a valid document", () => {
  expect(parsed(renderJunit(foldRun([]))).all["@tests"]).toBe("0");
});
