import { API_LOG_SOURCES, type HostEvent } from "../../model/event.js";
import type { ApiLogFormat, TelemetrySource } from "../../model/inventory.js";
import type { SensorCounts, SensorParser } from "../sensor.js";
import type { ApiCall, ApiLogReader } from "./api-call.js";
import { readAzureActivity } from "./azure-activity.js";
import { readCloudTrail } from "./cloudtrail.js";
import { readGoogleAudit } from "./google-audit.js";
import { KeystoneLogReader } from "./keystone.js";
import { readOktaSystemLog } from "./okta.js";

type ApiLogSource = TelemetrySource & { readonly type: "api-log" };

interface Format {
  readonly reader: () => ApiLogReader;
  /** Whether the API writes its log itself, in the order of its calls. What a cloud delivers is ordered by nothing but its times. */
  readonly inOrder: boolean;
}

const formats: Readonly<Record<ApiLogFormat, Format>> = {
  keystone: {
    reader: () => {
      const reader = new KeystoneLogReader();
      return (line) => reader.read(line);
    },
    inOrder: true,
  },
  cloudtrail: { reader: () => readCloudTrail, inOrder: false },
  "azure-activity": { reader: () => readAzureActivity, inOrder: false },
  "google-audit": { reader: () => readGoogleAudit, inOrder: false },
  okta: { reader: () => readOktaSystemLog, inOrder: false },
};

/** Reads what the API of one cloud logs of its calls. Every line is whole by itself. */
export class ApiLogParser implements SensorParser {
  readonly pending = 0;
  readonly waitingSince = null;
  readonly #source: ApiLogSource;
  readonly #read: ApiLogReader;
  readonly #counts = { lines: 0, events: 0, malformed: 0, ignored: 0, foreign: 0, incomplete: 0 };

  constructor(source: ApiLogSource) {
    this.#source = source;
    this.#read = formats[source.format].reader();
  }

  push(line: string, position: number, now: number): HostEvent[] {
    this.#counts.lines += 1;
    const calls = this.#read(line);
    if (calls === null || calls.length === 0) {
      this.#counts[calls === null ? "malformed" : "ignored"] += 1;
      return [];
    }
    this.#counts.events += calls.length;
    return calls.map((call, index) => this.#event(call, position + index, now));
  }

  flush(): HostEvent[] {
    return [];
  }

  reset(): void {
    // The API does not know that its log was begun anew.
  }

  counts(): SensorCounts {
    return { ...this.#counts };
  }

  lost(): number {
    return 0;
  }

  #event(call: ApiCall, position: number, now: number): HostEvent {
    const { host, format, ownPrincipals } = this.#source;
    const { time, principal, fields } = call;
    return {
      id: `${host}/api-log/${String(time)}:${call.id ?? String(position)}`,
      host,
      sensor: "api-log",
      kind: "api",
      logsource: API_LOG_SOURCES[format],
      time,
      ingestedAt: now,
      sequence: formats[format].inOrder ? position : time,
      session: principal !== null && ownPrincipals.includes(principal) ? `principal ${principal}` : null,
      pid: 0,
      ppid: 0,
      argv: [],
      error: null,
      fields: { ...fields },
      original: call.fields,
    };
  }
}
