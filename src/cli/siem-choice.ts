import { dirname, resolve } from "node:path";
import { TyrianError } from "../errors.js";
import type { Plan } from "../model/trial.js";
import type { SiemSettings } from "../siem/connect.js";
import { rulesOfPlan } from "../plan/analytics.js";
import { type ConfigurationFile, loadConfiguration } from "./configuration.js";
import { onDemandQueries } from "./on-demand.js";

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

/**
 * What to say of the analytics of a plan that no rule of the SIEM is bound to, and that are not run on demand; null when there
 * are none.
 */
export async function unboundNote(chosen: ChosenSiem, plan: Plan): Promise<string | null> {
  const { name, settings } = chosen;
  const { analytics, trials } = plan;
  if (settings === null || settings.kind === "tyrian") return null;
  const onDemand = await onDemandQueries(chosen, analytics, rulesOfPlan(plan));
  const wanted = new Set(trials.flatMap(({ expectations }) => expectations.map(({ analytic }) => analytic)));
  const unbound = analytics.filter(
    ({ id }) => wanted.has(id) && !Object.hasOwn(settings.rules, id) && !onDemand.has(id),
  );
  if (unbound.length === 0) return null;
  const first = unbound.slice(0, MOST_NAMED).map(({ id, title }) => `${id} (${title})`);
  const more = unbound.length > first.length ? ` and ${unbound.length - first.length} more` : "";
  return `of ${unbound.length} analytics nothing can be proved: siems.${name}.rules names no rule for ${first.join(", ")}${more}`;
}

const MOST_NAMED = 5;

/** Paths of a file are relative to it. A pipeline that is named like a file is one; else it is one that Tyrian brings along. */
function withPaths(settings: SiemSettings, folder: string): SiemSettings {
  const { tls } = settings;
  const { caFile } = tls;
  const trusted = {
    ...settings,
    ...(caFile === undefined ? {} : { tls: { ...tls, caFile: resolve(folder, caFile) } }),
  };
  if (trusted.kind === "tyrian") return trusted;
  const { onDemand } = trusted;
  const pathOf = (name: string): string => (/[./]/.test(name) ? resolve(folder, name) : name);
  return {
    ...trusted,
    ...(onDemand === undefined ? {} : { onDemand: { pipelines: onDemand.pipelines.map(pathOf) } }),
  };
}
