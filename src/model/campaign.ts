import { z } from "zod";

/** Seconds that pass between two steps on one target. */
const paceSchema = z
  .strictObject({ least: z.number().min(0).max(3600), most: z.number().min(0).max(3600) })
  .refine(({ least, most }) => least <= most, "expected least to be at most `most`");

const procedureReference = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9.-]*$/,
    "expected a playbook's id, a slash and a procedure's id, such as t1059.006-python/inline-code",
  );

/**
 * An ordered, paced selection of procedures that resemble what a group is reported to use. It is no copy of the group:
 * the procedures are the catalogue's harmless ones.
 */
export const campaignSchema = z.strictObject({
  /** The group's ATT&CK id; a campaign of your own may name none. */
  group: z
    .string()
    .regex(/^G\d{4}$/, "expected an ATT&CK group id such as G0046")
    .optional(),
  name: z.string().min(1),
  /** What is reported of the group, in words of our own. */
  summary: z.string().min(1),
  /** Where it is reported: ATT&CK ids or addresses. */
  references: z.array(z.string().min(1)).min(1),
  pace: paceSchema.default({ least: 2, most: 10 }),
  steps: z
    .array(
      z.strictObject({
        procedure: procedureReference,
        /** What of the reports the step resembles. */
        resembles: z.string().min(1),
      }),
    )
    .min(1),
});

export type CampaignText = z.infer<typeof campaignSchema>;

/** A campaign and the file that it was read from. */
export interface Campaign extends CampaignText {
  readonly file: string;
}
