import { dirname, resolve } from "node:path";
import { TyrianError } from "../errors.js";
import type { AcceptedMiss } from "../model/accepted-miss.js";
import type { Plan } from "../model/trial.js";
import { acceptedAt, placeOf, rulesAt } from "../siem/bindings/place.js";
import type { Binding } from "../siem/bindings/schema.js";
import type { SiemSettings } from "../siem/connect.js";
import { rulesOfPlan } from "../plan/analytics.js";
import { type ConfigurationFile, loadConfiguration, valueOf } from "./configuration.js";
import { onDemandQueries } from "./on-demand.js";

/** The SIEM that a command asks. */
export interface ChosenSiem {
  readonly name: string;
  /** Null for the embedded one, which is set up by the lab. */
  readonly settings: SiemSettings | null;
  /** Known gaps there, of the bindings file. */
  readonly acceptedMisses: readonly AcceptedMiss[];
  /** The bindings file; null when the configuration names none. */
  readonly bindingsFile: string | null;
}

export const embeddedSiem: ChosenSiem = {
  name: "embedded",
  settings: null,
  acceptedMisses: [],
  bindingsFile: null,
};

/**
 * The SIEM of a name: the embedded one, or one of the configuration, where the strongest file that has it counts. Its rules are those
 * of the configuration and of the bindings file.
 * @param name `NAME`, or `NAME@ENVIRONMENT` for the rules that the bindings have for that environment
 * @throws TyrianError `usage` for a name that there is no SIEM of; `config-invalid`, `bindings-invalid`, `file-unreadable`
 */
export async function chooseSiem(name: string, files?: readonly ConfigurationFile[]): Promise<ChosenSiem> {
  const configured = files ?? (await loadConfiguration());
  const place = placeOf(name);
  const found = configured.find(({ values }) => Object.hasOwn(values.siems ?? {}, place.siem));
  const settings = found?.values.siems?.[place.siem];
  if (place.siem !== embeddedSiem.name && (found === undefined || settings === undefined))
    throw unknownSiem(name, configured);
  const { bindingsFile, bindings } = await bindingsOf(configured);
  const chosen = { name, bindingsFile, acceptedMisses: acceptedAt(place, bindings) };
  if (found === undefined || settings === undefined) return { ...chosen, settings: null };
  const own = withPaths(settings, dirname(found.file));
  // An embedded one that is served elsewhere runs the analytics themselves.
  if (own.kind === "tyrian") return { ...chosen, settings: own };
  return { ...chosen, settings: { ...own, rules: rulesAt(place, bindings, own.rules) } };
}

/** The bindings file that the strongest configuration file names. */
async function bindingsOf(
  configured: readonly ConfigurationFile[],
): Promise<{ readonly bindingsFile: string | null; readonly bindings: readonly Binding[] }> {
  const found = configured.find(({ values }) => values.bindings !== undefined);
  if (found?.values.bindings === undefined) return { bindingsFile: null, bindings: [] };
  const bindingsFile = valueOf(found.file, "bindings", found.values.bindings);
  const { loadBindings } = await import("../siem/bindings/load.js");
  return { bindingsFile, bindings: await loadBindings(bindingsFile) };
}

function unknownSiem(name: string, configured: readonly ConfigurationFile[]): TyrianError {
  const known = [embeddedSiem.name, ...configured.flatMap(({ values }) => Object.keys(values.siems ?? {}))];
  return new TyrianError("usage", `there is no SIEM ${name} in the configuration`, {
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
  return `of ${unbound.length} analytics nothing can be proved: no rule of ${name} is bound to ${first.join(", ")}${more}`;
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
