import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyConfiguration, loadConfiguration } from "../../src/cli/configuration.js";
import type { TyrianError } from "../../src/errors.js";
import { tyrian } from "./tyrian.js";

let base: string;
let inner: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tyrian-config-"));
  inner = join(base, "project", "deep", "deeper");
  mkdirSync(inner, { recursive: true });
  mkdirSync(join(base, "home", "tyrian"), { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true }));

const project = (text: string): void => writeFileSync(join(base, "project", "tyrian.config.yaml"), text);
const user = (text: string): void => writeFileSync(join(base, "home", "tyrian", "config.yaml"), text);
const load = () => loadConfiguration(inner, { XDG_CONFIG_HOME: join(base, "home") });

/** The options of a command after the files and these words. */
async function optionsWith(...words: string[]): Promise<Record<string, unknown>> {
  const command = new Command("run")
    .option("--out <folder>", "", "runs")
    .option("--targets <n>", "", Number, 3)
    .option("--lab <file>", "")
    .action(() => undefined);
  command.parse(words, { from: "user" });
  applyConfiguration(command, await load());
  return command.opts();
}

describe("options that were not given", () => {
  test("are those of the nearest project file, then those of the user's, then the built-in ones", async () => {
    expect(await optionsWith()).toEqual({ out: "runs", targets: 3 });
    user("targets: 5\nout: /var/runs\n");
    project("targets: 7\nlab: labs/office.yaml\n");
    expect(await optionsWith()).toEqual({
      targets: 7,
      out: "/var/runs",
      lab: join(base, "project", "labs", "office.yaml"),
    });
  });

  test("give way to flags, also to one that repeats the built-in value", async () => {
    project("targets: 7\nout: elsewhere\n");
    expect(await optionsWith("--targets", "3")).toMatchObject({
      targets: 3,
      out: join(base, "project", "elsewhere"),
    });
  });

  test("are not given to a command that does not take them", async () => {
    project("concurrency: 2\n");
    expect(await optionsWith()).toEqual({ out: "runs", targets: 3 });
  });
});

test("a file that is wrong is refused with every problem, its position and a suggestion", async () => {
  project("targtes: 7\nconcurrency: many\n");
  const file = join(base, "project", "tyrian.config.yaml");
  await expect(load()).rejects.toMatchObject({
    code: "config-invalid",
    exit: 2,
    diagnostics: [
      expect.objectContaining({
        file,
        line: 1,
        column: 1,
        hint: expect.stringContaining("targets") as string,
      }),
      expect.objectContaining({ file, line: 2, column: 14 }),
    ],
  });
});

test("of a SIEM only what its kind may have is said to be missing or wrong", async () => {
  project(
    "siems:\n  office:\n    kind: elastic\n    url: https://siem.lab\n    auth: { type: api-key, key: env:K }\n",
  );
  const failure = (await load().catch((thrown: unknown) => thrown)) as TyrianError;
  const told = failure.diagnostics.map(({ message, hint }) => `${message}; ${hint}`);
  expect(told).toEqual([
    expect.stringContaining('add "kibanaUrl": a text'),
    expect.stringMatching(/add "telemetry": a map with (?!.* or a map)/),
    expect.stringContaining('expected "token" or "basic", found the text "api-key"'),
  ]);
});

test("the program takes them, and says where each comes from", async () => {
  project("out: reports\nsiem: embedded\n");
  const { stdout } = await tyrian(["config", "show", "--json"], { cwd: inner });
  const file = join(base, "project", "tyrian.config.yaml");
  expect(JSON.parse(stdout)).toContainEqual({
    name: "out",
    value: join(base, "project", "reports"),
    source: `${file}; --out`,
  });
  const history = await tyrian(["history"], { cwd: inner });
  expect(history.stderr + history.stdout).toContain(join(base, "project", "reports"));
  project("siem: splunk\n");
  expect(await tyrian(["run"], { cwd: inner })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("there is no SIEM splunk in the configuration") as string,
  });
});
