import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeResults } from "../../src/cli/run-session.js";
import { foldRun } from "../../src/journal/fold.js";
import { Journal } from "../../src/journal/journal.js";
import { JOURNAL_FILE } from "../../src/journal/read.js";
import { inventorySchema } from "../../src/model/inventory.js";
import { resultsSchema } from "../../src/model/results.js";
import { executionsJsonSchema } from "../../src/plan/executions/schema.js";
import { bindingsJsonSchema } from "../../src/siem/bindings/schema.js";
import { inventoryJsonSchema, resultsJsonSchema } from "../../src/cli/schemas.js";
import { aTrial, aVerdict, completed, lifeOf, RUN, started } from "../journal/run-fixture.js";
import { tyrian } from "./tyrian.js";

// Processes are started one after the other, perhaps from sources and on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const documents = resolve(import.meta.dirname, "../../docs/schema");
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tyrian-cli-"));
  const journal = await Journal.create(join(base, "runs", RUN), RUN);
  const entries = [started([aTrial(1)]), ...lifeOf(aTrial(1), [aVerdict("logged")]), completed];
  for (const entry of entries) await journal.append(entry, { barrier: false });
  await journal.close();
});
afterAll(() => rm(base, { recursive: true }));

test.each<[string, () => Record<string, unknown>]>([
  ["inventory", inventoryJsonSchema],
  ["results", resultsJsonSchema],
  ["bindings", bindingsJsonSchema],
  ["executions", executionsJsonSchema],
])("docs/schema/%s.json is what the program prints", async (name, schema) => {
  const kept: unknown = JSON.parse(await readFile(join(documents, `${name}.json`), "utf8"));
  expect(kept, `renew it with: npx tyrian schema ${name} > docs/schema/${name}.json`).toEqual(schema());
  const { status, stdout } = await tyrian(["schema", name]);
  expect([status, JSON.parse(stdout)]).toEqual([0, kept]);
});

test("the schema of the inventory asks only for what has no default", () => {
  const written = {
    name: "lab",
    token: { value: "env:TOKEN" },
    targets: [{ name: "h1", platform: "linux", transport: { type: "local" }, sensor: { type: "none" } }],
  };
  expect(inventorySchema.safeParse(written).success).toBe(true);
  expect(inventoryJsonSchema()["required"]).toEqual(["name", "token", "targets"]);
});

test("report prints a run as text, JSON that follows its schema, and JUnit XML", async () => {
  const terminal = await tyrian(["report", "latest"], { cwd: base });
  expect(terminal.status).toBe(0);
  expect(terminal.stdout).toContain("✗ logged");
  expect(terminal.stdout).not.toContain("\x1b");
  const json = await tyrian(["report", RUN, "--format", "json"], { cwd: base });
  expect(resultsSchema.parse(JSON.parse(json.stdout)).summary).toEqual({
    byOutcome: { logged: 1 },
    met: 0,
    notMet: 1,
  });
  const junit = await tyrian(["report", join(base, "runs", RUN), "--format", "junit"]);
  expect(XMLValidator.validate(junit.stdout)).toBe(true);
  const colored = await tyrian(["report", RUN], {
    cwd: base,
    environment: { FORCE_COLOR: "1", COLUMNS: "80" },
  });
  expect(colored.stdout).toContain("\x1b[31m✗ logged");
  expect(
    (await tyrian(["report", RUN, "--no-color"], { cwd: base, environment: { FORCE_COLOR: "1" } })).stdout,
  ).not.toContain("\x1b");
});

test("a damaged journal is reported as far as it can be read, and then as invalid with its line", async () => {
  const folder = join(base, "damaged", RUN);
  await mkdir(folder, { recursive: true });
  const lines = (await readFile(join(base, "runs", RUN, JOURNAL_FILE), "utf8")).split("\n");
  await writeFile(join(folder, JOURNAL_FILE), lines.with(5, "rubbish").join("\n"));
  const { status, stdout, stderr } = await tyrian(["report", folder]);
  expect(status).toBe(2);
  expect(stdout).toContain(`${RUN}, not ended`);
  expect(stderr).toContain(
    `error: journal-invalid: line 6 of ${join(folder, JOURNAL_FILE)}: the line is not JSON text`,
  );
  expect(stderr).toContain(`${join(folder, JOURNAL_FILE)}:6:1: the line is not JSON text`);
});

test("a damaged journal is refused by cleanup before any lab is looked for", async () => {
  const folder = join(base, "garbage");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, JOURNAL_FILE), "garbage\n");
  const ended = await tyrian(["cleanup", folder], { environment: { XDG_STATE_HOME: base } });
  expect(ended.status).toBe(2);
  expect(ended.stderr).toMatch(/^error: journal-invalid: line 1 of /);
});

test("a run that does not exist is invalid input", async () => {
  expect(await tyrian(["report", "nope"], { cwd: base })).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringMatching(/^error: run-unknown: there is no run "nope"/),
  });
});

test("results.json is for the one who ran it, as the rest of a run is", async () => {
  await writeResults(base, foldRun([]));
  expect((await stat(join(base, "results.json"))).mode & 0o777).toBe(0o600);
});

test("results that do not fit on the disk leave no half of them, and say where they are", async () => {
  const folder = join(base, "blocked");
  await mkdir(join(folder, "results.json", "not-empty"), { recursive: true });
  await expect(writeResults(folder, foldRun([]))).rejects.toMatchObject({
    code: "journal-write-failed",
    hint: expect.stringContaining("tyrian report RUN --format json"),
  });
  expect(await readdir(folder)).toEqual(["results.json"]);
});

