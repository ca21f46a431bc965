import { z } from "zod";

/** What really interpreted the command. A simulated target proves the plumbing and never counts as coverage. */
export const fidelitySchema = z.enum(["native", "wine", "simulated"]);
export type Fidelity = z.infer<typeof fidelitySchema>;

export const platformSchema = z.enum(["linux", "windows", "macos", "network", "hypervisor", "cloud"]);
export type Platform = z.infer<typeof platformSchema>;

/** A secret by reference: `env:NAME`, `file:PATH` or `command:COMMAND`; never the secret itself. */
export const secretReferenceSchema = z
  .string()
  .regex(/^(env|file|command):.+$/s, "expected env:NAME, file:PATH or command:COMMAND");
export type SecretReference = z.infer<typeof secretReferenceSchema>;

export const sshTransportSchema = z.strictObject({
  type: z.literal("ssh"),
  /** IP address or name; public addresses are refused. */
  host: z.string().min(1),
  port: z.int().min(1).max(65535).default(22),
  user: z.string().min(1),
  /** The pinned host key: an OpenSSH public key line (`ssh-ed25519 AAAA...`) or `SHA256:...`. */
  hostKey: z
    .string()
    .regex(
      /^(SHA256:[A-Za-z0-9+/=]+|[a-z0-9@.-]+ [A-Za-z0-9+/=]+.*)$/,
      "expected `ssh-ed25519 AAAA...` or `SHA256:...`",
    ),
  authentication: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("key"),
      file: z.string().min(1),
      passphrase: secretReferenceSchema.optional(),
    }),
    z.strictObject({ type: z.literal("agent"), socket: z.string().optional() }),
    z.strictObject({ type: z.literal("password"), password: secretReferenceSchema }),
  ]),
  /** Channels that may be open at once on the connection; keep it under the server's MaxSessions: ending a command needs one more. */
  maxChannels: z.int().min(1).max(100).default(8),
  /** Where the socket is opened: a network namespace of this machine (the embedded lab). Absent: this process's own. */
  network: z
    .strictObject({
      /** A process in the namespace, or the path of a namespace file; exactly one. */
      namespace: z.string().min(1),
      /** The namespace belongs to a user namespace (rootless lab): enter that first. */
      rootless: z.boolean().default(false),
    })
    .optional(),
});
export type SshTransport = z.infer<typeof sshTransportSchema>;

export const localTransportSchema = z.strictObject({ type: z.literal("local") });
export type LocalTransport = z.infer<typeof localTransportSchema>;

export const transportSchema = z.discriminatedUnion("type", [sshTransportSchema, localTransportSchema]);
export type TransportSettings = z.infer<typeof transportSchema>;

export const sensorSchema = z.strictObject({
  type: z.enum(["auditd", "laurel", "strace", "none"]),
  /** The name by which the telemetry knows the host, when it is not the target's name (audit key, host name). */
  host: z.string().optional(),
  /** The sensor's log on the target, read there for what the SIEM lacks. Absent: the usual path of auditd and laurel. */
  log: z
    .strictObject({
      path: z.string().regex(/^\/[\w./-]+$/, "expected an absolute path of plain characters"),
      /** Reads it with `sudo -n`, where the login may not. */
      sudo: z.boolean().default(false),
    })
    .optional(),
});
export type Sensor = z.infer<typeof sensorSchema>;

/** A control of the target (a mitigation) whose audited refusal makes a trial `prevented` instead of `failed`. */
export const controlSchema = z.strictObject({
  id: z.string().min(1),
  description: z.string().default(""),
  /** Which refusals are this control's: the error of the refused exec, and the paths that it protects (prefixes). */
  refuses: z.strictObject({
    errors: z.array(z.enum(["EACCES", "EPERM"])).min(1),
    paths: z.array(z.string().startsWith("/")).min(1),
  }),
});
export type Control = z.infer<typeof controlSchema>;

export const targetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, "expected letters, digits and hyphens"),
  platform: platformSchema,
  fidelity: fidelitySchema.default("native"),
  transport: transportSchema,
  sensor: sensorSchema,
  tags: z.array(z.string()).default([]),
  controls: z.array(controlSchema).default([]),
});
export type Target = z.infer<typeof targetSchema>;
