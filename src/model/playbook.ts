import { z } from "zod";
import { platformSchema } from "./target.js";
import { detectionOutcomeSchema, executionStatusSchema, tierSchema } from "./verdict.js";

const id = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "expected lower-case letters, digits, dots and hyphens");

/**
 * What a procedure does to its target beyond starting an interpreter and printing. Lint refuses what is not declared,
 * and the lab's policy refuses what is declared but not allowed there.
 */
export const effectSchema = z.enum([
  /** files inside the trial's own work folder */
  "work-folder",
  /** files anywhere else */
  "outside-work-folder",
  /** any socket that leaves the process, loopback included */
  "network",
  /** reads of credentials, keys, password files, histories */
  "credentials",
  /** anything that would run again later: cron, units, profiles, login scripts */
  "persistence",
  /** deletion or change of what the trial did not create, process killing, power, mounts, users */
  "destructive",
  /** a process that outlives its parent for a moment (daemon, setsid, nohup); the sweep ends it */
  "background-process",
  /** code handed to an interpreter that lint cannot read because it is computed when it runs */
  "computed-code",
  /** a program, module, cmdlet or object that lint does not know by its name */
  "unknown-command",
  /** reads a network device's configuration, which may hold hashes of its secrets; they are then in the results */
  "configuration-read",
  /** changes a network device's running configuration, which the cleanup undoes; nothing is saved */
  "configuration-change",
  /** asks the API of a lab's own cloud account what is there, and changes nothing */
  "cloud-read",
  /** makes and deletes objects of its own in a lab's cloud account, through its API; the cleanup undoes it */
  "cloud-change",
  /** starts, pauses or stops a domain of the lab's own on a hypervisor, which the cleanup undoes; nothing is in it */
  "lab-domain",
]);
export type Effect = z.infer<typeof effectSchema>;

/** How the code reaches the interpreter; it decides which command line a rule sees. `encoded` is PowerShell's -EncodedCommand. */
export const viaSchema = z.enum(["argument", "stdin", "file", "encoded"]);
export type Via = z.infer<typeof viaSchema>;

export const interpreterSchema = z.strictObject({
  /** A program by name (bash, python3) or absolute path. A list makes one variant for each. */
  program: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  via: viaSchema,
  /** Options before the code, such as `-E`. */
  options: z.array(z.string()).default([]),
  /** The extension of the script file, where the program goes by it: cscript and wscript (`vbs` or `js`), cmd (`cmd` or `bat`). */
  extension: z
    .string()
    .regex(/^[a-z0-9]{1,8}$/, "expected an extension such as vbs, without its dot")
    .optional(),
});
export type Interpreter = z.infer<typeof interpreterSchema>;

export const argumentSchema = z.strictObject({
  type: z.enum(["string", "integer"]),
  default: z.union([z.string(), z.number()]),
  description: z.string().default(""),
  choices: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional(),
  /** A regular expression that a string must match whole. */
  pattern: z.string().optional(),
});
export type Argument = z.infer<typeof argumentSchema>;

/** A check of text. All keys that are given must hold. `matches` is a JavaScript regular expression with the flag m. */
export const textCheckSchema = z
  .strictObject({
    equals: z.string().optional(),
    contains: z.string().min(1).optional(),
    matches: z.string().min(1).optional(),
  })
  .refine(
    (check) => Object.values(check).some((value) => value !== undefined),
    "expected equals, contains or matches",
  );
export type TextCheck = z.infer<typeof textCheckSchema>;

/**
 * Positive evidence that the procedure did its work. An exit status alone is no evidence: at least one text is
 * compared. `command` runs on the target after the act (it earns no detection credit).
 */
export const proofSchema = z
  .strictObject({
    exitCode: z.int().min(0).max(255).default(0),
    stdout: textCheckSchema.optional(),
    stderr: textCheckSchema.optional(),
    command: z.strictObject({ run: z.string().min(1), stdout: textCheckSchema }).optional(),
  })
  .refine(
    (proof) => proof.stdout !== undefined || proof.stderr !== undefined || proof.command !== undefined,
    "a proof compares at least one text (stdout, stderr or command): an exit status alone proves nothing",
  );
export type Proof = z.infer<typeof proofSchema>;

