import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ExecOptions, ExecResult, Session } from "../../src/transport/transport.js";
import { skippedFor } from "../skipped.js";
import { isAlive } from "../transport/sshd.js";

/** One transport under test, with a POSIX shell at its other end on this machine. */
export interface TransportUnderTest {
  readonly name: string;
  /** Why the suite cannot run here; null when it can. */
  readonly skip: string | null;
  /** Why single tests do not apply; absent: they do. */
  readonly notApplicable?: {
    readonly pty?: string;
    readonly lose?: string;
    readonly signals?: string;
    /** What a command can do when it is told to end. */
    readonly grace?: string;
    readonly longCommands?: string;
    /** Ending what a command has started. */
    readonly processGroups?: string;
    /** Refusing a terminal. */
    readonly ptyRefusal?: string;
  };
  setUp(): Promise<void>;
  connect(): Promise<Session>;
  /** Cuts the session's connection from outside. */
  lose?(session: Session): Promise<void>;
  tearDown(): Promise<void>;
}

/** Milliseconds that a command may take which ends by itself. None here outlasts it unless it is ended: so nothing else is timed. */
const DEADLINE = 60_000;
/** Milliseconds of a deadline that is meant to pass: the first that leaves a command time to speak, however loaded the machine is. */
const SHORT_DEADLINES = [1_000, 5_000, 20_000] as const;

