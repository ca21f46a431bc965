import { z } from "zod";
import { campaignSchema } from "../model/campaign.js";
import { inventorySchema } from "../model/inventory.js";
import { resultsSchema } from "../model/results.js";

/** The JSON Schema of a campaign file, as a person writes it. */
export function campaignJsonSchema(): Record<string, unknown> {
  return {
    title: "Tyrian campaign",
    description: "An ordered, paced selection of procedures that resemble what a group is reported to use.",
    ...z.toJSONSchema(campaignSchema, { io: "input" }),
  };
}

/** The JSON Schema of an inventory file, as a person writes it: what has a default may be left out. */
export function inventoryJsonSchema(): Record<string, unknown> {
  return {
    title: "Tyrian inventory",
    description: "A lab: its hosts, the token that each must answer with, and what procedures may do there.",
    ...z.toJSONSchema(inventorySchema, { io: "input" }),
  };
}

/** The JSON Schema of `results.json`, as a script reads it: every key is there. */
export function resultsJsonSchema(): Record<string, unknown> {
  return {
    title: "Tyrian results",
    description: "results.json of a run. A change that breaks a reader raises schemaVersion.",
    ...z.toJSONSchema(resultsSchema, { io: "output" }),
  };
}
