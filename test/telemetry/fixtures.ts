import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { HostEvent } from "../../src/model/event.js";
import { hostEventSchema } from "../../src/model/event.js";
import type { SensorParser } from "../../src/telemetry/sensor.js";

/** The lines of a recorded log of test/fixtures/telemetry. */
export function recorded(name: string): string[] {
  const bytes = readFileSync(join(import.meta.dirname, "../fixtures/telemetry", name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n").slice(0, -1);
}

/** All events of some lines, each checked against the model; waits that are still open are let pass at the end. */
export function eventsOf(parser: SensorParser, lines: readonly string[], settle = true): HostEvent[] {
  const events: HostEvent[] = [];
  let position = 0;
  for (const line of lines) {
    events.push(...parser.push(line, position, 1000));
    position += Buffer.byteLength(line) + 1;
  }
  if (settle) events.push(...parser.flush(100_000));
  return events.map((event) => hostEventSchema.parse(event));
}

/** The host and users under which the recorded audit logs were made. */
export const recordedUsers = { "tyrian-124702c8-h1": { "0": "root", "20000": "op" } };

/** The argument vectors of the program that made audit-arguments.log.gz, as bytes. */
export function recordedArguments(): Buffer[][] {
  const x = (count: number, text = "x"): string => text.repeat(count);
  const cases: (string | Buffer)[][] = [
    ["true"],
    ["true", ""],
    ["true", "", "", ""],
    ["true", "a b", "tab\there", "new\nline"],
    ["true", 'quote"d', "single'q", "back\\slash"],
    ["true", "é", "日本語", "🙂x"],
    ["true", Buffer.from([0xff, 0xfe]), Buffer.from([0x6f, 0x6b, 0x80])],
    ["true", x(7400)],
    ["true", x(7499)],
    ["true", x(7500)],
    ["true", x(7501)],
    ["true", x(20000, "a")],
    ["true", x(5000, "é")],
    ["true", `${x(3000, "日本")}x`],
    ["true", x(4000, "a b")],
    ["true", ...Array.from({ length: 5000 }, (_, index) => `arg${index}`)],
    ["true", ...Array.from({ length: 300 }, () => "")],
    ["true", x(5000, "y"), x(1200, "z z"), x(3000, "w"), "", x(2000, "é")],
    ["true", "DEADBEEF", "4142", "(null)", 'a0="x"', "argc=3"],
    ["true", ...Array.from({ length: 900 }, (_, index) => `é${index}`)],
    ["-weird=1", "a1=2"],
    ["true", "%41%zz", "\u0001\u001d\u007f"],
  ];
  return cases.map((argv) => argv.map((argument) => Buffer.from(argument as string)));
}
