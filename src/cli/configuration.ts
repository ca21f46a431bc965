import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { TyrianError } from "../errors.js";
import type { AnnounceSettings } from "../siem/announce/settings.js";
import type { SiemSettings } from "../siem/connect.js";

/** Defaults for options of the same name. Paths are relative to the file. */
export interface ConfiguredOptions {
  readonly lab?: string | undefined;
  readonly siem?: string | undefined;
  readonly out?: string | undefined;
  readonly targets?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly strict?: boolean | undefined;
}

/** What a configuration file may say. */
export interface Configuration extends ConfiguredOptions {
  /** The bindings file; relative to this one. */
  readonly bindings?: string | undefined;
  /** Where runs are announced. */
  readonly announce?: AnnounceSettings | undefined;
  /** By the name that `--siem` gives. */
  readonly siems?: Readonly<Record<string, SiemSettings>> | undefined;
}

export interface ConfigurationFile {
  readonly file: string;
  readonly values: Configuration;
}

const PROJECT_FILE = "tyrian.config.yaml";
const paths: readonly string[] = ["lab", "out", "bindings"] satisfies (keyof Configuration)[];
/** What is no option of a command. */
const others: readonly string[] = ["siems", "bindings", "announce"] satisfies (keyof Configuration)[];

/**
 * The configuration files that hold here, the strongest first: the nearest `tyrian.config.yaml` from the folder upwards, then
 * the user's own `$XDG_CONFIG_HOME/tyrian/config.yaml`. Nothing is loaded where there is none.
 * @throws TyrianError `config-invalid` with every problem and its position, `file-unreadable`.
 */
export async function loadConfiguration(
  folder: string = process.cwd(),
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ConfigurationFile[]> {
  const files = [projectFile(folder), userFile(environment)].filter((file) => file !== null);
  if (files.length === 0) return [];
  const { readConfiguration } = await import("./configuration-file.js");
  return await Promise.all(files.map(async (file) => ({ file, values: await readConfiguration(file) })));
}

function projectFile(folder: string): string | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, PROJECT_FILE);
    if (existsSync(file)) return file;
    if (dirname(at) === at) return null;
  }
}

function userFile(environment: NodeJS.ProcessEnv): string | null {
  const base = environment["XDG_CONFIG_HOME"];
  const home = base !== undefined && base.startsWith("/") ? base : join(homedir(), ".config");
  const file = join(home, "tyrian", "config.yaml");
  return existsSync(file) ? file : null;
}

/** Gives the options of a command that were not given on the command line what the files say. */
export function applyConfiguration(command: Command, files: readonly ConfigurationFile[]): void {
  for (const { file, values } of files) {
    const options = Object.entries(values).filter(([name]) => !others.includes(name));
    for (const [name, value] of options as [string, string | number | boolean][]) {
      const takes = command.options.some((option) => option.attributeName() === name);
      const source = command.getOptionValueSource(name);
      // Set already: on the command line, or by a stronger file.
      if (!takes || (source !== undefined && source !== "default")) continue;
      command.setOptionValueWithSource(
        name,
        typeof value === "string" ? valueOf(file, name, value) : value,
        "config",
      );
    }
  }
}

/** A value of a file in words; a path as it is found from here. */
export function valueOf(file: string, name: string, value: string | number | boolean): string {
  return paths.includes(name) ? resolve(dirname(file), String(value)) : String(value);
}

/** An error of a file, in the words of the files that it stands beside. */
export function invalidConfiguration(
  file: string,
  diagnostics: NonNullable<ConstructorParameters<typeof TyrianError>[2]>["diagnostics"] = [],
): TyrianError {
  const problems = diagnostics.length === 1 ? "1 error" : `${diagnostics.length} errors`;
  return new TyrianError("config-invalid", `the configuration ${file} has ${problems}; nothing was done`, {
    diagnostics,
  });
}
