import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { EnginePorts } from "../../src/engine/ports.js";
import { WithheldTargets } from "../../src/engine/withheld.js";
import type { JournalEntry } from "../../src/model/journal-event.js";
import { type Target, targetSchema } from "../../src/model/target.js";
import type { Act, Trial } from "../../src/model/trial.js";
import { trialId, workFolder } from "../../src/plan/identity.js";
import { createLocalTransport } from "../../src/transport/local.js";
import type { ExecOptions, ExecResult, Session } from "../../src/transport/transport.js";
import { trialOf } from "../verify/builders.js";

/** This machine as a target: real processes of a real /bin/sh. */
export const here: Target = targetSchema.parse({
  name: "here",
  platform: "linux",
  sensor: { type: "none" },
  transport: { type: "local" },
});

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** What is on disk already. */
export const armed = Promise.resolve();

const works: string[] = [];

/**
 * A trial with an id and a work folder of its own, which `tidy` removes, whose shell code prints `done` when it did its work.
 */
export function shellTrial(
  code: string,
  over: Omit<Partial<Trial>, "act"> & { act?: Partial<Act> } = {},
): Trial {
  const run = `test-${randomBytes(6).toString("hex")}`;
  const id = trialId(run, 1);
  const act: Act = { program: "sh", options: [], via: "argument", code, files: [], timeoutMs: 20_000 };
  const trial = trialOf({
    ...{ id, run, target: here.name, work: workFolder(id) },
    proof: { exitCode: 0, stdout: { contains: "done" } },
    ...over,
    act: { ...act, ...over.act },
  });
  works.push(trial.work);
  return trial;
}

/** A session with a real /bin/sh. */
export async function shell(): Promise<Session> {
  return await createLocalTransport().connect(here, { deadlineMs: 1_000 });
}

/** One command that a scripted session was given, and what it may answer. */
export interface Command {
  readonly script: string;
  readonly options: ExecOptions;
  /** Reports a word as the script would. */
  say(word: string): void;
  /** Writes on standard error as the procedure would. */
  write(text: string): void;
}

/**
 * A session that answers what the test says, for what no real shell does on demand: a connection that is lost at a chosen
 * moment, a shell that dies. A command exits with 0 unless the answer says otherwise.
 */
export function scripted(
  answer: (command: Command) => Partial<ExecResult> | Promise<Partial<ExecResult>>,
): Session {
  return {
    target: here.name,
    remote: false,
    ownLogin: true,
    open: true,
    close: () => Promise.resolve(),
    exec: async (_command, options) => {
      const script =
        options.stdin instanceof Readable ? await text(options.stdin) : String(options.stdin ?? "");
      const nonce = /tyrian-[0-9a-f]{24}/.exec(script)?.[0] ?? "";
      let stderr = "";
      const write = (text: string): void => {
        stderr += text;
        options.onOutput?.("stderr", Buffer.from(text));
      };
      const began = Date.now();
      const answered = await answer({
        ...{ script, options, write },
        say: (word) => write(`\n${nonce} ${word}\n`),
      });
      return {
        ...{ ending: "exited", exitCode: 0, signal: null, stdout: "", stderr },
        ...{ truncated: { stdout: false, stderr: false }, evidenceFiles: [] },
        ...{ startedAt: began, endedAt: Date.now(), durationMs: 1 },
        ...answered,
      };
    },
  };
}

/** Which of the engine's scripts a command is. */
export function isAct(command: Command): boolean {
  return command.script.includes("tyrian-sentinel begin");
}

/** The engine's ports: a real shell and real marks, and a journal that is a list. */
export interface Workbench {
  readonly folder: string;
  readonly entries: JournalEntry[];
  readonly ports: EnginePorts;
  types(): string[];
}

const folders: string[] = [];

/** @param over ports of the test's own. @param onEntry is told of each entry before it is written; what it throws is a journal that cannot be written. */
export function workbench(
  over: Partial<EnginePorts> = {},
  onEntry: (entry: JournalEntry) => void = () => undefined,
): Workbench {
  const folder = freshFolder();
  const entries: JournalEntry[] = [];
  const ports: EnginePorts = {
    journal: async (entry) => {
      onEntry(entry);
      await sleep(1);
      entries.push(entry);
    },
    acquire: shell,
    renew: () => Promise.resolve(),
    lostRecords: () => Promise.resolve(0),
    withheld: new WithheldTargets(join(folder, "withheld"), "lab"),
    runFolder: join(folder, "run"),
    ...over,
  };
  return { folder, entries, ports, types: () => entries.map(({ type }) => type) };
}

/** A folder that `tidy` removes. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tyrian-engine-"));
  folders.push(folder);
  return folder;
}

/** For `afterEach`: removes the test's folders, and what its trials left of theirs. */
export function tidy(): void {
  for (const folder of [...folders.splice(0), ...works.splice(0)])
    rmSync(folder, { recursive: true, force: true });
}

/** Live processes that carry a trial's marker: an observer that shares nothing with the scripts. */
export function processesOf(trial: Trial): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`TYRIAN_TRIAL=${trial.id}.`);
    } catch {
      return false;
    }
  });
}
