import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { z } from "zod";
import { TyrianError, messageOf } from "../errors.js";
import { findInFolders, isVersionWithin, systemFolders, versionIn } from "./doctor/programs.js";
import {
  probeAudit,
  probeContainers,
  probeOverlay,
  probePowerShell,
  probeQueue,
  probeUserNamespaces,
  readCapabilities,
  type AuditFinding,
  type Finding,
  type QueueFinding,
} from "./doctor/probes.js";
import { run } from "./embedded/commands.js";

const VERSION_DEADLINE_MS = 5_000;

/** The file that the set-up of `npm run demo` and `npm test` reads too. Seen from src/lab and from dist/lab alike. */
const requirementsFile = new URL("../../lab/setup/requirements.json", import.meta.url);
const packageFile = new URL("../../package.json", import.meta.url);

const allPurposes = [
  "demo",
  "test",
  "lab",
  "rootless",
  "windows-wine",
  "network",
  "cloud",
  "hypervisor",
] as const;
type Purpose = (typeof allPurposes)[number];

const requirementSchema = z.strictObject({
  program: z.string(),
  alternatives: z.array(z.string()),
  package: z.string().nullable(),
  why: z.string(),
  neededFor: z.array(z.enum(allPurposes)),
  replacedBy: z.string().nullable(),
  searchedOn: z.enum(["machine", "system"]),
  versionArguments: z.array(z.string()).nullable(),
  services: z.array(z.string()),
});
type Requirement = z.infer<typeof requirementSchema>;

/** One program that Tyrian needs, as found on this machine. */
export interface RequirementFinding {
  readonly program: string;
  /** Debian's package that brings it; null for Node itself. */
  readonly package: string | null;
  readonly why: string;
  readonly neededFor: readonly Purpose[];
  /** It is started on the lab's hosts: without it some procedures are skipped, and the lab still works. */
  readonly interpreter: boolean;
  /** Whether it is needed by this user on this machine: an auditd is not, where only a rootless lab is possible. */
  readonly needed: boolean;
  /** Where it is (the program itself, or one that does as well); null when it is missing. */
  readonly path: string | null;
  /** Null when it is missing or does not tell. */
  readonly version: string | null;
  /** Where the user's own PATH has one that the lab's hosts cannot see; null otherwise. */
  readonly unusable: string | null;
}

/** What this machine has, what it lacks, and what to do about it. */
export interface DoctorReport {
  /** Everything that a run on the embedded lab needs is here. */
  readonly ready: boolean;
  readonly node: { readonly version: string; readonly range: string; readonly ok: boolean };
  readonly user: {
    readonly name: string;
    readonly root: boolean;
    /** The effective capabilities among those that a lab uses. */
    readonly capabilities: readonly string[];
  };
  readonly requirements: readonly RequirementFinding[];
  readonly audit: AuditFinding;
  readonly overlay: Finding;
  readonly userNamespaces: Finding;
  readonly queue: QueueFinding;
  /** What the procedures that start containers need; without it they are skipped. */
  readonly containers: Finding;
  /** What targets of the `powershell` transport need; the embedded lab has none. */
  readonly powershell: Finding;
  /** Which embedded lab `tyrian lab up` can make here; null when none. */
  readonly lab: { readonly kind: "root" | "rootless" | null; readonly reason: string };
  /** The one command that installs what is missing; null when nothing is, or no package would help. */
  readonly installCommand: string | null;
}

export interface DoctorOptions {
  /** Default: `process.env`. PATH and REDIS_URL are read. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Where programs are for every user; tests give a folder of their own. */
  readonly systemFolders?: readonly string[];
}

/**
 * Looks at this machine: Node, programs, rights, kernel, queue. Takes about a second, changes nothing that outlives it.
 * @throws TyrianError `file-unreadable` when the list of requirements is not where the installation has it.
 */
