import type { Command } from "commander";
import { stateFolder } from "../../config.js";
import { EXIT } from "../../errors.js";
import { table } from "../../report/table.js";
import { plain } from "../../report/text.js";
import { VERSION } from "../../version.js";
import { resolve } from "node:path";
import {
  type ConfigurationFile,
  type ConfiguredOptions,
  loadConfiguration,
  valueOf,
} from "../configuration.js";
import type { Invocation } from "../invocation.js";
import { DEFAULT_RUNS_FOLDER, packageFolder, playbooksFolder } from "../places.js";

export function register(command: Command, invocation: Invocation): void {
  command
    .command("show")
    .description("where Tyrian keeps and looks for things, and why there")
    .option("--json", "print an array of {name, value, source}")
    .action(
      invocation.action(async (options: { json?: true }) => {
        const { output } = invocation;
        const settings = settingsOf(process.env, await loadConfiguration());
        if (options.json === true) {
          output.json(settings);
        } else {
          const rows = settings.map(({ name, value, source }) => [name, value, source].map(plain));
          for (const line of table(
            [{ title: "setting" }, { title: "value", shrinks: true }, { title: "from" }],
            rows,
            output.stdout.width,
          ))
            output.data(line);
        }
        return EXIT.met;
      }),
    );
}

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

function settingsOf(environment: NodeJS.ProcessEnv, files: readonly ConfigurationFile[]): Setting[] {
  const redis = environment["REDIS_URL"];
  const configured = (key: keyof ConfiguredOptions, flag: string, otherwise: string): Setting => {
    const found = files.find(({ values }) => values[key] !== undefined);
    const value = found?.values[key];
    if (found === undefined || value === undefined) {
      return { name: key, value: otherwise, source: `default; ${flag}` };
    }
    return { name: key, value: valueOf(found.file, key, value), source: `${found.file}; ${flag}` };
  };
  return [
    { name: "version", value: VERSION, source: "built in" },
    { name: "installed in", value: packageFolder(), source: "built in" },
    {
      name: "state folder",
      value: stateFolder(environment),
      source: environment["XDG_STATE_HOME"]?.startsWith("/") === true ? "XDG_STATE_HOME" : "default",
    },
    { name: "playbooks", value: resolve(playbooksFolder()), source: "default; PATH arguments" },
    {
      name: "queue",
      value: redis === undefined || redis === "" ? "a private server" : withoutPassword(redis),
      source: redis === undefined || redis === "" ? "default; REDIS_URL" : "REDIS_URL",
    },
    configured("lab", "--lab", "the embedded lab"),
    configured("siem", "--siem", "embedded"),
    configured("out", "--out", resolve(DEFAULT_RUNS_FOLDER)),
    configured("targets", "--targets", "3"),
    configured("concurrency", "--concurrency", "50"),
    configured("strict", "--strict", "false"),
  ];
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password !== "") parsed.password = "redacted";
    return parsed.href;
  } catch {
    return "not a URL";
  }
}
