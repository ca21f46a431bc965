import { z } from "zod";
import type { EventInput } from "../event-input.js";
import type { SiemHttp } from "../http/client.js";
import { pathOf } from "../http/request.js";

/** Status for a document that is there already. */
const CONFLICT = 409;

/** Events become documents of an index or data stream of their own (Index API, `_create`). */
export function indexInput(http: SiemHttp, index: string): EventInput {
  return {
    send: async ({ id, time, message, fields }, signal) => {
      await http.request({
        what: "an announcement",
        method: "PUT",
        path: `/${encodeURI(index)}/_create${pathOf(id)}`,
        body: {
          json: {
            "@timestamp": new Date(time).toISOString(),
            message,
            event: { kind: "event", provider: "tyrian" },
            tyrian: fields,
          },
        },
        accept: [CONFLICT],
        schema: z.union([
          z.object({ result: z.literal("created") }),
          z.object({ status: z.literal(CONFLICT) }),
        ]),
        signal,
      });
    },
    close: () => http.close(),
  };
}
