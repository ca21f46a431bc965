import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameError, SyslogFrames } from "../../../src/telemetry/receivers/syslog-frames.js";

const texts = (messages: readonly Buffer[]): string[] => messages.map(String);

test("counted octets and line feeds may follow one another on a connection", () => {
  const frames = new SyslogFrames(1000);
  expect(texts(frames.push(Buffer.from("<1>a\n5 <2>b\n<3>c\n7 <4>d\ne\n<5>f")))).toEqual([
    "<1>a",
    "<2>b",
    "<3>c",
    "<4>d\ne",
  ]);
  expect(String(frames.end())).toBe("<5>f");
});

test("messages are the same whichever way their bytes are cut", () => {
  const message = fc
    .string({ unit: "binary", maxLength: 40 })
    .map((text) => `<13>${text.replaceAll(/[\n\r\0]/g, "")}`);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(message, fc.boolean()), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 30 }),
      (messages, sizes) => {
        const bytes = Buffer.concat(
          messages.map(([text, counted]) =>
            Buffer.from(counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`),
          ),
        );
        const frames = new SyslogFrames(1000);
        const found: string[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = sizes[index % sizes.length] as number;
          found.push(...texts(frames.push(bytes.subarray(at, at + size))));
          at += size;
        }
        expect(found).toEqual(messages.map(([text]) => text));
        expect(frames.end()).toBeNull();
        expect(frames.takeDropped()).toBe(0);
      },
    ),
  );
});

test("a message that is too long is left out, and the next one is found", () => {
  const long = "x".repeat(50);
  for (const frame of [`<1>${long}\n`, `53 <1>${long}`]) {
    const frames = new SyslogFrames(20);
    const pieces = [frame.slice(0, 10), frame.slice(10, 40), `${frame.slice(40)}<2>next\n`];
    expect(pieces.flatMap((piece) => texts(frames.push(Buffer.from(piece))))).toEqual(["<2>next"]);
    expect(frames.takeDropped()).toBe(1);
  }
});

test("a counted message that the end of the connection has cut is told as dropped", () => {
  const frames = new SyslogFrames(1000);
  expect(frames.push(Buffer.from("20 <1>cut"))).toEqual([]);
  expect(frames.end()).toBeNull();
  expect(frames.takeDropped()).toBe(1);
});

test("a length that is none ends the connection: nobody knows where the next message begins", () => {
  for (const text of ["12x <1>a", "99999999999 <1>a", "1234567890"])
    expect(() => new SyslogFrames(1000).push(Buffer.from(text))).toThrow(FrameError);
});
