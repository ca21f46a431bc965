import { dirname, resolve } from "node:path";
import { TyrianError } from "../errors.js";
import type { SiemSettings } from "../siem/connect.js";
import { type ConfigurationFile, loadConfiguration } from "./configuration.js";

/** The SIEM that a command asks. */
export interface ChosenSiem {
  readonly name: string;
  /** Null for the embedded one, which is set up by the lab. */
  readonly settings: SiemSettings | null;
}

export const embeddedSiem: ChosenSiem = { name: "embedded", settings: null };

/**
 * The SIEM of a name: the embedded one, or one of the configuration, where the strongest file that has it counts.
 * @throws TyrianError `usage` for a name that there is no SIEM of; `config-invalid`
 */
export async function chooseSiem(name: string, files?: readonly ConfigurationFile[]): Promise<ChosenSiem> {
  if (name === embeddedSiem.name) return embeddedSiem;
  const configured = files ?? (await loadConfiguration());
  const found = configured.find(({ values }) => Object.hasOwn(values.siems ?? {}, name));
  const settings = found?.values.siems?.[name];
  if (found !== undefined && settings !== undefined)
    return { name, settings: withPaths(settings, dirname(found.file)) };
  const known = [embeddedSiem.name, ...configured.flatMap(({ values }) => Object.keys(values.siems ?? {}))];
  throw new TyrianError("usage", `there is no SIEM ${name} in the configuration`, {
    hint: `There is: ${[...new Set(known)].join(", ")}. A SIEM is described under \`siems:\` in tyrian.config.yaml (docs/connectors.md).`,
  });
}

/** Paths of a file are relative to it. */
function withPaths(settings: SiemSettings, folder: string): SiemSettings {
  const { caFile } = settings.tls;
  if (caFile === undefined) return settings;
  return { ...settings, tls: { ...settings.tls, caFile: resolve(folder, caFile) } };
}
