import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Campaign, campaignSchema } from "../../src/model/campaign.js";
import { type Inventory, inventorySchema } from "../../src/model/inventory.js";
import { type Playbook, playbookSchema } from "../../src/model/playbook.js";
import type { Plan } from "../../src/model/trial.js";
import { type AnalyticSet, loadAnalytics } from "../../src/plan/analytics.js";
import { buildPlan, type PlanRequest } from "../../src/plan/plan.js";
import type { Selection } from "../../src/plan/selection.js";
import { ruleOf as ruleWith } from "../lab/playbooks.js";

/** The keys of a procedure that a test changes; the rest is a small sound procedure. */
export interface ProcedureText extends Readonly<Record<string, unknown>> {
  readonly id: string;
}

function procedureOf(text: ProcedureText, index: number): unknown {
  return {
    guid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    name: `procedure ${text.id}`,
    platforms: ["linux"],
    interpreter: { program: "bash", via: "argument" },
    run: "echo hello",
    effects: [],
    proof: { stdout: { contains: "hello" } },
    cleanup: "none",
    expect: [{ analytic: "analytics/rule.yml" }],
    ...text,
  };
}

/** A folder with playbooks and rules in it. */
export interface Shelf {
  readonly folder: string;
  playbook(technique: string, ...procedures: ProcedureText[]): Playbook;
  /** Writes a file, such as a rule, and returns its path. */
  write(name: string, text: string): string;
  remove(): void;
}

export function openShelf(): Shelf {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-plan-"));
  return {
    folder,
    playbook: (technique, ...procedures) => ({
      ...playbookSchema.parse({
        id: technique.toLowerCase(),
        technique,
        name: `playbook ${technique}`,
        procedures: procedures.map(procedureOf),
      }),
      file: join(folder, technique, "playbook.yaml"),
      hash: "0".repeat(64),
    }),
    write: (name, text) => {
      const file = join(folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A Sigma rule over Linux process creation for command lines with a text. */
export function ruleOf(id: string, needle = "needle"): string {
  return ruleWith(id, `{ CommandLine|contains: ${needle} }`);
}

export interface TargetText extends Readonly<Record<string, unknown>> {
  readonly name: string;
}

/** A lab whose targets are this machine; nothing is ever reached. */
export function labOf(targets: readonly TargetText[], policy?: readonly string[]): Inventory {
  return inventorySchema.parse({
    name: "lab",
    token: { value: "env:TOKEN" },
    ...(policy === undefined ? {} : { policy: { allowEffects: policy } }),
    targets: targets.map((target) => ({
      platform: "linux",
      transport: { type: "local" },
      sensor: { type: "none" },
      ...target,
    })),
  });
}

/** A campaign of these procedures, with four to six seconds between them. */
export function campaignOf(...procedures: readonly string[]): Campaign {
  const steps = procedures.map((procedure) => ({ procedure, resembles: "a report" }));
  const text = { name: "a group", summary: "what it does", references: ["G0001"], steps };
  return { ...campaignSchema.parse({ ...text, pace: { least: 4, most: 6 } }), file: "campaign.yaml" };
}

export interface PlanText {
  readonly playbooks: readonly Playbook[];
  readonly inventory?: Inventory;
  readonly selection?: Selection;
  readonly analytics?: AnalyticSet;
}

/** The plan of run `run` on a lab with one target, unless said otherwise. */
export async function planOf(text: PlanText): Promise<Plan> {
  const request: PlanRequest = {
    run: "run",
    playbooks: text.playbooks,
    analytics: text.analytics ?? (await loadAnalytics(text.playbooks)),
    inventory: text.inventory ?? labOf([{ name: "h1" }]),
    selection: text.selection ?? {},
    siem: "embedded",
  };
  return buildPlan(request);
}
