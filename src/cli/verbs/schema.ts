import { Argument, type Command } from "commander";
import { EXIT } from "../../errors.js";
import type { Invocation } from "../invocation.js";

const names = ["playbook", "campaign", "inventory", "bindings", "executions", "results"] as const;

export function register(command: Command, invocation: Invocation): void {
  command.addArgument(new Argument("<name>", "which schema").choices(names)).action(
    invocation.action(async (name: (typeof names)[number]) => {
      invocation.output.json(await schemaOf(name));
      return EXIT.met;
    }),
  );
}

async function schemaOf(name: (typeof names)[number]): Promise<Record<string, unknown>> {
  if (name === "playbook") return (await import("../../playbook/schema.js")).playbookJsonSchema();
  if (name === "bindings") return (await import("../../siem/bindings/schema.js")).bindingsJsonSchema();
  if (name === "executions") return (await import("../../plan/executions/schema.js")).executionsJsonSchema();
  const { campaignJsonSchema, inventoryJsonSchema, resultsJsonSchema } = await import("../schemas.js");
  return { campaign: campaignJsonSchema, inventory: inventoryJsonSchema, results: resultsJsonSchema }[name]();
}