/** The transport may have ended it already. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "ESRCH") throw thrown;
  }
}

/** What every transport promises (src/transport/transport.ts), in one suite. */
export function transportContract(subject: TransportUnderTest): void {
  const { notApplicable = {} } = subject;
  describe(`the ${subject.name} transport`, { ...skippedFor(subject.skip), timeout: 2 * DEADLINE }, () => {
    let session: Session;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "tyrian-contract-"));
      await subject.setUp();
      session = await subject.connect();
    });

    afterAll(async () => {
      await session?.close();
      await subject.tearDown();
      rmSync(folder, { recursive: true, force: true });
    });

    const run = (command: string, options: Partial<ExecOptions> = {}): Promise<ExecResult> =>
      session.exec(command, { deadlineMs: DEADLINE, ...options });

    /** Runs a command into its deadline, once it has said what it says before it waits. */
    const runIntoDeadline = async (command: string, said: RegExp): Promise<ExecResult> => {
      for (const deadlineMs of SHORT_DEADLINES) {
        const result = await run(command, { deadlineMs });
        expect(result).toMatchObject({ ending: "deadline", exitCode: null, signal: null });
        expect(result.durationMs).toBeGreaterThan(deadlineMs - 50);
        if (said.test(result.stdout)) return result;
      }
      throw new Error(`the command had no time to start: ${command}`);
    };

    /** Signals are on their way for a moment; nothing here ends by itself meanwhile. */
    const expectEnded = (pids: readonly number[]): Promise<void> =>
      vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 20_000 });

    test.each([0, 1, 2, 127, 255])("reports the exit code %i", async (code) => {
      const result = await run(`exit ${code}`);
      expect(result).toMatchObject({
        ending: "exited",
        exitCode: code,
        signal: null,
        stdout: "",
        stderr: "",
      });
    });

    test("reads its input from a stream, until that ends", async () => {
      const input = new PassThrough();
      const heard: string[] = [];
      const running = run("while read -r word; do echo heard $word; done; echo over", {
        stdin: input,
        onOutput: (_stream, chunk) => {
          heard.push(String(chunk));
          if (heard.join("") === "heard one\n") input.end("two\n");
        },
      });
      input.write("one\n");
      expect(await running).toMatchObject({ ending: "exited", stdout: "heard one\nheard two\nover\n" });
    });

    test("ends a command's input when its stream breaks", async () => {
      const input = new PassThrough();
      const running = run("echo begun; cat; echo over", {
        stdin: input,
        onOutput: () => input.destroy(new Error("it broke")),
      });
      expect(await running).toMatchObject({ ending: "exited", stdout: "begun\nover\n" });
    });

    test("reports a command that wrote nothing as such, with times", async () => {
      const before = Date.now();
      const result = await run("true", { evidencePrefix: join(folder, "empty") });
      expect(result).toMatchObject({ stdout: "", stderr: "", evidenceFiles: [] });
      expect(result.truncated).toEqual({ stdout: false, stderr: false });
      expect(result.startedAt).toBeGreaterThanOrEqual(before);
      expect(result.endedAt).toBeGreaterThanOrEqual(result.startedAt);
      expect(result.durationMs).toBeGreaterThan(0);
      expect(result.durationMs).toBeLessThan(Date.now() - before + 50);
    });

    test("keeps both streams apart and delivers the pieces as they come", async () => {
      const pieces: string[] = [];
      const input = new PassThrough();
      // Each piece is answered, and the next one waits for that.
      const result = await run("for i in 1 2 3; do echo out$i; read -r _; echo err$i >&2; read -r _; done", {
        stdin: input,
        onOutput: (stream, chunk) => {
          pieces.push(`${stream}:${Buffer.from(chunk).toString().trim()}`);
          input.write("on\n");
        },
      });
      input.end();
      expect(result.stdout).toBe("out1\nout2\nout3\n");
      expect(result.stderr).toBe("err1\nerr2\nerr3\n");
      expect(pieces).toEqual([
        "stdout:out1",
        "stderr:err1",
        "stdout:out2",
        "stderr:err2",
        "stdout:out3",
        "stderr:err3",
      ]);
    });

    test("reports what the listener of the output throws, and goes on working", async () => {
      const failing = run("echo one; echo two", {
        onOutput: () => {
          throw new Error("listener broke");
        },
      });
      await expect(failing).rejects.toMatchObject({
        code: "internal",
        message: expect.stringContaining("listener broke"),
      });
      expect((await run("echo on")).stdout).toBe("on\n");
    });

    test("writes standard input and closes it", async () => {
      expect((await run("cat; echo end", { stdin: "one\ntwo" })).stdout).toBe("one\ntwoend\n");
      expect((await run("wc -c")).stdout.trim()).toBe("0");
    });

    test("writes 1 MB of binary standard input unchanged", async () => {
      const input = Buffer.alloc(
        1024 * 1024,
        Uint8Array.from({ length: 251 }, (_unused, index) => index),
      );
      const prefix = join(folder, "input");
      const result = await run("cat", { stdin: input, capBytes: 10, evidencePrefix: prefix });
      expect(result.exitCode).toBe(0);
      expect(readFileSync(`${prefix}.stdout`).equals(input)).toBe(true);
    });

    test("takes no harm from a command that does not read its standard input", async () => {
      const result = await run("exec 0<&-; sleep 0.2; echo done", {
        stdin: Buffer.alloc(4 * 1024 * 1024, "x"),
      });
      expect(result).toMatchObject({ ending: "exited", exitCode: 0, stdout: "done\n" });
    });

    test("keeps 5 MB whole in the evidence file and the first bytes in the result", async () => {
      const prefix = join(folder, "deep", "large");
      const result = await run("seq 1 750000; echo short >&2", { capBytes: 1000, evidencePrefix: prefix });
      const whole = Array.from({ length: 750_000 }, (_unused, index) => `${index + 1}\n`).join("");
      expect(whole.length).toBeGreaterThan(5_000_000);
      expect(result.stdout).toBe(whole.slice(0, 1000));
      expect(result.stderr).toBe("short\n");
      expect(result.truncated).toEqual({ stdout: true, stderr: false });
      expect(result.evidenceFiles).toEqual([`${prefix}.stdout`]);
      expect(readFileSync(`${prefix}.stdout`, "latin1") === whole).toBe(true);
      const modes = [dirname(prefix), `${prefix}.stdout`].map((path) => statSync(path).mode & 0o777);
      expect(modes, "hosts' output is for the one who ran it").toEqual([0o700, 0o600]);
    });

    test("cuts at exactly the cap, and makes no file when the output just fits", async () => {
      const prefix = join(folder, "fits");
      const fits = await run("printf 12345", { capBytes: 5, evidencePrefix: prefix });
      expect(fits).toMatchObject({ stdout: "12345", truncated: { stdout: false }, evidenceFiles: [] });
      const cut = await run("printf 123456", { capBytes: 5 });
      expect(cut).toMatchObject({ stdout: "12345", truncated: { stdout: true }, evidenceFiles: [] });
    });

    test("replaces invalid UTF-8, and drops a character that the cap has cut", async () => {
      expect((await run("printf 'a\\377b'")).stdout).toBe("a\ufffdb");
      expect((await run("printf 'a\\303\\244b'", { capBytes: 2 })).stdout).toBe("a");
      expect((await run("printf 'a\\303\\244b'", { capBytes: 3 })).stdout).toBe("aä");
    });

    const noGroups = notApplicable.processGroups;
    // They mostly wait: beside each other on the one session.
    test.concurrent(
      "ends the whole process group at the deadline, also what ignores TERM",
      async ({ skip }) => {
        skip(noGroups !== undefined, noGroups);
        const command = "trap '' TERM; sh -c 'while :; do sleep 0.1; done' & echo $$ $!; wait; sleep 600";
        const result = await runIntoDeadline(command, /^\d+ \d+\n$/);
        await expectEnded(result.stdout.trim().split(" ").map(Number));
      },
    );

    const noGrace = notApplicable.grace ?? noGroups;
    // The grace is half a second by the clock, in which a loaded machine may not come round to the command.
    const patiently = { retry: 3 };
    test.concurrent("lets a command clean up on TERM and keeps what it says", patiently, async ({ skip }) => {
      skip(noGrace !== undefined, noGrace);
      const command = "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
      expect((await runIntoDeadline(command, /ready\n/)).stdout).toBe("ready\ncleaned\n");
    });

    test.concurrent("ends the process group when aborted, and no other command", async ({ skip }) => {
      skip(noGroups !== undefined, noGroups);
      const controller = new AbortController();
      const others = [new PassThrough(), new PassThrough()].map((stdin) => ({
        stdin,
        running: run("echo begun; read -r word; echo $word", { stdin }),
      }));
      const aborted = run("sleep 600 & echo $$ $!; wait", {
        signal: controller.signal,
        onOutput: () => controller.abort(),
      });
      const result = await aborted;
      expect(result).toMatchObject({ ending: "aborted", exitCode: null });
      const pids = result.stdout.trim().split(" ").map(Number);
      expect(pids).toHaveLength(2);
      await expectEnded(pids);
      for (const { stdin, running } of others) {
        stdin.end("whole\n");
        expect(await running).toMatchObject({ ending: "exited", exitCode: 0, stdout: "begun\nwhole\n" });
      }
    });

    test.concurrent("does not start a command whose signal is aborted already", async () => {
      const witness = join(folder, "witness");
      const result = await run(`touch ${witness}`, { signal: AbortSignal.abort() });
      expect(result.ending).toBe("aborted");
      expect((await run(`test -e ${witness}`)).exitCode).toBe(1);
    });

    const noSignals = notApplicable.signals;
    test.concurrent.for(["KILL", "TERM", "HUP"])("reports the end by signal %s", async (signal, { skip }) => {
      skip(noSignals !== undefined, noSignals);
      const result = await run(`kill -s ${signal} $$; sleep 5`);
      expect(result).toMatchObject({ ending: "signalled", exitCode: null, signal });
    });

    test.concurrent("is not delayed by a background process that holds the output open", async () => {
      const result = await run("sleep 600 & echo $!; exit 4");
      process.kill(Number(result.stdout), "SIGKILL");
      expect(result).toMatchObject({ ending: "exited", exitCode: 4 });
    });

    test.concurrent("is not delayed for long by a background process that goes on writing", async () => {
      const result = await run("sh -c 'echo $$; while :; do echo more; sleep 0.05; done' & exit 0");
      process.kill(Number(result.stdout.split("\n")[0]), "SIGKILL");
      expect(result).toMatchObject({ ending: "exited", exitCode: 0 });
    });

    test("runs 50 commands at once, each with its own input, output and exit code", async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_unused, index) =>
          run(`read -r word; echo $word; echo error-$word >&2; exit ${index}`, { stdin: `word-${index}\n` }),
        ),
      );
      const found = results.map(({ ending, exitCode, stdout, stderr }) => ({
        ending,
        exitCode,
        stdout,
        stderr,
      }));
      expect(found).toEqual(
        Array.from({ length: 50 }, (_unused, index) => ({
          ending: "exited",
          exitCode: index,
          stdout: `word-${index}\n`,
          stderr: `error-word-${index}\n`,
        })),
      );
    });

    test("ends many commands with one signal", async ({ skip }) => {
      skip(noGroups !== undefined, noGroups);
      const controller = new AbortController();
      let started = 0;
      const results = await Promise.all(
        Array.from({ length: 6 }, () =>
          run("sleep 600 & echo $$ $!; wait", {
            signal: controller.signal,
            onOutput: () => {
              started += 1;
              if (started === 6) controller.abort();
            },
          }),
        ),
      );
      expect(results.map(({ ending }) => ending)).toEqual(Array.from({ length: 6 }, () => "aborted"));
      const pids = results.flatMap(({ stdout }) => stdout.trim().split(" ").map(Number));
      expect(pids).toHaveLength(12);
      await expectEnded(pids);
    });

    const noLongCommands = notApplicable.longCommands;
    test("passes a command line of 100 kB", async ({ skip }) => {
      skip(noLongCommands !== undefined, noLongCommands);
      const word = "x".repeat(100 * 1024);
      const result = await run(`printf %s ${word} | wc -c`);
      expect(result).toMatchObject({ exitCode: 0, stderr: "" });
      expect(result.stdout.trim()).toBe(String(word.length));
    });

    const noPty = notApplicable.pty;
    test("gives the command a terminal", async ({ skip }) => {
      skip(noPty !== undefined, noPty);
      const result = await run("test -t 0 && test -t 1 && stty size; cat; exit 7", {
        pty: true,
        stdin: "typed",
      });
      expect(result).toMatchObject({ ending: "exited", exitCode: 7, stderr: "" });
      expect(result.stdout).toMatch(/24 80\r\n/);
      expect(result.stdout.match(/typed/g)).toHaveLength(2);
      const ended = await run("sleep 60", { pty: true, deadlineMs: 500 });
      expect(ended.ending).toBe("deadline");
    });

    test("refuses a terminal that it does not have, before anything runs", async ({ skip }) => {
      skip(noPty === undefined, "it has terminals");
      skip(notApplicable.ptyRefusal !== undefined, notApplicable.ptyRefusal);
      await expect(run("echo", { pty: true })).rejects.toMatchObject({ code: "transport-failed" });
    });

    const noLose = notApplicable.lose;
    test("reports a lost connection as an unknown end, and stays lost", async ({ skip }) => {
      skip(noLose !== undefined, noLose);
      const own = await subject.connect();
      const results = await Promise.all([
        own.exec("echo first; sleep 90", {
          deadlineMs: DEADLINE,
          onOutput: () => void subject.lose?.(own),
        }),
        own.exec("sleep 90", { deadlineMs: DEADLINE }),
      ]);
      expect(results[0]).toMatchObject({
        ending: "disconnected",
        exitCode: null,
        signal: null,
        stdout: "first\n",
      });
      expect(results[1]).toMatchObject({ ending: "disconnected", exitCode: null });
      expect(own.open).toBe(false);
      await expect(own.exec("true", { deadlineMs: 1_000 })).rejects.toMatchObject({ code: "disconnected" });
      await own.close();
    });

    test("is not open after close, which may be called twice, and ends what ran as disconnected", async () => {
      const own = await subject.connect();
      expect(own.open).toBe(true);
      let pid = 0;
      let closing: Promise<void> | undefined;
      const running = own.exec("echo $$; sleep 600", {
        deadlineMs: DEADLINE,
        onOutput: (_stream, chunk) => {
          pid = Number(Buffer.from(chunk).toString());
          closing = own.close();
        },
      });
      expect((await running).ending).toBe("disconnected");
      if (pid > 1) endGroup(pid);
      await closing;
      expect(own.open).toBe(false);
      await own.close();
      await expect(own.exec("true", { deadlineMs: 1_000 })).rejects.toMatchObject({ code: "disconnected" });
    });
  });
}
