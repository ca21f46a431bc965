import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  openSplunkBench,
  openVictoriaLogsBench,
  SECRET,
  type SplunkBench,
} from "../siem/connector/benches.js";
import { type OwnLab, ownLab } from "../siem/connector/lab.js";
import { type Ended, tyrian } from "./tyrian.js";

/** `tyrian rule push` and `remove`, from a file on the command line to the SIEM and back. */

const ANALYTIC = "5b1c0000-0000-4000-8000-0000000000aa";
const FOREIGN = "5b1c0000-0000-4000-8000-0000000000bb";
const NAME = `tyrian-${ANALYTIC}`;
const sigma = (word: string, id = ANALYTIC): string =>
  `title: A word is printed\nid: ${id}\nlogsource: { product: linux, category: process_creation }\ndetection:\n  selection:\n    CommandLine|contains: ${word}\n  condition: selection\nlevel: high\n`;

// Each test starts several processes, which are slow when the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

let bench: SplunkBench;
let lab: OwnLab;
beforeEach(async () => {
  bench = await openSplunkBench();
  lab = ownLab({ office: bench.given }, { [SECRET]: bench.standIn.token });
  writeFileSync(join(lab.folder, "word.yml"), sigma("4711"));
});
afterEach(async () => {
  lab.remove();
  await bench.close();
});

const rule = (...words: readonly string[]): Promise<Ended> =>
  tyrian(["rule", ...words], { cwd: lab.folder, environment: lab.environment });
const push = (...words: readonly string[]) => rule("push", "word.yml", "--siem", "office", ...words);
const journal = () => join(lab.folder, "state", "tyrian", "pushed-rules.ndjson");

test("a rule is installed, changed and removed again", async () => {
  const dry = await push("--dry-run");
  expect(dry).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("POST /servicesNS/nobody/search") as string,
  });
  expect(dry.stdout).toContain("4711");
  expect(bench.standIn.seen).toEqual([]);
  expect(existsSync(journal())).toBe(false);

  const { status, stdout, stderr } = await push();
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: `created ${NAME} (A word is printed)\n` });
  expect(stderr).toContain(`bind it: siems.office.rules: { ${ANALYTIC}: ${NAME} }`);
  writeFileSync(join(lab.folder, "word.yml"), sigma("1984"));
  expect((await push("--json")).stdout).toContain('"outcome": "updated"');
  expect(bench.standIn.installed.get(NAME)?.["search"]).toContain("1984");

  expect((await rule("remove", "word.yml", "--siem", "office")).stdout).toBe(
    `removed ${ANALYTIC} (office)\n`,
  );
  expect(bench.standIn.installed.size).toBe(0);
  expect(bench.standIn.refused).toEqual([]);
});

test("what a crash left behind is ended by remove --all, and what is not Tyrian's stays", async () => {
  await push();
  const lines = readFileSync(journal(), "utf8").split("\n");
  // As after a crash between sending and noting, with the next line half written.
  writeFileSync(journal(), `${lines[0] ?? ""}\n{"at":"20`);
  writeFileSync(join(lab.folder, "foreign.yml"), sigma("4711", FOREIGN));
  bench.standIn.installed.set(`tyrian-${FOREIGN}`, { search: "index=main", description: "ours" });
  const refused = await rule("push", "foreign.yml", "--siem", "office");
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("rule-not-ours") as string });

  const { status, stdout, stderr } = await rule("remove", "--all");
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: `removed ${ANALYTIC} (office)\n` });
  expect([...bench.standIn.installed.keys()]).toEqual([`tyrian-${FOREIGN}`]);
  expect((await rule("remove", "--all", "--json")).stdout).toBe('{\n  "rules": []\n}\n');
});

test("a name that means another server now is not taken for the one that was pushed to", async () => {
  await push();
  const moved = ownLab({ office: { ...bench.given, url: "http://127.0.0.1:9" } }, lab.environment);
  const state = { XDG_STATE_HOME: join(lab.folder, "state") };
  const { status, stderr } = await tyrian(["rule", "remove", "--all"], {
    cwd: moved.folder,
    environment: { ...moved.environment, ...state },
  });
  moved.remove();
  expect(status).toBe(2);
  expect(stderr).toContain(`was pushed to office at ${bench.standIn.url}`);
});

test("a SIEM that refuses leaves the push noted, to be ended later", async () => {
  bench.standIn.misbehave({ type: "status", status: 403 }, { concerns: ({ method }) => method === "POST" });
  const failed = await push();
  expect(failed).toMatchObject({ status: 4, stderr: expect.stringContaining("siem-auth-failed") as string });
  bench.standIn.behave();
  expect((await rule("remove", "--all")).stdout).toBe(`absent ${ANALYTIC} (office)\n`);
});

test.each([
  ["a rule without an id", sigma("4711").replace(/id: .*\n/, ""), ["--siem", "office"], /has no id/],
  [
    "a correlation",
    `${sigma("4711")}---\ntitle: Often\nid: ${FOREIGN}\ncorrelation: { type: event_count, rules: [${ANALYTIC}], timespan: 1m, condition: { gte: 2 } }\n`,
    ["--siem", "office"],
    /counts events/,
  ],
  ["the embedded SIEM", sigma("4711"), ["--siem", "embedded"], /evaluates the rules of the run itself/],
  ["a SIEM that is not there", sigma("4711"), ["--siem", "nowhere"], /there is no SIEM nowhere/],
  [
    "what the language cannot say",
    sigma("4711").replace("CommandLine|contains: 4711", "CommandLine|re: '(?<=a)b'"),
    ["--siem", "office"],
    /error/,
  ],
])("%s is refused, and nothing is sent", async (_, text, words, why) => {
  writeFileSync(join(lab.folder, "word.yml"), text);
  const { status, stderr, stdout } = await rule("push", "word.yml", ...words);
  expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(why);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(bench.standIn.seen).toEqual([]);
});

test("for vmalert a file is printed or written, since it takes rules in no other way", async () => {
  const logs = await openVictoriaLogsBench();
  const own = ownLab({ logs: logs.given }, { [SECRET]: logs.standIn.token });
  try {
    writeFileSync(join(own.folder, "word.yml"), sigma("4711"));
    const run = (...words: readonly string[]) =>
      tyrian(["rule", ...words], { cwd: own.folder, environment: own.environment });
    const printed = await run("push", "word.yml", "--siem", "logs");
    expect(printed.stdout).toContain("type: vlogs");
    expect(printed.stderr).toContain("vmalert takes no rules by its API");
    const file = join(own.folder, "rules", `${NAME}.yml`);
    expect((await run("push", "word.yml", "--siem", "logs", "--out", "rules")).stdout).toBe(
      `created ${file} (A word is printed)\n`,
    );
    expect(readFileSync(file, "utf8")).toBe(printed.stdout);
    writeFileSync(file, "groups: []\n");
    expect(await run("remove", "--all")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("rule-not-ours") as string,
    });
    writeFileSync(file, printed.stdout);
    expect(await run("remove", "--all")).toMatchObject({ status: 0 });
    expect(existsSync(file)).toBe(false);
    expect(logs.vmalert.seen).toEqual([]);
  } finally {
    own.remove();
    await logs.close();
  }
});
