import { SENTINEL_WORD } from "../../src/model/event.js";
import type { HostEvent } from "../../src/model/event.js";
import type { Part } from "./model.js";
import type { Random } from "./random.js";

/** What a process was, before its host numbered and stamped it. */
export interface Draft {
  readonly at: number;
  readonly part: Part;
  readonly trial: string | null;
  readonly session: string | null;
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
  readonly parent: string;
  readonly user: string;
  readonly secondChannel: boolean;
  /** The path that the kernel refused; null for an exec. */
  readonly refused: string | null;
  /** What the scenario does to it on the way. */
  readonly slowBy: number;
  readonly lost: boolean;
}

/** The login session of another run of Tyrian, on every host. */
export const OTHER_RUN = "8";

/** A host's clock against ours. */
export interface HostClock {
  readonly offsetMs: number;
  readonly driftPpm: number;
}

/** What happens on one host, in any order until it is numbered. */
export class Timeline {
  readonly drafts: Draft[] = [];
  readonly #random: Random;
  #pid: number;

  constructor(random: Random) {
    this.#random = random;
    this.#pid = random.integer(500, 30_000);
  }

  /** Process numbers rise by small steps and begin again: they are used more than once. */
  pid(): number {
    this.#pid += this.#random.integer(1, 40);
    if (this.#pid > 32_768) this.#pid = 500 + (this.#pid % 100);
    return this.#pid;
  }

  add(draft: Partial<Draft> & Pick<Draft, "at" | "argv">): Draft {
    const whole: Draft = {
      part: "background",
      trial: null,
      session: null,
      pid: draft.pid ?? this.pid(),
      ppid: 1,
      parent: "/usr/bin/bash",
      user: "lab",
      secondChannel: false,
      refused: null,
      slowBy: 0,
      lost: false,
      ...draft,
    };
    this.drafts.push(whole);
    return whole;
  }

  sentinel(edge: "begin" | "end", trial: string, draft: Partial<Draft> & Pick<Draft, "at">): Draft {
    return this.add({ argv: ["/bin/true", SENTINEL_WORD, edge, trial], parent: "/usr/bin/dash", ...draft });
  }
}

export function hostTime({ offsetMs, driftPpm }: HostClock, start: number, at: number): number {
  return at + offsetMs + ((at - start) * driftPpm) / 1e6;
}

/**
 * The sensor's record of a draft.
 * @param sequence the number of the record on its channel; NaN when it never got one
 */
export function recordOf(
  draft: Draft,
  host: string,
  time: number,
  sequence: number,
): Omit<HostEvent, "ingestedAt"> {
  const sensor = draft.secondChannel ? "laurel" : "auditd";
  const stamp = (Math.floor(time / 4) * 4) / 1000;
  const program = draft.argv[0] ?? "";
  const image = program.startsWith("/") ? program : `/usr/bin/${program}`;
  const common = { User: draft.user, ParentImage: draft.parent, ProcessId: draft.pid };
  const base = {
    id: `${host}/${sensor}/${stamp.toFixed(3)}:${sequence}`,
    host,
    sensor,
    time: Math.floor(time / 4) * 4,
    sequence,
    session: draft.session,
    pid: draft.pid,
    ppid: draft.ppid,
    original: null,
  } as const;
  if (draft.refused !== null) {
    return {
      ...base,
      kind: "exec-refused",
      logsource: { product: "linux", service: "auditd" },
      argv: [],
      error: "EACCES",
      fields: { ...common, TargetFilename: draft.refused },
    };
  }
  return {
    ...base,
    kind: "exec",
    logsource: draft.secondChannel
      ? { product: "linux", service: "shell" }
      : { product: "linux", category: "process_creation", service: "auditd" },
    argv: [...draft.argv],
    error: null,
    fields: { ...common, Image: image, CommandLine: draft.argv.join(" ") },
  };
}
