import { afterEach, expect, test, vi } from "vitest";
import type { WinrmTransport } from "../../../src/model/target.js";
import { openTcp } from "../../../src/transport/tcp.js";
import { credentialsOf } from "../../../src/transport/winrm/authentication.js";
import { Envelopes } from "../../../src/transport/winrm/envelope.js";
import { Lane } from "../../../src/transport/winrm/lane.js";
import { resolveSecret, startHost, winrmTarget, type Host } from "./host.js";

let host: Host;
let lane: Lane;
afterEach(async () => {
  vi.restoreAllMocks();
  lane.close();
  await host.stop();
});

test("a connection that was idle for long is not trusted: what stands between may have forgotten it", async () => {
  host = await startHost();
  const { port, url } = host.standIn;
  let opened = 0;
  lane = new Lane({
    ...{ target: "win1", authority: `127.0.0.1:${String(port)}`, https: false, maxAnswerBytes: 1_000_000 },
    credentials: await credentialsOf(winrmTarget(port).transport as WinrmTransport, "win1", resolveSecret),
    open: async (signal) => {
      opened += 1;
      return { socket: await openTcp("127.0.0.1", port, { signal }), certificate: null };
    },
  });
  const envelopes = new Envelopes({ to: url, maxEnvelopeBytes: 153_600, sessionId: "uuid:SESSION" });
  const ask = (): Promise<string> =>
    lane.exchange(envelopes.create(65001, null, 5_000).xml, { signal: AbortSignal.timeout(20_000) });
  expect(await ask()).toContain("CreateResponse");
  expect(await ask()).toContain("CreateResponse");
  expect(opened).toBe(1);
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + 31_000);
  expect(await ask()).toContain("CreateResponse");
  expect(opened).toBe(2);
});
