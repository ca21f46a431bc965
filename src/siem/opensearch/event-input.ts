import type { EventInput } from "../event-input.js";
import type { HttpOptions } from "../http/open.js";
import { indexInput } from "../search-api/event-input.js";
import { openSearchDoor } from "./index.js";
import type { OpenSearchSettings } from "./settings.js";

export function openOpenSearchInput(
  name: string,
  settings: OpenSearchSettings,
  index: string,
  options?: HttpOptions,
): EventInput {
  return indexInput(openSearchDoor(name, settings, options), index);
}
