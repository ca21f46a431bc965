import type { ServerResponse } from "node:http";
import type { SeenRequest } from "./stand-in.js";

/** What a stand-in does in place of answering. */
export type Misbehaviour =
  | {
      readonly type: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** A proxy's page, or a login's. */
  | { readonly type: "web-page"; readonly status?: number }
  | { readonly type: "redirect"; readonly to: string }
  /** The connection is accepted, and nothing ever comes. */
  | { readonly type: "silence" }
  | { readonly type: "hang-up" }
  /** JSON of the right kind, followed by so much that it is too long; with its length told beforehand or not. */
  | { readonly type: "endless"; readonly bytes: number; readonly declared: boolean }
  | { readonly type: "broken-json" }
  | { readonly type: "other-json" };

export interface Plan {
  readonly what: Misbehaviour;
  readonly concerns: (request: SeenRequest) => boolean;
  /** How many more requests it happens to. */
  times: number;
}

/** Does to a response what was asked for. */
export function misbehave(what: Misbehaviour, response: ServerResponse): void {
  switch (what.type) {
    case "status":
      response.writeHead(what.status, { "content-type": "application/json", ...what.headers });
      response.end(JSON.stringify(what.body ?? { error: { reason: "as the test wants it" } }));
      return;
    case "web-page":
      response.writeHead(what.status ?? 200, { "content-type": "text/html" });
      response.end("<!DOCTYPE html><html><head><title>Sign in</title></head><body>...</body></html>");
      return;
    case "redirect":
      response.writeHead(302, { location: what.to });
      response.end();
      return;
    case "silence":
      return;
    case "hang-up":
      response.destroy();
      return;
    case "endless":
      return endless(what, response);
    case "broken-json":
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"hits": {"hits": [');
      return;
    case "other-json":
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"tagline": "You Know, for Search"}');
  }
}

function endless(
  { bytes, declared }: Extract<Misbehaviour, { type: "endless" }>,
  response: ServerResponse,
): void {
  response.writeHead(200, {
    "content-type": "application/json",
    ...(declared ? { "content-length": bytes } : {}),
  });
  const chunk = Buffer.alloc(65_536, " ");
  let sent = 0;
  const more = (): void => {
    while (sent < bytes && !response.destroyed) {
      sent += chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}