export async function examineMachine(options: DoctorOptions = {}): Promise<DoctorReport> {
  const environment = options.environment ?? process.env;
  const system = options.systemFolders ?? systemFolders;
  const own = (environment["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const machine = [...own, ...system];
  const requirements = await readJson(
    requirementsFile,
    z.object({ requirements: z.array(requirementSchema) }),
  );
  const engines = await readJson(packageFile, z.object({ engines: z.object({ node: z.string() }) }));
  const root = process.getuid?.() === 0;

  const folders = { machine, system };
  const [found, audit, overlay, userNamespaces, queue, containers, capabilities] = await Promise.all([
    Promise.all(requirements.requirements.map((requirement) => lookFor(requirement, folders))),
    probeAudit(),
    probeOverlay(root),
    probeUserNamespaces(),
    probeQueue(
      environment["REDIS_URL"],
      findInFolders("redis-server", machine) ?? findInFolders("valkey-server", machine),
    ),
    probeContainers(root, system),
    readCapabilities(),
  ]);

  const lab = chooseLab({ root, audit, overlay, userNamespaces, found });
  const purposes = new Set<string>(["demo", "test", lab.kind === "rootless" || !root ? "rootless" : "lab"]);
  const findings = found.map(({ replacedBy, ...finding }) => ({
    ...finding,
    needed:
      finding.neededFor.some((purpose) => purposes.has(purpose)) &&
      !(replacedBy !== null && environment[replacedBy]),
  }));
  const missing = findings.filter(({ needed, path }) => needed && path === null);
  const packages = [
    ...new Set(missing.flatMap((finding) => (finding.package === null ? [] : [finding.package]))),
  ];
  const node = {
    version: process.version,
    range: engines.engines.node,
    ok: isVersionWithin(process.version, engines.engines.node),
  };
  return {
    ready: node.ok && packages.length === 0 && queue.usable === true && lab.kind !== null,
    node,
    user: { name: userName(), root, capabilities },
    requirements: findings,
    audit,
    overlay,
    userNamespaces,
    queue,
    containers,
    powershell: probePowerShell(environment["PATH"]),
    lab,
    installCommand:
      packages.length === 0
        ? null
        : `${root ? "" : "sudo "}apt-get install -y --no-install-recommends ${packages.join(" ")}`,
  };
}

/** A finding before it is known which lab can be made, and so whether it is needed. */
type Candidate = Omit<RequirementFinding, "needed"> & { readonly replacedBy: string | null };

async function lookFor(
  requirement: Requirement,
  folders: { machine: readonly string[]; system: readonly string[] },
): Promise<Candidate> {
  const names = [requirement.program, ...requirement.alternatives];
  const firstIn = (where: readonly string[]): string | null =>
    names.map((name) => findInFolders(name, where)).find((path) => path !== null) ?? null;
  const path = firstIn(folders[requirement.searchedOn]);
  let version: string | null = null;
  if (path !== null && requirement.versionArguments !== null) {
    const answer = await run(path, requirement.versionArguments, { deadlineMs: VERSION_DEADLINE_MS });
    version = versionIn(`${answer.stdout}\n${answer.stderr}`);
  }
  const unusable = path === null && requirement.searchedOn === "system" ? firstIn(folders.machine) : null;
  const { program, package: name, why, neededFor, replacedBy } = requirement;
  const interpreter = requirement.searchedOn === "system";
  return { program, package: name, why, neededFor, replacedBy, interpreter, path, version, unusable };
}

/** As `labUp` chooses: kernel audit where it can be used, else user namespaces and strace. Then whether that can be made. */
function chooseLab(machine: {
  root: boolean;
  audit: AuditFinding;
  overlay: Finding;
  userNamespaces: Finding;
  found: readonly Candidate[];
}): DoctorReport["lab"] {
  const { root, audit, overlay, userNamespaces, found } = machine;
  const lacking = (purpose: "lab" | "rootless"): string =>
    found
      .filter(
        ({ neededFor, path, interpreter }) => neededFor.includes(purpose) && path === null && !interpreter,
      )
      .map(({ program }) => program)
      .join(", ");
  const missing = lacking(root ? "lab" : "rootless");
  if (missing !== "") return { kind: null, reason: `missing: ${missing}` };
  if (audit.usable === true) {
    if (overlay.usable === false) return { kind: null, reason: overlay.detail };
    return { kind: "root", reason: "root, and the kernel's audit can be used" };
  }
  if (userNamespaces.usable !== true)
    return { kind: null, reason: `${audit.detail}; and ${userNamespaces.detail}` };
  return { kind: "rootless", reason: `${audit.detail}; user namespaces and strace can be used` };
}

/** A name for the user; a uid without an entry in /etc/passwd has none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

async function readJson<T>(file: URL, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (thrown) {
    throw new TyrianError("file-unreadable", `${file.pathname}: ${messageOf(thrown)}`, {
      cause: thrown,
      hint: "The installation is not complete: clone it again.",
    });
  }
}
