/**
 * Sends made-up program starts to a receiver, as fast as it takes them: `sender-process.ts KIND PORT EVENTS`. A process of its own, so that
 * its work is not counted as the receiver's.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { laurelLine } from "./lines.js";

const [kind = "", port = "", count = ""] = process.argv.slice(2);
const BATCH = 1_000;
const PARALLEL = 2;
const events = Number(count);
const lines = (from: number): string[] =>
  Array.from({ length: Math.min(BATCH, events - from) }, (_, index) => laurelLine(from + index));
const hostOf = (index: number): string => `web${index % 40}`;

const bodies: Readonly<Record<string, (from: number) => string>> = {
  elasticsearch: (from) =>
    lines(from)
      .map(
        (line, index) =>
          `{"create":{"_index":"audit"}}\n${JSON.stringify({ message: line, host: { name: hostOf(from + index) } })}\n`,
      )
      .join(""),
  "splunk-hec": (from) =>
    lines(from)
      .map((line, index) => JSON.stringify({ event: line, host: hostOf(from + index), sourcetype: "laurel" }))
      .join("\n"),
  syslog: (from) =>
    lines(from)
      .map((line, index) => `<13>1 2026-11-24T10:00:00Z ${hostOf(from + index)} laurel - - - ${line}\n`)
      .join(""),
};
const paths: Readonly<Record<string, string>> = {
  elasticsearch: "/_bulk?filter_path=errors",
  "splunk-hec": "/services/collector",
};

const bodyOf = bodies[kind] as (from: number) => string;
// Made before the first is sent: what is measured is the receiver.
const made: string[] = [];
for (let from = 0; from < events; from += BATCH) made.push(bodyOf(from));
process.stdout.write("made\n");
await once(process.stdin, "data");

if (kind === "syslog") {
  const socket = connect(Number(port), "127.0.0.1");
  for (const body of made) if (!socket.write(body)) await once(socket, "drain");
  socket.end();
  socket.resume();
  await once(socket, "close");
} else {
  const send = async (): Promise<void> => {
    for (let body = made.shift(); body !== undefined; body = made.shift()) {
      const response = await fetch(`http://127.0.0.1:${port}${paths[kind] ?? ""}`, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/x-ndjson",
          authorization: kind === "elasticsearch" ? "ApiKey token" : "Splunk token",
        },
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, send));
}
process.exit(0);
