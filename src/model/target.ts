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

/** Where sockets are opened: a network namespace of this machine (the embedded lab). Absent: this process's own. */
const networkSchema = z.strictObject({
  /** A process in the namespace, or the path of a namespace file; exactly one. */
  namespace: z.string().min(1),
  /** The namespace belongs to a user namespace (rootless lab): enter that first. */
  rootless: z.boolean().default(false),
});
export type Network = z.infer<typeof networkSchema>;

/** How a host is reached over SSH. */
const overSsh = {
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
  network: networkSchema.optional(),
};

export const sshTransportSchema = z.strictObject({ type: z.literal("ssh"), ...overSsh });
export type SshTransport = z.infer<typeof sshTransportSchema>;

/** The command lines of network devices whose prompts are known (src/transport/cli/profiles.ts). */
export const deviceProfiles = ["ios", "nxos", "junos", "eos", "vyos", "frr"] as const;
export type DeviceProfileName = (typeof deviceProfiles)[number];

/** The command line of a network device, over SSH. */
export const cliTransportSchema = z.strictObject({
  type: z.literal("cli"),
  ...overSsh,
  /** One for the prompt, one for a command that is given one-shot; many devices serve no more than the first. */
  maxChannels: overSsh.maxChannels.unwrap().default(2),
  profile: z.enum(deviceProfiles),
  /** The secret of the privileged mode (`enable`). Absent: it is not asked for. */
  enableSecret: secretReferenceSchema.optional(),
});
export type CliTransport = z.infer<typeof cliTransportSchema>;

/** Code pages that can be decoded: UTF-8, then those of the Windows locales. */
export const codePages = [
  65001, 874, 932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 866,
] as const;

export const winrmTransportSchema = z
  .strictObject({
    type: z.literal("winrm"),
    /** IP address or name; public addresses are refused. */
    host: z.string().min(1),
    /** Default 5986, without HTTPS 5985. */
    port: z.int().min(1).max(65535).optional(),
    https: z.boolean().default(true),
    /** The name in the host's certificate, and in its Kerberos principal `HTTP/NAME`. Default: `host`. */
    serverName: z.string().min(1).optional(),
    authentication: z.discriminatedUnion("type", [
      /** Over plain HTTP the messages are encrypted by NTLM itself. */
      z.strictObject({
        type: z.literal("ntlm"),
        user: z.string().min(1),
        /** The user's domain; empty for an account of the host itself. */
        domain: z.string().default(""),
        password: secretReferenceSchema,
      }),
      z.strictObject({
        type: z.literal("basic"),
        user: z.string().regex(/^[^:]+$/, "a user name for Basic holds no colon"),
        password: secretReferenceSchema,
        /** Says in so many words that the password may go over plain HTTP, where anybody on the way can read it. */
        allowUnencrypted: z.boolean().default(false),
      }),
      /** With the ticket or keytab of this machine's Kerberos configuration; needs the package `kerberos`. HTTPS only. */
      z.strictObject({ type: z.literal("kerberos") }),
      /** A client certificate and its key in PEM. HTTPS only. */
      z.strictObject({
        type: z.literal("certificate"),
        certificateFile: z.string().min(1),
        keyFile: z.string().min(1),
        passphrase: secretReferenceSchema.optional(),
      }),
    ]),
    /** What the host's certificate is held to, instead of this machine's authorities; with both, to both. */
    tls: z
      .strictObject({
        /** Authorities in PEM, in place of this machine's. */
        caFile: z.string().min(1).optional(),
        /** SHA-256 of the certificate in DER, hexadecimal. Without `caFile`, nothing else of it is checked. */
        fingerprint: z
          .string()
          .regex(
            /^[0-9a-f]{2}(:?[0-9a-f]{2}){31}$/i,
            "expected 64 hexadecimal digits, with or without colons",
          )
          .optional(),
      })
      .default({}),
    /** Milliseconds that the host may hold an answer back while there is no output. */
    operationTimeoutMs: z.int().min(500).max(600_000).default(20_000),
    /** Bytes of a message: the host's MaxEnvelopeSizekb. */
    maxEnvelopeBytes: z.int().min(8_192).max(8_388_608).default(153_600),
    /** Commands that may run at once in the shell; keep it under the host's MaxProcessesPerShell. */
    maxCommands: z.int().min(1).max(25).default(8),
    /** What programs are asked to write their output in. */
    codePage: z.literal(codePages).default(65001),
    network: networkSchema.optional(),
  })
  .superRefine(({ https, tls, authentication }, context) => {
    if (https) return;
    const { type } = authentication;
    if (type === "kerberos" || type === "certificate") {
      context.addIssue({
        code: "custom",
        path: ["authentication", "type"],
        message: `${type} needs HTTPS`,
      });
    }
    if (type === "basic" && !authentication.allowUnencrypted) {
      context.addIssue({
        code: "custom",
        path: ["authentication"],
        message:
          "Basic over plain HTTP shows the password to anybody on the way: use HTTPS or NTLM, or write `allowUnencrypted: true` beside the password",
      });
    }
    if (tls.caFile !== undefined || tls.fingerprint !== undefined) {
      context.addIssue({ code: "custom", path: ["tls"], message: "there is no certificate without HTTPS" });
    }
  });
