import { Credentials } from "../../../src/telemetry/receivers/credentials.js";
import {
  type HttpApp,
  type HttpIntake,
  type HttpOptions,
  HttpReceiver,
} from "../../../src/telemetry/receivers/http.js";
import type { RecordSink } from "../../../src/telemetry/receivers/receiver.js";

/** A receiver over HTTP that listens on this machine, and how it is asked. */
export interface Asked {
  readonly receiver: HttpReceiver;
  readonly url: string;
  /** POST unless `init` says otherwise. */
  ask(
    path: string,
    init?: RequestInit,
  ): Promise<{ status: number; headers: Headers; text: string; json: unknown }>;
}

export const TOKEN = "b5d2c1f0-token";

export async function listenHttp(
  sink: RecordSink,
  protocol: (intake: HttpIntake) => HttpApp,
  options: Partial<HttpOptions> = {},
): Promise<Asked> {
  const receiver = new HttpReceiver(
    "http",
    {
      ...{ address: "127.0.0.1", port: 0, maximumBytes: 10_000 },
      credentials: new Credentials([{ name: "shipper", token: TOKEN }]),
      ...options,
    },
    sink,
    protocol,
  );
  const url = `http://${await receiver.listen()}`;
  return {
    receiver,
    url,
    ask: async (path, init = {}) => {
      const response = await fetch(`${url}${path}`, { method: "POST", ...init });
      const text = await response.text();
      const { status, headers } = response;
      return { status, headers, text, json: text.startsWith("{") ? (JSON.parse(text) as unknown) : null };
    },
  };
}
