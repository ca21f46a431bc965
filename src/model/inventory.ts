import { z } from "zod";
import { effectSchema, type Effect } from "./playbook.js";
import { secretReferenceSchema, targetSchema } from "./target.js";

/** The command logs of network devices that can be read (src/telemetry/device). */
export const deviceLogFormats = ["frr", "ios", "nxos", "junos", "eos", "tacacs"] as const;
export type DeviceLogFormat = (typeof deviceLogFormats)[number];

/** The audit logs of clouds that can be read (src/telemetry/cloud). */
export const apiLogFormats = ["keystone", "cloudtrail", "azure-activity", "google-audit", "okta"] as const;
export type ApiLogFormat = (typeof apiLogFormats)[number];

/** The logs of hypervisors that can be read (src/telemetry/hypervisor). */
export const hypervisorLogFormats = [
  "libvirt",
  "esxi-shell",
  "esxi-hostd",
  "esxi-vobd",
  "esxi-auth",
] as const;
export type HypervisorLogFormat = (typeof hypervisorLogFormats)[number];

/** The logs of a Mac that can be read (src/telemetry/macos). */
const macosLogFormats = ["eslogger", "unified-log"] as const;

/** What a lab allows that does not say: what lint can read to its end, and what the sweep undoes. */
const USUAL_EFFECTS: readonly Effect[] = ["work-folder", "background-process"];

/** A lab: its hosts, the token that each must answer with, and what procedures may do there. */
export const inventorySchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/i),
  token: z.strictObject({
    /** Where the token is on each host. */
    path: z.string().startsWith("/").default("/etc/tyrian/lab-token"),
    /** Where it is on Windows hosts; no character of it has a meaning of its own to cmd.exe or PowerShell. */
    windowsPath: z
      .string()
      .regex(
        /^[a-z]:\\[^"%$`\n\r]+$/i,
        'expected a path such as C:\\ProgramData\\tyrian\\lab-token, without " % $ `',
      )
      .default("C:\\ProgramData\\tyrian\\lab-token"),
    /** Its value, by reference. */
    value: secretReferenceSchema,
  }),
  /** What procedures may do here. What lint cannot read (`computed-code`, `unknown-command`) must be allowed in so many words. */
  policy: z
    .strictObject({ allowEffects: z.array(effectSchema).default([...USUAL_EFFECTS]) })
    .default({ allowEffects: [...USUAL_EFFECTS] }),
  /** Where the telemetry comes from, for the embedded SIEM. */
  telemetry: z
    .array(
      z.discriminatedUnion("type", [
        /** One audit log for all hosts of the embedded lab; the key of a record names its host. */
        z.strictObject({
          type: z.literal("audit-log"),
          file: z.string(),
          /** Names of users by uid, for each host by its telemetry name: the log has numbers only. */
          users: z.record(z.string(), z.record(z.string(), z.string())).default({}),
          /** Hosts, by their telemetry names, on which Wine plays Windows: its launches are events of Windows. */
          wineHosts: z.array(z.string()).optional(),
        }),
        z.strictObject({ type: z.literal("laurel-log"), file: z.string(), host: z.string().optional() }),
        z.strictObject({ type: z.literal("strace-log"), file: z.string(), host: z.string() }),
        /** What a network device logs of the commands that it is given. */
        z.strictObject({
          type: z.literal("device-log"),
          file: z.string(),
          host: z.string(),
          format: z.enum(deviceLogFormats),
          /** Minutes by which the device's clock is ahead of UTC, where its log does not say. */
          utcOffsetMinutes: z
            .int()
            .min(-14 * 60)
            .max(14 * 60)
            .default(0),
          /**
           * Users of the device by whom nobody but Tyrian logs in. Where a log names the user and not the session, only
           * their commands can be told from others'.
           */
          ownUsers: z.array(z.string()).default([]),
        }),
        /** What the API of a cloud records of the calls that it is given; one log is one target's. */
        z.strictObject({
          type: z.literal("api-log"),
          file: z.string(),
          host: z.string(),
          format: z.enum(apiLogFormats),
          /**
           * Principals, by the id that the log has for them, in whose name nobody but Tyrian calls: a Keystone user id, an AWS
           * access key id or ARN, the caller of Azure, the e-mail of a Google account. Only their calls can be told from others'.
           */
          ownPrincipals: z.array(z.string().min(1)).default([]),
        }),
        /** One log of a hypervisor, beside the sensor that tells the trials apart. */
        z.strictObject({
          type: z.literal("hypervisor-log"),
          file: z.string(),
          host: z.string(),
          format: z.enum(hypervisorLogFormats),
        }),
        /** What eslogger, or `log stream --style ndjson`, writes on a Mac (agents/macos); the lines of one Mac, in their order. */
        z.strictObject({
          type: z.literal("macos-log"),
          file: z.string(),
          host: z.string(),
          format: z.enum(macosLogFormats),
        }),
        /**
         * Events of Windows as JSON, one a line, as shippers write them; a host's telemetry name is what the events call their
         * Computer. One of its sensors is read: two would tell of each process twice.
         */
        z.strictObject({
          type: z.literal("windows-log"),
          file: z.string(),
          sensor: z.enum(["sysmon", "security"]),
        }),
      ]),
    )
    .default([]),
  targets: z.array(targetSchema).min(1),
});
export type Inventory = z.infer<typeof inventorySchema>;
export type TelemetrySource = Inventory["telemetry"][number];