export const cleanupSchema = z.union([
  z.literal("none"),
  z.strictObject({
    /** Commands (/bin/sh; on Windows a batch script for cmd.exe) that undo the effects; run always, also after a failure, and again until the probe is met. */
    run: z.string().min(1),
    /** A command (/bin/sh; on Windows a batch script) that exits 0 when the target is clean and 1 when it is not. It must be able to fail. */
    probe: z.string().min(1),
  }),
]);
export type Cleanup = z.infer<typeof cleanupSchema>;

export const requirementSchema = z.strictObject({
  /** A command (/bin/sh; on Windows a batch script) that exits 0 when the requirement is met. */
  check: z.string().min(1),
  description: z.string().default(""),
});
export type Requirement = z.infer<typeof requirementSchema>;

export const expectationSchema = z.strictObject({
  /** Path of the rule, relative to the playbook; `FILE#ID` is one rule of a file that holds several. */
  analytic: z.string().min(1),
  outcome: detectionOutcomeSchema.default("detected"),
  execution: executionStatusSchema.default("ran"),
  tier: tierSchema.optional(),
  /** For an expected miss: why it is expected; shown beside the verdict. */
  because: z.string().optional(),
  /** A mitigation: on a target that declares this control the trial is to be `prevented`, and by nothing else. */
  preventedBy: z
    .strictObject({
      /** The id of a control of the inventory. */
      control: z.string().min(1),
      outcome: detectionOutcomeSchema.default("undecided"),
    })
    .optional(),
});
export type Expectation = z.infer<typeof expectationSchema>;

export const fileSchema = z.strictObject({
  /** A name inside the trial's work folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "expected a plain file name"),
  content: z.string(),
  executable: z.boolean().default(false),
});

const actionShape = {
  interpreter: interpreterSchema,
  /** The code. `{{name}}` is an argument, quoted for the interpreter; `{{work}}` is the trial's work folder. */
  run: z.string().min(1),
  /** Files put into the work folder before the act (their making earns no credit). */
  files: z.array(fileSchema).default([]),
  effects: z.array(effectSchema),
  /** Seconds after which the procedure's processes are ended and the trial is `failed`. A try of its cleanup has as long, and 30 s at least. */
  timeout: z.number().positive().max(3600).default(30),
  proof: proofSchema,
  cleanup: cleanupSchema,
};

/** A near-identical harmless control for which the analytic must stay silent. What it leaves out it takes from its procedure. */
export const twinSchema = z.strictObject({
  name: z.string().min(1),
  interpreter: interpreterSchema.optional(),
  run: z.string().min(1),
  files: z.array(fileSchema).optional(),
  effects: z.array(effectSchema).optional(),
  timeout: z.number().positive().max(3600).optional(),
  proof: proofSchema,
  cleanup: cleanupSchema.optional(),
});
export type Twin = z.infer<typeof twinSchema>;

export const procedureSchema = z.strictObject({
  id,
  /** Stable, for VECTR and for history. */
  guid: z.guid(),
  name: z.string().min(1),
  description: z.string().default(""),
  platforms: z.array(platformSchema).min(1),
  tags: z.array(z.string()).default([]),
  arguments: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), argumentSchema).default({}),
  variants: z
    .array(z.record(z.string(), z.union([z.string(), z.number()])))
    .min(1)
    .default([{}]),
  requires: z.array(requirementSchema).default([]),
  ...actionShape,
  expect: z.array(expectationSchema).min(1),
  twin: twinSchema.optional(),
});
export type Procedure = z.infer<typeof procedureSchema>;

export const playbookSchema = z.strictObject({
  id,
  technique: z.string().regex(/^T\d{4}(\.\d{3})?$/, "expected an ATT&CK id such as T1059.004"),
  name: z.string().min(1),
  description: z.string().default(""),
  procedures: z.array(procedureSchema).min(1),
});

/** A playbook file's content, as written. */
export type PlaybookDocument = z.infer<typeof playbookSchema>;

/** A playbook that was loaded: what it says, where it came from, and the texts of its analytics. */
export interface Playbook extends PlaybookDocument {
  readonly file: string;
  /** sha256 of the file, hex. */
  readonly hash: string;
}
