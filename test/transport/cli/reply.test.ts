import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profileOf } from "../../../src/transport/cli/profiles.js";
import { ReplyReader } from "../../../src/transport/cli/reply.js";
import { transcripts } from "./transcripts.js";

/** All that the device sends for an exchange, in the pieces that it is cut into. */
function read(
  { profile, prompt }: (typeof transcripts)[number],
  exchange: (typeof transcripts)[number]["exchanges"][number],
  before: string,
  cut: (bytes: Buffer) => readonly Buffer[],
): ReplyReader {
  const described = profileOf(profile);
  const host = described.prompt.exec(prompt)?.groups?.["host"] ?? null;
  const reader = new ReplyReader(described, exchange.typed, before, host);
  const pages = (exchange.pauses ?? []).map(({ shows, erases }) => shows + erases).join("");
  const after = exchange.prompt ?? before;
  const text = `${exchange.typed}\r\n${pages}${exchange.answer}${after}`;
  for (const piece of cut(Buffer.from(text))) reader.write(piece);
  return reader;
}

describe.each(transcripts)("$profile ($source)", (transcript) => {
  const { profile, prompt, enabled, greeting, exchanges } = transcript;

  test("its first prompt is found behind its greeting", () => {
    const reader = new ReplyReader(profileOf(profile), null, "", null);
    reader.write(Buffer.from(greeting));
    expect([reader.tail, reader.line]).toEqual(["prompt", prompt]);
  });

  test.each(exchanges)("$typed", (exchange) => {
    const before = enabled ?? prompt;
    const reader = read(transcript, exchange, before, (bytes) => [bytes]);
    expect(reader.tail).toBe("prompt");
    expect(reader.line).toBe(exchange.prompt ?? before);
    expect(reader.output).toBe(exchange.output);
    expect(reader.errors).toEqual(exchange.errors ?? []);
  });

  test("where the pieces end does not matter", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...exchanges),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (exchange, cuts) => {
          const reader = read(transcript, exchange, enabled ?? prompt, (bytes) => {
            const at = [
              0,
              ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b),
              bytes.length,
            ];
            return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          });
          expect(reader.output).toBe(exchange.output);
          expect(reader.errors).toEqual(exchange.errors ?? []);
          expect(reader.tail).toBe("prompt");
        },
      ),
    );
  });
});

const ios = profileOf("ios");

test("the prompt of another device is output", () => {
  const reader = new ReplyReader(ios, "show log", "edge-1#", "edge-1");
  reader.write(Buffer.from("show log\r\nedge-2#"));
  expect(reader.tail).toBeNull();
});

test.each([
  "Proceed with reload? [confirm]",
  "Destination filename [startup-config]? ",
  "This may disrupt traffic. Continue (y/n)? [n] ",
  "Are you sure? [yes/no]: ",
  "Do you want to continue (yes/no) [no]: ",
  "Password: ",
  "Enter new passphrase for key: ",
])("a question is told from a prompt: %s", (question) => {
  const reader = new ReplyReader(ios, "reload", "edge-1#", "edge-1");
  reader.write(Buffer.from(`reload\r\n${question}`));
  expect(reader.tail).toBe("question");
});

test("a message of the log that comes before the echo, with a prompt drawn anew, is no answer", () => {
  const reader = new ReplyReader(ios, "show clock", "edge-1#", "edge-1");
  reader.write(Buffer.from("\r\n%LINK-3-UPDOWN: Interface Loopback1, changed state to up\r\nedge-1#"));
  expect(reader.tail).toBeNull();
  reader.write(Buffer.from("show clock\r\n10:02 UTC\r\nedge-1#"));
  expect([reader.output, reader.tail]).toEqual(["10:02 UTC\n", "prompt"]);
});

test("an answer of many megabytes is cut, and its prompt is still found", () => {
  const reader = new ReplyReader(ios, "show tech-support", "edge-1#", "edge-1");
  reader.write(Buffer.from("show tech-support\r\n"));
  for (let index = 0; index < 60; index += 1) reader.write(Buffer.from(`${"x".repeat(49_998)}\r\n`));
  reader.write(Buffer.from("edge-1#"));
  expect([reader.truncated, reader.tail]).toEqual([true, "prompt"]);
  expect(reader.output.length).toBeLessThanOrEqual(1024 * 1024);
});
