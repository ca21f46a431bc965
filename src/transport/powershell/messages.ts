import { z } from "zod";

/** The oldest PowerShell with all that the scripts use, on both sides; the oldest that is still supported, too. */
const OLDEST = { major: 7, minor: 4 };

/** What our own pwsh prints last: its version, and the host's answer or what went wrong. */
const trailerSchema = z.strictObject({
  version: z.string(),
  result: z.string().nullable(),
  error: z.string().nullable(),
});
export type Trailer = z.infer<typeof trailerSchema>;

/** What the host says when a session is opened. */
const hostSchema = z.strictObject({ version: z.string(), windows: z.boolean() });
type Host = z.infer<typeof hostSchema>;

const eventSchema = z.strictObject({
  id: z.string(),
  started: z.literal(true).optional(),
  /** Why it could not be started. */
  failed: z.string().optional(),
  stdout: z.base64().optional(),
  stderr: z.base64().optional(),
  /** What became of the last piece of input. */
  input: z.enum(["taken", "refused"]).optional(),
  /** Whether both output streams have ended. */
  drained: z.boolean().optional(),
  /** The exit code: 32 bits, which .NET gives a sign. */
  exit: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 32 - 1)
    .transform((code) => code >>> 0)
    .optional(),
  /** Whether nothing of it is left, after it was told to end. */
  gone: z.boolean().optional(),
});
/** What the host tells of one command. */
export type CommandEvent = z.infer<typeof eventSchema>;

const exchangeSchema = z.strictObject({ events: z.array(eventSchema) });

/**
 * The trailer in what a pwsh printed; null when there is none, or none that can be read. Warnings and the like may stand before
 * it; nothing else has its mark.
 */
export function trailerIn(stdout: string, mark: string): Trailer | null {
  const start = `tyrian-trailer ${mark} `;
  const lines = stdout.split(/\r?\n/).filter((line) => line.startsWith(start));
  return lines.length === 1 ? parsed(trailerSchema, (lines[0] as string).slice(start.length)) : null;
}

export function hostIn(result: string): Host | null {
  return parsed(hostSchema, result);
}

export function eventsIn(result: string): readonly CommandEvent[] | null {
  return parsed(exchangeSchema, result)?.events ?? null;
}

/** Whether a version such as `7.4.6` or `7.5.0-preview.2` has all that the scripts use. */
export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
