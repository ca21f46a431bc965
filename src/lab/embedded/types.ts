import { z } from "zod";

/** The sensor of a lab: who runs it and where its records are. */
const sensorStateSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("auditd"),
    /** `own`: a daemon that a lab started. `machine`: one that was running already; only our rules are ours. */
    daemon: z.enum(["own", "machine"]),
    /** The log that the daemon writes; rotated files have a number appended (`audit.log.1` is the next older). */
    file: z.string(),
  }),
  /** One log a host: `LabHost.log`. */
  z.strictObject({ type: z.literal("strace") }),
]);
export type SensorState = z.infer<typeof sensorStateSchema>;

/**
 * What a host is: a Linux host, a Windows host of fidelity `wine`, of which Wine runs the command lines, a router with FRRouting,
 * whose login shell is vtysh, a client of a cloud with OpenStack Keystone, a hypervisor with libvirt and emulated domains, or one of a pair of Linux hosts of which the second has
 * mitigations switched on.
 */
export const hostProfiles = [
  "linux",
  "windows-wine",
  "network",
  "cloud",
  "hypervisor",
  "mitigations",
] as const;
export type HostProfile = (typeof hostProfiles)[number];

/** How many hosts of a profile there are when nobody says. */
export const usualTargets: Readonly<Record<HostProfile, number>> = {
  linux: 3,
  "windows-wine": 3,
  network: 1,
  cloud: 1,
  hypervisor: 1,
  mitigations: 2,
};

const labHostSchema = z.strictObject({
  name: z.string(),
  profile: z.enum(hostProfiles).default("linux"),
  /** The host of a pair on which the mitigations are switched on. */
  mitigated: z.boolean().default(false),
  address: z.string(),
  /** The pinned host key, `ssh-ed25519 AAAA...`. */
  hostKey: z.string(),
  /** The uid and gid of the user op. */
  operator: z.int(),
  /** The name by which the telemetry knows the host: the audit key, or for strace the host's name. */
  sensorHost: z.string(),
  /** The strace log; null with auditd. */
  log: z.string().nullable(),
  /** The host's first process, by this machine's numbers, and its start time (ticks since boot); null until it has started. */
  pid: z.int().nullable(),
  startTicks: z.string().nullable(),
});
export type LabHost = z.infer<typeof labHostSchema>;

/** What the state file of an embedded lab says. It is written before anything is made, and again when the lab is up. */
export const labStateSchema = z.strictObject({
  version: z.literal(1),
  /** Derived from the state folder; part of every name that the lab has on this machine. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  kind: z.enum(["root", "rootless"]),
  /** Why it is that kind, in words. */
  reason: z.string(),
  phase: z.enum(["creating", "up"]),
  /** The lab's folder: keys, token, inventory, logs. */
  folder: z.string(),
  /** The inventory file that `tyrian run` loads. */
  inventory: z.string(),
  /** The namespace in which the hosts are reached. */
  network: z.strictObject({ namespace: z.string(), rootless: z.boolean() }),
  /** Rootless: the process that holds all of it, and its start time; null for a root lab and until it has started. */
  supervisor: z.strictObject({ pid: z.int(), startTicks: z.string() }).nullable(),
  createdAt: z.string(),
  sensor: sensorStateSchema,
  hosts: z.array(labHostSchema),
});
export type LabState = z.infer<typeof labStateSchema>;

export interface LabOptions {
  /** The state folder; the lab is in its folder `lab`. Default: `stateFolder()`. */
  readonly state?: string;
}

export interface LabUpOptions extends LabOptions {
  /** How many hosts of the profile, 1 to 200. */
  readonly targets: number;
  /** What the hosts are. Default: `linux`. */
  readonly profile?: HostProfile;
  /** User namespaces and strace instead of root and kernel audit. Default: only when the machine allows no more. */
  readonly rootless?: boolean;
  readonly signal?: AbortSignal;
}

/** What is really there, found by asking the kernel and not the state file. */
export interface LabStatus {
  /** `up`: everything is there. `down`: nothing is. `broken`: some of it. */
  readonly phase: "up" | "down" | "broken";
  readonly state: LabState | null;
  readonly hosts: readonly {
    readonly name: string;
    readonly address: string;
    /** Its first process lives and listens on port 22. */
    readonly running: boolean;
    /** Its sensor lives: audit rules in the kernel, or the tracer. */
    readonly observed: boolean;
  }[];
  /** The sensor's daemon (for strace: every tracer) lives. */
  readonly sensorRunning: boolean;
  /** What is wrong, one sentence each; empty when `up` or `down`. */
  readonly problems: readonly string[];
  /** Namespaces, rules, processes and files that exist, for `down` empty. */
  readonly found: {
    readonly processes: readonly number[];
    readonly namespaces: readonly string[];
    readonly rules: readonly string[];
    readonly mounts: readonly string[];
    readonly files: readonly string[];
  };
}

/** How the sensor of a host does, asked of the machine. */
export interface SensorProbe {
  /** Records that the kernel says it lost since it started; 0 for a living tracer, which loses none; null when not known. */
  readonly lost: number | null;
  /** The daemon lives and the host's rules are in the kernel (strace: the tracer lives); null when it cannot be asked. */
  readonly running: boolean | null;
  readonly detail: string;
  /** The audit daemon's process, 0 for none; absent where there is none to have, or it cannot be asked. */
  readonly daemon?: number;
}
