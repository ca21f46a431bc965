import { z } from "zod";

/** What is read of a line of eslogger(1): a message of Endpoint Security (`es_message_t`) as JSON. It has more. */

/** A process as the kernel names it for good: the version changes with each fork and exec (`audit_token_to_pidversion`). */
const tokenSchema = z.object({
  pid: z.int(),
  pidversion: z.int().optional(),
  euid: z.int().optional(),
  ruid: z.int().optional(),
  auid: z.int().optional(),
  asid: z.int().optional(),
});
export type ProcessToken = z.infer<typeof tokenSchema>;

const fileSchema = z.object({ path: z.string(), path_truncated: z.boolean().default(false) });

const processSchema = z.object({
  audit_token: tokenSchema,
  ppid: z.int(),
  /** Since version 4 of the message. */
  parent_audit_token: tokenSchema.optional(),
  executable: fileSchema,
});
export type LoggedProcess = z.infer<typeof processSchema>;

const lineSchema = z.object({
  time: z.iso.datetime(),
  /** Per client and kind of event, since version 2: it grows by one for each message, and by more where the kernel dropped some. */
  seq_num: z.int().nonnegative(),
  /** The same over all kinds, since version 4. */
  global_seq_num: z.int().nonnegative(),
  process: processSchema,
  event: z.object({
    exec: z
      .object({
        target: processSchema,
        args: z.array(z.string()),
        cwd: fileSchema.nullish(),
      })
      .optional(),
    fork: z.object({ child: processSchema }).optional(),
    exit: z.object({ stat: z.int() }).optional(),
  }),
});
export type EsloggerLine = z.infer<typeof lineSchema>;

/** Reads a line; null when it is no message, or one that is damaged or without numbers. */
export function readEsloggerLine(text: string): EsloggerLine | null {
  try {
    const { success, data } = lineSchema.safeParse(JSON.parse(text));
    return success ? data : null;
  } catch {
    return null;
  }
}

/** The path of a file that the message holds whole. */
export function wholePath(file: z.infer<typeof fileSchema> | null | undefined): string | undefined {
  return file === null || file === undefined || file.path_truncated ? undefined : file.path;
}
