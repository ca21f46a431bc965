import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { createWinrmTransport } from "../../../src/transport/winrm.js";
import { ACTION } from "../../../src/transport/winrm/names.js";
import { parseXml } from "../../../src/transport/windows/xml.js";
import { skippedFor } from "../../skipped.js";
import { resolveSecret, winrmTarget } from "./host.js";
import { headerOf, noRecordings, recording, type Recorded } from "./recordings.js";

let server: Server | undefined;
afterEach(() => server?.close());

/** Plays a recording: to each request, the next recorded answer to one of its kind. Returns the actions that were asked for. */
async function play(messages: readonly Recorded[]): Promise<{ port: number; asked: string[] }> {
  const left = [...messages];
  const asked: string[] = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const envelope = parseXml(body);
      const [id, action] = [headerOf(envelope, "MessageID"), headerOf(envelope, "Action")];
      asked.push(action.slice(action.lastIndexOf("/") + 1));
      const index = left.findIndex((one) => one.action === action);
      const [next] = index < 0 ? [] : left.splice(index, 1);
      // No recorded client has closed its command's input.
      const answer = next?.response ?? emptyAnswer(action, id);
      response.writeHead(answer.includes(":Fault>") ? 500 : 200, {
        "Content-Type": "application/soap+xml;charset=UTF-8",
      });
      response.end(answer.replace(/(RelatesTo>)[^<]*/, `$1${id}`));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

function emptyAnswer(action: string, id: string): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:Action>${action}Response</a:Action><a:RelatesTo>${id}</a:RelatesTo></s:Header><s:Body/></s:Envelope>`;
}

const basic = {
  authentication: { type: "basic", user: "lab", password: "env:PASSWORD", allowUnencrypted: true },
};
const transport = createWinrmTransport({ resolveSecret });

describe("a session with a recorded Windows host", skippedFor(noRecordings), () => {
  test.each([
    ["winrs_standard", "hi\r\n"],
    ["winrs_unicode", "こんにちは\n"],
    ["winrs_operation_timeout", "hi\nhi again\n"],
    [
      "client_execute_cmd",
      expect.stringMatching(/^ Volume in drive C is Windows 2016\r\n.* bytes free\r\n$/s),
    ],
    [
      "winrs_environment",
      expect.stringContaining('\r\n_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0=_-(){}[]<>*+-/\\?"!@#'),
    ],
    ["winrs_noprofile", expect.stringMatching(/^ALLUSERSPROFILE=C:\\ProgramData\r\n/)],
  ])("gets the output and the end of %s", async (name, stdout) => {
    const { port, asked } = await play(recording(name));
    const session = await transport.connect(winrmTarget(port, basic), { deadlineMs: 5_000 });
    const result = await session.exec("a recorded command", { deadlineMs: 20_000 });
    await session.close();
    expect(result).toMatchObject({ ending: "exited", exitCode: 0, stdout, stderr: "" });
    expect(asked.slice(0, 2)).toEqual(["Create", "Command"]);
    expect(asked.slice(-2)).toEqual(["Signal", "Delete"]);
    expect(asked.filter((action) => action === "Command")).toHaveLength(1);
  });

  test("ends as unknown when the host says that there is no such command", async () => {
    const messages = recording("winrs_bad_cmd_id");
    const { port, asked } = await play(messages);
    const session = await transport.connect(winrmTarget(port, basic), { deadlineMs: 5_000 });
    expect(await session.exec("a recorded command", { deadlineMs: 5_000 })).toMatchObject({
      ending: "disconnected",
      exitCode: null,
    });
    expect(session.open).toBe(false);
    await expect(session.exec("another", { deadlineMs: 5_000 })).rejects.toMatchObject({
      code: "disconnected",
      message: expect.stringContaining("command identifier that does not exist"),
    });
    await session.close();
    expect(asked).toContain("Delete");
    expect(messages.map(({ action }) => action)).toContain(ACTION.delete);
  });
});
