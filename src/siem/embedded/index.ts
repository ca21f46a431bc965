import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { TyrianError } from "../../errors.js";
import { type Ownership, takeOwnership } from "../../journal/owner.js";
import { Spool } from "../../telemetry/receivers/spool.js";
import type { ProcessSensor } from "../../telemetry/windows/host-event.js";
import { ReceivedFeed } from "./received-feed.js";
import { EmbeddedSiem } from "./siem.js";
import type { EmbeddedSiemOptions } from "./siem.js";

export type { EmbeddedSiem, EmbeddedSiemOptions, SensorProbe } from "./siem.js";
export type { ReceivedFeed } from "./received-feed.js";
export { deliveryOf } from "./feed.js";

/**
 * Opens the embedded SIEM: it follows the logs of its sources, runs every event through the rules as it arrives, and
 * answers the verifier. It resolves at once; what the logs held already is read in the background, and answers wait for it.
 * The caller closes it.
 */
export function openEmbeddedSiem(options: EmbeddedSiemOptions): Promise<EmbeddedSiem> {
  return Promise.resolve(new EmbeddedSiem(options));
}

export interface ReceivingOptions extends Omit<EmbeddedSiemOptions, "storeFile"> {
  /** Everything that is received is kept here; one process at a time has it. */
  readonly folder: string;
  /** Bytes of received records that are kept; the oldest go first. */
  readonly maximumBytes: number;
  /** Which of Windows' sensors tells of created processes; Sysmon when it is not said. */
  readonly windowsSensor?: ProcessSensor;
}

/** Bytes of one file of records. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * Opens an embedded SIEM that receivers bring records to (`received.sink`). What came before is read again in the
 * background; until then nothing is acknowledged.
 * @throws TyrianError `run-owned` when another process has the folder
 */
export async function openReceivingSiem({
  folder,
  maximumBytes,
  windowsSensor = "sysmon",
  ...options
}: ReceivingOptions): Promise<{ siem: EmbeddedSiem; received: ReceivedFeed }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = await own(folder);
  try {
    const segmentBytes = Math.min(SEGMENT_BYTES, Math.ceil(maximumBytes / 4));
    const spool = await Spool.open(join(folder, "records"), { maximumBytes, segmentBytes });
    // Events are made of the records, anew with each start; a process that was killed has left some.
    const spillFolder = join(folder, "spill");
    await rm(spillFolder, { recursive: true, force: true });
    await mkdir(spillFolder, { mode: 0o700 });
    const received = new ReceivedFeed(spool, spillFolder, windowsSensor, () => owner.release());
    return { siem: new EmbeddedSiem(options, received), received };
  } catch (error) {
    await owner.release();
    throw error;
  }
}

async function own(folder: string): Promise<Ownership> {
  try {
    return await takeOwnership(folder);
  } catch (error) {
    if (!(error instanceof TyrianError) || error.code !== "run-owned") throw error;
    throw new TyrianError("run-owned", `another process has the SIEM's state folder ${folder}`, {
      cause: error,
      hint: "One process at a time serves a SIEM. End that one, or give this one a state folder of its own.",
    });
  }
}
