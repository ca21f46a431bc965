/**
 * Every error that a user can meet has a stable code. The table fixes its exit status and what to do about it;
 * the place that throws adds what was wrong and where.
 */

/** Exit statuses of the contract (docs: design, "The contract"). */
export const EXIT = {
  met: 0,
  notMet: 1,
  invalidInput: 2,
  executionFailed: 3,
  undecided: 4,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

interface ErrorKind {
  readonly exit: ExitStatus;
  readonly hint: string;
}

const kinds = {
  // invalid input: nothing was run
  usage: { exit: EXIT.invalidInput, hint: "See `tyrian --help` or `tyrian VERB --help`." },
  "secret-unresolved": {
    exit: EXIT.invalidInput,
    hint: "Give the secret as env:NAME, file:PATH or command:COMMAND, and make sure that it resolves.",
  },
  "file-unreadable": { exit: EXIT.invalidInput, hint: "Check the path and its permissions." },
  "file-too-large": {
    exit: EXIT.invalidInput,
    hint: "Playbooks and rules are small text files; is this the right file?",
  },
  "file-not-text": { exit: EXIT.invalidInput, hint: "Save the file as UTF-8 text." },
  "playbook-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the playbook where it says; with `tyrian schema playbook` an editor checks it while you write.",
  },
  "analytic-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the rule where it says; `tyrian lint RULE` checks it alone.",
  },
  "pipeline-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the processing pipeline where it says. A step that was skipped would change what rules match.",
  },
  "config-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the file, or move it away. Nothing else is read in its place.",
  },
  "bindings-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the bindings where it says; `tyrian schema bindings` describes the file (docs/bindings.md).",
  },
  "push-unsupported": {
    exit: EXIT.invalidInput,
    hint: "`tyrian rule convert` writes the rule in the SIEM's language; install it there by hand (docs/rule-push.md).",
  },
  "rule-not-ours": {
    exit: EXIT.invalidInput,
    hint: "Tyrian changes and removes nothing that does not carry its tag. Look at the rule in the SIEM, and rename or remove it there.",
  },
  "pushed-rules-invalid": {
    exit: EXIT.invalidInput,
    hint: "Restore the file, or move it away and remove the rules that carry Tyrian's tag in the SIEMs by hand.",
  },
  "executions-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the file where it says; `tyrian schema executions` describes Tyrian's own form (docs/verify-from.md).",
  },
  "inventory-invalid": {
    exit: EXIT.invalidInput,
    hint: "Correct the inventory where it says; `tyrian schema inventory` describes the file.",
  },
  "selection-empty": { exit: EXIT.invalidInput, hint: "`tyrian list` shows what there is to select." },
  "run-unknown": {
    exit: EXIT.invalidInput,
    hint: "RUN is a run id, a run folder or `latest`; `tyrian history` lists them. Runs that are kept elsewhere need --out.",
  },
  "journal-invalid": {
    exit: EXIT.invalidInput,
    hint: "`tyrian report RUN` shows what stands before that line. Cleanups cannot be done from it: look at the hosts, or rebuild the lab.",
  },
  "run-owned": {
    exit: EXIT.invalidInput,
    hint: "Wait until that process ends, or end it (`tyrian kill` ends every run); a run has one writer at a time.",
  },
  // safety: refused before anything was run
  "target-out-of-scope": {
    exit: EXIT.invalidInput,
    hint: "Give the host's private address, or take it out of the inventory: no other host is ever acted on.",
  },
  "lab-token-missing": {
    exit: EXIT.executionFailed,
    hint: "If the host is one of this lab, put the lab's token into the file that the inventory's `token.path` names there; if not, take it out of the inventory.",
  },
  "effect-refused": {
    exit: EXIT.invalidInput,
    hint: "Add the effect to `policy.allowEffects` of the inventory if this lab may have it, or leave the procedure out.",
  },
  "lab-mismatch": {
    exit: EXIT.invalidInput,
    hint: "Name the run's own lab with --lab. An embedded lab that was taken down has taken its hosts, and what was on them, with it.",
  },
  "target-dirty": {
    exit: EXIT.executionFailed,
    hint: "An earlier trial's cleanup is not proved; run `tyrian cleanup RUN`.",
  },
  // the machine
  "requirement-missing": {
    exit: EXIT.executionFailed,
    hint: "`tyrian doctor` lists what is missing and the command that installs it.",
  },
  "journal-write-failed": {
    exit: EXIT.executionFailed,
    hint: "Make room on the disk of the runs folder, then run `tyrian cleanup RUN`.",
  },
  "lab-not-up": { exit: EXIT.executionFailed, hint: "`tyrian lab up` starts it." },
  "vagrant-failed": {
    exit: EXIT.executionFailed,
    hint: "`vagrant status` in the folder of the Vagrantfile shows its machines; `vagrant up NAME` starts one.",
  },
  "lab-failed": { exit: EXIT.executionFailed, hint: "`tyrian lab down`, then `tyrian doctor`." },
  "queue-unavailable": {
    exit: EXIT.executionFailed,
    hint: "Set REDIS_URL or install redis-server (`tyrian doctor` names the command).",
  },
  "queue-lost": {
    exit: EXIT.executionFailed,
    hint: "What was running was ended and cleaned up; the rest was not run. Run again.",
  },
  // execution
  "connect-failed": {
    exit: EXIT.executionFailed,
    hint: "Is the host up, and are its address and port in the inventory right?",
  },
  "auth-failed": {
    exit: EXIT.executionFailed,
    hint: "Check the user and the key, agent or password that the inventory names.",
  },
  "device-prompt-unknown": {
    exit: EXIT.executionFailed,
    hint: "Is the `profile` in the inventory the device's, and is the login shell its command line?",
  },
  "host-key-mismatch": {
    exit: EXIT.executionFailed,
    hint: "Find out why the host's key is not the one pinned in the inventory (rebuilt, or not the host that you mean?) before you change `hostKey`.",
  },
  "tls-failed": {
    exit: EXIT.executionFailed,
    hint: "Check the host's certificate, and what the inventory's `tls`, `serverName`, `https` and `port` say of it.",
  },
  "not-winrm": {
    exit: EXIT.executionFailed,
    hint: "Is WinRM enabled there (`winrm enumerate winrm/config/listener` on the host lists its ports), and is the port in the inventory its port?",
  },
  "access-denied": {
    exit: EXIT.executionFailed,
    hint: "The host knows the user and refuses the action: give the user the right to it (for WinRM: Administrators or Remote Management Users; a local administrator other than the built-in one needs LocalAccountTokenFilterPolicy=1).",
  },
  "quota-exceeded": {
    exit: EXIT.executionFailed,
    hint: "End what else runs on the host, or raise its quota (for WinRM: `winrm get winrm/config/winrs`).",
  },
  "command-too-long": {
    exit: EXIT.executionFailed,
    hint: "Put the command's text into a file or give it on standard input.",
  },
  "upload-failed": {
    exit: EXIT.executionFailed,
    hint: "Look at the target's disk, at the rights to the folder, and at what protects the host: a scanner may have taken the file away.",
  },
  disconnected: {
    exit: EXIT.executionFailed,
    hint: "Look at the host and the way to it. What had started is indeterminate, and is never run again by itself.",
  },
  "answer-forged": {
    exit: EXIT.executionFailed,
    hint: "Something on the way to the host changed, repeated or dropped an encrypted answer; the connection is not used any more. What had started is indeterminate.",
  },
  "deadline-exceeded": {
    exit: EXIT.executionFailed,
    hint: "Its processes were killed. If the procedure needs longer, raise its `timeout`.",
  },
  "transport-failed": {
    exit: EXIT.executionFailed,
    hint: "The message says what the transport met; if nothing is wrong with the host, please report it.",
  },
  // the SIEM
  "siem-unreachable": {
    exit: EXIT.undecided,
    hint: "What could not be asked is undecided, not missed. Check the SIEM (the embedded one: the disk of the runs folder) and run again.",
  },
  "announce-failed": {
    exit: EXIT.executionFailed,
    hint: "Make the place reachable, or let runs begin without it: `announce: { need: wanted }` in tyrian.config.yaml (docs/announce.md).",
  },
  "listen-failed": {
    exit: EXIT.executionFailed,
    hint: "Is another program listening there (`ss -ltnp` shows it), and is the address one of this machine?",
  },
  "records-not-stored": {
    exit: EXIT.executionFailed,
    hint: "Make room on the disk of the SIEM's state folder. Senders were not told that anything was stored, and send it again.",
  },
  "siem-auth-failed": {
    exit: EXIT.undecided,
    hint: "Check the SIEM's `auth` in tyrian.config.yaml: whether the secret that it refers to is still valid, and whether its account may do what was refused.",
  },
  "siem-tls-failed": {
    exit: EXIT.undecided,
    hint: "Check the SIEM's certificate (expired? of another host?), and what `url` and `tls` in tyrian.config.yaml say of it. TLS is never left unchecked.",
  },
  "siem-redirected": {
    exit: EXIT.undecided,
    hint: "Redirects are not followed, because the credentials would go along. If the other address is the SIEM's, write it as its `url` in tyrian.config.yaml.",
  },
  "siem-answer-invalid": {
    exit: EXIT.undecided,
    hint: "Is the SIEM's `url` in tyrian.config.yaml that of its API, and not of a proxy, a login page or another product or version?",
  },
  "siem-answer-too-large": {
    exit: EXIT.undecided,
    hint: "Narrow the SIEM's `telemetry` in tyrian.config.yaml (an index of its own, a `filter`) so that a question finds less.",
  },
  "siem-not-found": {
    exit: EXIT.undecided,
    hint: "Check the names of indexes, detectors and rules under the SIEM in tyrian.config.yaml, and whether its account may see them.",
  },
  "siem-query-rejected": {
    exit: EXIT.undecided,
    hint: "The SIEM says why. Check its `telemetry` in tyrian.config.yaml; if nothing is wrong there, please report it with the SIEM's version.",
  },
  "siem-version-unsupported": {
    exit: EXIT.undecided,
    hint: "Name a SIEM of a version that docs/connectors.md says is supported.",
  },
  "siem-rate-limited": {
    exit: EXIT.undecided,
    hint: "Lower `questionsPerMinute` of the SIEM in tyrian.config.yaml, or raise its account's quota, and ask again: `tyrian verify RUN`.",
  },
  // the rest
  interrupted: { exit: EXIT.interrupted, hint: "Cleanups were done; `tyrian cleanup RUN` repeats them." },
  internal: {
    exit: EXIT.executionFailed,
    hint: "This is a defect of Tyrian; please report it with the run folder and what TYRIAN_DEBUG=1 prints.",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof kinds;

/** Where in a file something is wrong. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One finding about an input file; what `lint` prints and what `lint --json` lists. */
export interface Diagnostic extends Position {
  readonly severity: "error" | "warning";
  /** A stable, hyphenated name of the kind of problem, such as `unknown-key`. */
  readonly code: string;
  /** What was wrong and what was expected. */
  readonly message: string;
  /** What to do, or a suggestion such as `did you mean "proof"?`; empty when there is none. */
  readonly hint: string;
}

export interface TyrianErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/** The only error class that leaves a module. Anything else that reaches the CLI is reported as `internal`. */
export class TyrianError extends Error {
  readonly code: ErrorCode;
  readonly exit: ExitStatus;
  /** What the user can do about it. */
  readonly hint: string;
  /** Findings with positions, for errors about input files. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, options: TyrianErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TyrianError";
    this.code = code;
    this.exit = kinds[code].exit;
    this.hint = options.hint ?? kinds[code].hint;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** The codes with their exit status and hint, for the generated reference page. */
export function errorTable(): { code: string; exit: ExitStatus; hint: string }[] {
  return Object.entries(kinds).map(([code, kind]) => ({ code, ...kind }));
}

/** What to do about a code; null for a word that is none of the table. */
export function hintOf(code: string): string | null {
  return Object.hasOwn(kinds, code) ? kinds[code as ErrorCode].hint : null;
}

/** The text of anything thrown, for messages; never a stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
