import { z } from "zod";
import { deviceProfiles } from "../../model/target.js";

/** A JavaScript regular expression, compiled. */
const expression = z.string().transform((source, context) => {
  try {
    return new RegExp(source);
  } catch {
    context.addIssue({ code: "custom", message: `not a regular expression: ${source}` });
    return z.NEVER;
  }
});

/** A command with a place for one word. */
const withWord = z.string().includes("{word}");

/** How the command line of one kind of device looks and behaves: data, so that a new kind needs no code. */
export const profileSchema = z.strictObject({
  name: z.enum(deviceProfiles),
  title: z.string(),
  /** The line on which the device waits for a command, whole; its group `host` is the same as long as the device keeps its name. */
  prompt: expression,
  /** A prompt of a mode in which the configuration is changed. */
  configurationPrompt: expression,
  /** A prompt of the mode in which everything may be asked; of a device without such modes every prompt. */
  privilegedPrompt: expression,
  /** How the privileged mode is entered; null where there is none. */
  enable: z.strictObject({ command: z.string(), asks: expression, refused: expression }).nullable(),
  /** The line with which the device stops between two pages. */
  pager: expression,
  /** What makes it stop no more, for this session only. */
  pagerOff: z.string(),
  /** Lines by which the device says that it did not take a command. */
  errors: z.array(expression).min(1),
  /** Lines that are part of its prompt and not of an output. */
  decoration: z.array(expression),
  /** What stands before a `show` command in the configuration mode; empty where nothing has to. */
  showInConfiguration: z.string(),
  /** Leaves the configuration mode, from any depth. */
  leaveConfiguration: z.string(),
  /** The harmless command that carries a sentinel's word, as it is typed and as it is given one-shot. */
  sentinel: z.strictObject({ typed: withWord, oneShot: withWord }),
  /** Shows where in the configuration the lab token stands, behind the word `tyrian-lab-token`. */
  tokenCommand: z.string(),
});
export type DeviceProfile = z.infer<typeof profileSchema>;
