import type { EventInput } from "../event-input.js";
import type { HttpOptions } from "../http/open.js";
import { indexInput } from "../search-api/event-input.js";
import { elasticDoors } from "./index.js";
import type { ElasticSettings } from "./settings.js";

export function openElasticInput(
  name: string,
  settings: ElasticSettings,
  index: string,
  options?: HttpOptions,
): EventInput {
  return indexInput(elasticDoors(name, settings, options).elasticsearch, index);
}
