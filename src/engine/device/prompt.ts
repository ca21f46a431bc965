import { TyrianError } from "../../errors.js";
import { type Sentinel, sentinelWord } from "../../model/event.js";
import type { DeviceProfile } from "../../transport/cli/profile.js";
import type { Device, Dialog, Session } from "../../transport/transport.js";
import { freshNonce } from "../nonce.js";

/** Milliseconds until the first prompt. */
const PROMPT_DEADLINE_MS = 15_000;
/** Milliseconds for a command of ours. */
export const OWN_DEADLINE_MS = 10_000;

/** @throws TyrianError `transport-failed` when the target is none: its inventory names another transport. */
export function deviceOf(session: Session): Device {
  if (session.device !== undefined) return session.device;
  throw new TyrianError(
    "transport-failed",
    `${session.target} is a network device, and its transport is not cli: nothing was run`,
  );
}

/** The command that carries a sentinel. */
export function sentinelCommand(
  profile: DeviceProfile,
  way: "typed" | "oneShot",
  sentinel: Sentinel,
): string {
  return profile.sentinel[way].replace("{word}", sentinelWord(sentinel));
}

/**
 * Works at a prompt that is marked as Tyrian's, so that nothing that is typed there ever counts as background. The prompt is
 * closed afterwards.
 */
export async function atOwnPrompt<Result>(
  device: Device,
  work: (dialog: Dialog) => Promise<Result>,
): Promise<Result> {
  const dialog = await device.openDialog({ deadlineMs: PROMPT_DEADLINE_MS });
  try {
    // A name of its own: daemons of one router are told together by it.
    const mark = { edge: "begin", trial: `session-${freshNonce()}` } as const;
    await dialog.type(sentinelCommand(device.profile, "typed", mark), { deadlineMs: OWN_DEADLINE_MS });
    return await work(dialog);
  } finally {
    dialog.close();
  }
}

/** The lines of a text that is typed. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