test("a path that is not there is said once, as what it is, and a misspelt name with what was meant", async () => {
  expect(await tyrian(["plan", "nope"], { cwd: base })).toEqual({
    status: 2,
    stdout: "",
    stderr: "error: file-unreadable: nope does not exist\nhint: Check the path and its permissions.\n",
  });
  const environment = { XDG_STATE_HOME: base };
  const { stderr } = await tyrian(["plan", "--target", "h9"], { environment });
  expect(stderr).toBe(
    "error: selection-empty: no target h9 (did you mean h1?)\nhint: The targets of lab embedded: h1 h2 h3.\n",
  );
  expect((await tyrian(["show", "here-documnt"])).stderr).toContain("hint: Did you mean here-document?");
});

test("a state folder that cannot be made is said at once, with the way on", async () => {
  const environment = { XDG_STATE_HOME: "/proc/tyrian" };
  const playbook = "playbooks/T1059.011-lua";
  const inventory = join(base, "here.yaml");
  await writeFile(join(base, "here.token"), "a-token-of-the-test-4f0d1c2e9a3b4c5d\n");
  await writeFile(
    inventory,
    JSON.stringify({
      name: "here",
      token: { path: join(base, "here.token"), value: `file:${join(base, "here.token")}` },
      policy: { allowEffects: ["work-folder", "background-process", "computed-code"] },
      targets: [{ name: "h1", platform: "linux", transport: { type: "local" }, sensor: { type: "none" } }],
    }),
  );
  for (const [words, code] of [
    [["run", playbook], "lab-failed"],
    [["run", playbook, "--lab", inventory, "--out", join(base, "no-state")], "queue-unavailable"],
    [["kill"], "queue-unavailable"],
  ] as const) {
    const { status, stderr } = await tyrian(words, { environment });
    expect([words, status]).toEqual([words, 3]);
    expect(stderr).toMatch(new RegExp(`^error: ${code}: .*mkdir '/proc/tyrian'`, "m"));
    expect(stderr).toMatch(/^hint: Set XDG_STATE_HOME to a folder in which you can write/m);
  }
});

test("history lists the runs, as text and as JSON", async () => {
  const text = await tyrian(["history"], { cwd: base });
  expect(text.stdout).toMatch(new RegExp(`^${RUN} .* completed +1 +0 +1 +1 +demo$`, "m"));
  const json = await tyrian(["history", "--json"], { cwd: base });
  expect(JSON.parse(json.stdout)).toMatchObject([{ id: RUN, status: "completed", exit: 1 }]);
  const none = await tyrian(["history", "--json", "--out", "none"], { cwd: base });
  expect([none.status, none.stdout]).toEqual([0, "[]\n"]);
});

test("lint lists every problem of bad files with its position, and JSON says the same", async () => {
  const folder = join(base, "bad");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "playbook.yaml"),
    "id: bad\ntechnique: T1059.004\nname: Bad\nproceduers: []\n",
  );
  await writeFile(
    join(folder, "rule.yml"),
    "title: A rule\nlogsource:\n  product: linux\n  category: process_creation\ndetection:\n  selection:\n    Image|endswitch: /bash\n  condition: selection\n",
  );
  const text = await tyrian(["lint", folder, join(folder, "rule.yml")]);
  expect(text.status).toBe(2);
  expect(text.stdout).toMatch(/bad\/playbook\.yaml:4:1: error: unknown-key: .*proceduers/);
  expect(text.stdout).toMatch(/bad\/rule\.yml:7:\d+: error: /);
  const json = await tyrian(["lint", "--json", folder, join(folder, "rule.yml")]);
  const { diagnostics } = JSON.parse(json.stdout) as { diagnostics: Record<string, unknown>[] };
  expect(json.status).toBe(2);
  expect(
    diagnostics.every((each) =>
      ["file", "line", "column", "severity", "code", "message", "hint"].every((key) => key in each),
    ),
  ).toBe(true);
  expect(text.stdout.split("\n").filter((line) => line.includes(": error: "))).toHaveLength(
    diagnostics.length,
  );
});

test("lint says of a path that does not exist that it does not exist", async () => {
  const { status, stdout } = await tyrian(["lint", join(base, "absent")]);
  expect(status).toBe(2);
  expect(stdout).toContain(join(base, "absent"));
});

test("list and show answer from the catalogue, and an empty selection is an error", async () => {
  const list = await tyrian(["list", "--json", "--technique", "T1059.004"]);
  const procedures = JSON.parse(list.stdout) as { procedure: string; guid: string; technique: string }[];
  expect(procedures.length).toBeGreaterThan(3);
  expect(procedures.every(({ technique }) => technique === "T1059.004")).toBe(true);
  const [first] = procedures;
  const show = await tyrian(["show", first?.guid ?? ""]);
  expect(show.stdout).toContain(first?.procedure ?? "?");
  expect(show.stdout).toMatch(/^ {4}\| /m);
  expect((await tyrian(["show", "nothing-like-it"])).status).toBe(2);
  expect(await tyrian(["list", "--technique", "T9999"])).toMatchObject({ status: 2, stdout: "" });
});

test("config show never shows a password", async () => {
  const { status, stdout } = await tyrian(["config", "show"], {
    environment: { REDIS_URL: "redis://user:hunter2@localhost:6379/0", XDG_STATE_HOME: base },
  });
  expect(status).toBe(0);
  expect(stdout).toContain("redis://user:redacted@localhost");
  expect(stdout).not.toContain("hunter2");
  expect(stdout).toContain(join(base, "tyrian"));
});