export type WinrmTransport = z.infer<typeof winrmTransportSchema>;

/** PowerShell gives `ssh` its options as one line that is cut at blanks and quotes: such a word would become options of its own. */
const sshWord = z
  .string()
  .regex(/^[^\s"'-][^\s"']*$/, "expected a word without blanks and quotes, not beginning with a hyphen");

export const powershellTransportSchema = z.strictObject({
  type: z.literal("powershell"),
  /** IP address or name (PowerShell's -HostName); public addresses are refused. */
  host: z.string().min(1),
  port: z.int().min(1).max(65535).default(22),
  /** On Windows also `DOMAIN\user`. */
  user: sshWord,
  /** The pinned host key, an OpenSSH public key line; a fingerprint does not do for OpenSSH's client. */
  hostKey: z.string().regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/, "expected `ssh-ed25519 AAAA...`"),
  /** A private key without a passphrase; absent: the keys of the ssh agent. */
  keyFile: z
    .string()
    .regex(/^[^"\n]+$/, "expected a path without quotes")
    .optional(),
  /** The subsystem that the host's sshd_config has for `pwsh -sshs`. */
  subsystem: sshWord.default("powershell"),
});
export type PowerShellTransport = z.infer<typeof powershellTransportSchema>;

export const localTransportSchema = z.strictObject({ type: z.literal("local") });
export type LocalTransport = z.infer<typeof localTransportSchema>;

export const transportSchema = z.discriminatedUnion("type", [
  sshTransportSchema,
  winrmTransportSchema,
  powershellTransportSchema,
  localTransportSchema,
  cliTransportSchema,
]);
export type TransportSettings = z.infer<typeof transportSchema>;

export const sensorSchema = z.strictObject({
  type: z.enum(["auditd", "laurel", "strace", "sysmon", "security", "device-log", "eslogger", "none"]),
  /** The name by which the telemetry knows the host, when it is not the target's name (audit key, host name). */
  host: z.string().optional(),
  /** The sensor's log on the target, read there for what the SIEM lacks. Absent: the usual path of auditd and laurel. */
  log: z
    .strictObject({
      path: z.string().regex(/^\/[\w./-]+$/, "expected an absolute path of plain characters"),
      /** Reads it, and asks the kernel's audit what it lost and its rules (`auditctl -s`, `-l`), with `sudo -n`, where the login may not. */
      sudo: z.boolean().default(false),
    })
    .optional(),
});
export type Sensor = z.infer<typeof sensorSchema>;

/**
 * A control of the target (a mitigation). What proves that it stopped a trial makes that `prevented` instead of `failed`; each kind
 * has its own proof (docs/mitigations.md), and a control is of one kind.
 */
export const controlSchema = z
  .strictObject({
    id: z.string().min(1),
    description: z.string().default(""),
    /** Which refusals of the kernel are this control's: the error of the refused exec, and the paths that it protects (prefixes). */
    refuses: z
      .strictObject({
        errors: z.array(z.enum(["EACCES", "EPERM"])).min(1),
        paths: z.array(z.string().startsWith("/")).min(1),
      })
      .optional(),
    /** A program through which others are started, and which starts what it lets through as a process of its own. */
    denies: z
      .strictObject({
        gate: z.string().startsWith("/"),
        /** The executables that the gate itself starts while it decides, each once; nothing of the act may be among them. */
        helpers: z.array(z.string().startsWith("/")).default([]),
        exitCode: z.int().min(1).max(255),
        /** All that is on stderr when it refuses; `{script}` is the script's path, `{command}` the name of the plain command. */
        message: z.string().min(1),
        /** It reads the code itself (a restricted shell): then only one plain command is known not to have printed the message. */
        readsCode: z.boolean().default(false),
      })
      .optional(),
  })
  .refine(
    ({ refuses, denies }) => (refuses === undefined) !== (denies === undefined),
    "expected `refuses` or `denies`: a control is of one kind",
  );
export type Control = z.infer<typeof controlSchema>;

export const targetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, "expected letters, digits and hyphens"),
  platform: platformSchema,
  fidelity: fidelitySchema.default("native"),
  transport: transportSchema,
  sensor: sensorSchema,
  tags: z.array(z.string()).default([]),
  /** Where interpreters lie that a procedure names and the target's PATH does not have: `autohotkey: C:\Tools\AutoHotkey64.exe`. */
  interpreters: z
    .record(z.string(), z.string().regex(/^(\/|[A-Za-z]:\\)[^"'\r\n]+$/, "expected an absolute path"))
    .default({}),
  controls: z.array(controlSchema).default([]),
});
export type Target = z.infer<typeof targetSchema>;
