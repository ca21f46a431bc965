import { isIP } from "node:net";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { stateFolder } from "../../config.js";
import { inventorySchema } from "../../model/inventory.js";
import { secretReferenceSchema } from "../../model/target.js";
import { isAddressRange } from "../../telemetry/receivers/listening.js";
import { readValidated } from "../configuration-file.js";

const file = z.string().min(1);
const address = z
  .string()
  .refine((text) => isIP(text) !== 0, "expected an IP address, such as 127.0.0.1 or ::");
const tls = z.strictObject({
  /** The server's certificates, in PEM. */
  certificate: file,
  /** Their key, in PEM. */
  key: secretReferenceSchema,
  /** Clients must show a certificate of one of these; absent: they need none. */
  clientCa: file.optional(),
});
const tokens = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[\w.-]{1,64}$/),
      token: secretReferenceSchema,
    }),
  )
  .min(1);

const listener = { address: address.default("127.0.0.1"), port: z.int().min(0).max(65535) };
const rate = { recordsPerSecond: z.int().min(1).optional() };
const senders = z
  .array(z.string().refine(isAddressRange, "expected an address or a network, such as 10.0.0.0/8"))
  .default([]);
const http = {
  ...listener,
  ...rate,
  tls: tls.optional(),
  tokens,
  /** Mebibytes of a request's body, as sent and as unpacked. */
  maximumBodyMiB: z.int().min(1).max(512).default(64),
};

const receiver = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("syslog-udp"), ...listener, ...rate, senders }),
  z.strictObject({
    type: z.literal("syslog"),
    ...listener,
    ...rate,
    senders,
    tls: tls.optional(),
    /** Kibibytes of a message; a longer one is lost, and counted. */
    maximumMessageKiB: z.int().min(1).max(16_384).default(1_024),
  }),
  z.strictObject({
    type: z.literal("splunk-hec"),
    ...http,
    /** The tokens' "indexer acknowledgment": every request then names its channel. */
    acknowledge: z.boolean().default(false),
  }),
  z.strictObject({ type: z.literal("elasticsearch"), ...http }),
  z.strictObject({ type: z.literal("otlp"), ...http }),
]);
export type ReceiverSettings = z.infer<typeof receiver>;

/** What `tyrian siem serve` reads. Paths are relative to the file. */
export const serveSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/i),
    /** Where what is received is kept; absent: a folder of the name in Tyrian's state. */
    state: file.optional(),
    /** Mebibytes of received records that are kept; the oldest go first. */
    keepMiB: z.int().min(16).default(4_096),
    /** Which of Windows' sensors tells of created processes: two would tell of each twice. */
    windowsSensor: z.enum(["sysmon", "security"]).default("sysmon"),
    /** Sigma rules: files and folders. */
    rules: z.array(file).default([]),
    /** How runs on other machines ask this SIEM. */
    api: z.strictObject({ ...listener, tls: tls.optional(), tokens }).optional(),
    receivers: z.array(receiver).default([]),
    /** Logs of this machine that are followed, as in an inventory. */
    files: inventorySchema.shape.telemetry,
  })
  .superRefine(({ api, receivers }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    if (api !== undefined && isOpen(api.address) && api.tls === undefined)
      refuse(["api", "address"], "other machines reach it: tokens travel over TLS only, so it needs `tls`");
    for (const [index, each] of receivers.entries()) {
      const path = ["receivers", index, "address"];
      if (!isOpen(each.address)) continue;
      if ("tokens" in each && each.tls === undefined)
        refuse(path, "other machines reach it: tokens travel over TLS only, so it needs `tls`");
      const isProved = "tls" in each && each.tls?.clientCa !== undefined;
      if ("senders" in each && each.senders.length === 0 && !isProved)
        refuse(
          path,
          "other machines reach it: it needs `senders`, or `tls` with `clientCa`, to know who may send",
        );
    }
  });
export type ServeSettings = z.infer<typeof serveSchema>;

/** Whether an address can be reached from other machines. */
function isOpen(at: string): boolean {
  return !/^127\./.test(at) && at !== "::1";
}

/**
 * Reads the file, with its paths made absolute and the state folder filled in.
 * @throws TyrianError `config-invalid` with every problem and its position, `file-unreadable`
 */
export async function readServeSettings(path: string): Promise<ServeSettings & { readonly state: string }> {
  const settings = await readValidated(path, serveSchema);
  const at = (relative: string): string => resolve(dirname(path), relative);
  const withPaths = <T extends { tls?: z.infer<typeof tls> | undefined }>(each: T): T =>
    each.tls === undefined
      ? each
      : {
          ...each,
          tls: {
            ...each.tls,
            certificate: at(each.tls.certificate),
            ...(each.tls.clientCa === undefined ? {} : { clientCa: at(each.tls.clientCa) }),
          },
        };
  return {
    ...settings,
    state: settings.state === undefined ? join(stateFolder(), "siem", settings.name) : at(settings.state),
    rules: settings.rules.map(at),
    ...(settings.api === undefined ? {} : { api: withPaths(settings.api) }),
    receivers: settings.receivers.map((each) => ("tls" in each ? withPaths(each) : each)),
    files: settings.files.map((source) => ({ ...source, file: at(source.file) })),
  };
}
