import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import { resolveSecret, run, winrmTarget } from "./host.js";

const SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
const bodies: Readonly<Record<string, string>> = {
  Create:
    '<w:SelectorSet xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><w:Selector Name="ShellId">S</w:Selector></w:SelectorSet>',
  Command: "<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>",
  Receive: '<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="C"/></rsp:ReceiveResponse>',
};

/** A host that answers each Receive at once, and with nothing. */
test("a host whose answers are empty is not asked without pause", async () => {
  const asked: Record<string, number> = {};
  const server = createServer((request, response) => {
    void text(request).then((xml) => {
      const [, action = "", name = ""] = /Action [^>]*>([^<]*\/(\w+))</.exec(xml) ?? [];
      const [, id] = /MessageID>([^<]*)</.exec(xml) ?? [];
      asked[name] = (asked[name] ?? 0) + 1;
      response
        .writeHead(200, { "Content-Type": "application/soap+xml;charset=UTF-8" })
        .end(
          `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="${SHELL}">` +
            `<s:Header><a:Action>${action}Response</a:Action><a:RelatesTo>${id}</a:RelatesTo></s:Header><s:Body>${bodies[name] ?? ""}</s:Body></s:Envelope>`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const authentication = { type: "basic", user: "lab", password: "env:P", allowUnencrypted: true };
  const target = winrmTarget((server.address() as AddressInfo).port, { authentication });
  const session = await createWinrmTransport({ resolveSecret }).connect(target, { deadlineMs: 10_000 });
  const result = await run(session, "x", { deadlineMs: 500 });
  await session.close();
  server.closeAllConnections();
  server.close();
  expect(result.ending).toBe("deadline");
  expect(asked["Receive"]).toBeLessThanOrEqual(result.durationMs / 100 + 1);
});
