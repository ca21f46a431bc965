import { z } from "zod";
import type { EventInput } from "../event-input.js";
import type { HttpOptions } from "../http/open.js";
import { splunkDoors } from "./index.js";
import type { SplunkSettings } from "./settings.js";

/** Where Splunk says that it put the event. */
const takenSchema = z.object({ index: z.string(), bytes: z.coerce.number().positive() });

/** Events over the management port (REST API: receivers/simple), for which the account needs the capability edit_tcp. */
export function openSplunkInput(
  name: string,
  settings: SplunkSettings,
  index: string,
  options: HttpOptions = {},
): EventInput {
  const { http, others } = splunkDoors(name, settings, options);
  return {
    send: async ({ time, message, fields }, signal) => {
      const what = "an announcement";
      const { value } = await http.request({
        what,
        method: "POST",
        path: "/services/receivers/simple",
        query: { output_mode: "json", index, sourcetype: "_json", source: "tyrian" },
        body: {
          text: JSON.stringify({ timestamp: new Date(time).toISOString(), message, ...fields }),
          type: "text/plain",
        },
        schema: takenSchema,
        signal,
      });
      if (value.index !== index)
        throw http.error("siem-answer-invalid", `${what}: Splunk put it into the index ${value.index}`);
    },
    close: async () => void (await Promise.all([http, ...others].map((each) => each.close()))),
  };
}
