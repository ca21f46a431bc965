/**
 * Bulk input into the embedded SIEM with 100 rules loaded, over each protocol: `npm run bench -- receivers`. An event counts
 * when it is on disk in the spool, its rules have run and it is in the database. A processor second is of the receiving
 * process, all of its threads together: events per processor second is what one core can take.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { openReceivingSiem } from "../../src/siem/embedded/index.js";
import { Credentials } from "../../src/telemetry/receivers/credentials.js";
import { elasticsearch } from "../../src/telemetry/receivers/elasticsearch.js";
import { HttpReceiver } from "../../src/telemetry/receivers/http.js";
import type { Receiver, RecordSink } from "../../src/telemetry/receivers/receiver.js";
import { splunkHec } from "../../src/telemetry/receivers/splunk-hec.js";
import { SyslogReceiver } from "../../src/telemetry/receivers/syslog.js";
import { rules } from "./receivers/lines.js";

const EVENTS = 100_000;
const WANTED = 20_000;
const RULES = 100;

const local = { address: "127.0.0.1", port: 0 };
const http = {
  ...local,
  credentials: new Credentials([{ name: "bench", token: "token" }]),
  maximumBytes: 64 * 1024 * 1024,
};
const receivers: Readonly<Record<string, (sink: RecordSink) => Receiver>> = {
  elasticsearch: (sink) => new HttpReceiver("elasticsearch", http, sink, elasticsearch),
  "splunk-hec": (sink) => new HttpReceiver("splunk-hec", http, sink, (intake) => splunkHec(intake, false)),
  syslog: (sink) => new SyslogReceiver("syslog", { ...local, senders: [], maximumBytes: 1024 * 1024 }, sink),
};

async function measure(kind: string): Promise<{ wall: number; cpu: number; stored: number }> {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-receivers-"));
  const { siem, received } = await openReceivingSiem({
    ...{ folder, maximumBytes: 4 * 1024 ** 3, sources: [], rules: rules(RULES) },
  });
  const receiver = (receivers[kind] as (sink: RecordSink) => Receiver)(received.sink);
  const port = (await receiver.listen()).split(":").at(-1) as string;
  const sender = spawn(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "receivers/sender-process.ts"), kind, port, String(EVENTS)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  await once(sender.stdout, "data");
  const cpu = process.cpuUsage();
  const start = performance.now();
  sender.stdin.write("go\n");
  const [code] = (await once(sender, "close")) as [number];
  if (code !== 0) throw new Error(`the sender of ${kind} failed`);
  await receiver.close();
  // Whoever is asked for nothing of the first second answers when all is in the database.
  await siem.events([{ host: "web0", from: 0, to: 1 }]);
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  let stored = 0;
  for (let host = 0; host < 40; host += 1)
    stored += (await siem.events([{ host: `web${host}`, from: 0, to: Number.MAX_SAFE_INTEGER }])).value
      .length;
  await siem.close();
  rmSync(folder, { recursive: true, force: true });
  return { wall, cpu: (user + system) / 1e6, stored };
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const figure = (value: number): string => Math.round(value).toLocaleString("en").padStart(8);
print(
  `${EVENTS.toLocaleString("en")} program starts (laurel), ${RULES} rules, load ${loadavg()[0]?.toFixed(1)}`,
);
let worst = Infinity;
const wantedKinds = process.argv.slice(2);
for (const kind of Object.keys(receivers).filter(
  (name) => wantedKinds.length === 0 || wantedKinds.includes(name),
)) {
  const { wall, cpu, stored } = await measure(kind);
  print(
    `${kind.padEnd(14)} ${figure(EVENTS / cpu)} events/s of one core  ${figure(EVENTS / wall)} events/s of wall clock`,
  );
  if (stored !== EVENTS) throw new Error(`${kind}: ${stored} of ${EVENTS} events are in the database`);
  worst = Math.min(worst, EVENTS / cpu);
}
print(
  worst >= WANTED
    ? `at least ${WANTED} events/s of one core: met`
    : `at least ${WANTED} events/s of one core: NOT met`,
);
process.exit(worst >= WANTED ? 0 : 1);
