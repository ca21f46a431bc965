import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { messageOf } from "../../src/errors.js";
import { actScript, cleanupScript, scriptFor, sweepScript } from "../../src/engine/script.js";
import type { Trial } from "../../src/model/trial.js";
import { skippedFor } from "../skipped.js";
import {
  BELOW_MARKS,
  escapes,
  give,
  lives,
  nonce,
  type Ran,
  type Shell,
  shells,
  unmarked,
} from "./script-shells.js";
import { freshFolder, shellTrial, tidy } from "./workbench.js";

/** Whatever an act leaves running, however it left: the bracket is closed after its end, or its being there is reported. */

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  tidy();
});

async function act(shell: Shell, trial: Trial, change = (script: string) => script): Promise<Ran> {
  const word = nonce();
  return await give(shell, change(actScript(trial, word)), word);
}

/** Waits for a shorter time: for what is known to stay. */
function hasty(script: string): string {
  return script.replace(/\$looks -gt \d+/, "$looks -gt 3");
}

/** Waits for longer than any machine takes: for what has an end, and is not waited for after that. */
function patient(script: string): string {
  return script
    .replace(/\$looks -gt \d+/, "$looks -gt 100000")
    .replace(/\$\(\(clock - ended\)\) -gt \d+/, "$((clock - ended)) -gt 100");
}

/** Milliseconds that are far less than the patient script waits. */
const NOT_WAITED = 80_000;

async function sweep(shell: Shell, trial: Trial): Promise<Ran> {
  const word = nonce();
  return await give(shell, sweepScript(trial, word), word);
}

async function cleanUp(shell: Shell, trial: Trial, strays: readonly string[]): Promise<Ran> {
  const word = nonce();
  return await give(shell, cleanupScript(trial, word, strays), word);
}

/** All processes that were reported, as `number:start`. */
function strays(ran: Ran): string[] {
  return ran.statuses
    .filter(({ word }) => word === "left-behind")
    .flatMap(({ rest }) => rest.split(" ").filter(Boolean));
}

function numbers(words: readonly string[]): number[] {
  return words.map((word) => Number.parseInt(word, 10));
}

function numberIn(file: string): number {
  return Number(readFileSync(file, "utf8"));
}

/** One test of every shell, all at once: they mostly wait. */
function testOf(all: readonly Shell[], name: string, work: (shell: Shell) => Promise<void>): void {
  test(name, async () => {
    const outcomes = await Promise.allSettled(all.map(work));
    outcomes.forEach((outcome, index) => {
      if (outcome.status === "fulfilled") return;
      throw new Error(`under ${all[index]?.name}: ${messageOf(outcome.reason)}`, { cause: outcome.reason });
    });
  });
}

describe.each([
  { name: "any shell", all: shells, marks: true },
  // One at a time: each would take what the others left for its own.
  ...shells.map(unmarked).map((shell) => ({ name: shell.name, all: [shell], marks: false })),
])("under $name", ({ all, marks }) => {
  for (const [name, code] of Object.entries(escapes)) {
    testOf(all, `${name} is waited for`, async (shell) => {
      const file = join(freshFolder(), "told");
      const ran = await act(shell, shellTrial(code(file)), marks ? patient : undefined);
      expect(ran.stdout).toBe("done\n");
      if (marks) expect([existsSync(file), strays(ran)]).toEqual([true, []]);
      // Orphans of others, such as other tests' here, are not told from the act's then, and may be waited for to the end.
      else expect(existsSync(file) || strays(ran).length > 0).toBe(true);
      if (marks) expect(ran.milliseconds).toBeLessThan(NOT_WAITED);
    });
  }

  testOf(
    all,
    "one that stays is reported with the time of its start, and no longer waited for",
    async (shell) => {
      const file = join(freshFolder(), "pid");
      const ran = await act(
        shell,
        shellTrial(`setsid env -i sh -c 'echo $$ > ${file}; exec sleep 77' </dev/null >/dev/null 2>&1 &`),
        hasty,
      );
      const pid = numberIn(file);
      const start = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[21];
      process.kill(pid, "SIGKILL");
      expect(strays(ran)).toContain(`${pid}:${start}`);
      if (marks) expect(strays(ran)).toHaveLength(1);
      expect(ran.said("ended")).toBe("0");
      expect(ran.code).toBe(0);
    },
  );

  testOf(all, "nothing is waited for when nothing is left, whatever else the machine does", async (shell) => {
    const quick = await act(shell, shellTrial("echo done"), marks ? patient : undefined);
    const words = quick.statuses.map(({ word }) => word);
    expect(words.slice(0, 2)).toEqual(["started", "ended"]);
    if (marks)
      expect([words, quick.milliseconds < NOT_WAITED]).toEqual([["started", "ended", "looked"], true]);
  });

  testOf(all, "what a process that was there before starts meanwhile is not the act's", async (shell) => {
    const folder = freshFolder();
    const [go, told] = [join(folder, "go"), join(folder, "told")];
    // The test starts it while the act runs: a login, a cron job.
    const script = `until [ -e ${go} ]; do sleep 0.02; done; sleep 77 & echo $! > ${told}; wait`;
    started.push(spawn("sh", ["-c", script], { detached: true, stdio: "ignore" }));
    await sleep(100);
    const ran = await act(
      shell,
      shellTrial(`touch ${go}; until [ -s ${told} ]; do sleep 0.02; done; echo done`),
    );
    const foreign = numberIn(told);
    const lived = lives(foreign);
    process.kill(foreign, "SIGKILL");
    expect([ran.stdout, numbers(strays(ran)).includes(foreign), lived]).toEqual(["done\n", false, true]);
  });

  testOf(
    all,
    "where the kernel does not tell the last process number, one that cleared its environment is still not missed",
    async (shell) => {
      const file = join(freshFolder(), "told");
      const code = escapes["a child that cleared its environment and left its session"](file);
      const ran = await act(shell, shellTrial(code), (script) =>
        script.replaceAll("/proc/loadavg", "/dev/null"),
      );
      expect(ran.said("ended")).toBe("0");
      expect(existsSync(file) || ran.said("left-behind") !== null).toBe(true);
    },
  );

  testOf(all, "without /proc nothing is proved", async (shell) => {
    const ran = await act(shell, shellTrial("echo done"), (script) =>
      hasty(script).replaceAll("/proc/", "/nonexistent/"),
    );
    expect(ran.said("ended")).toBe("0");
    expect([ran.said("left-behind"), strays(ran)]).toEqual(["", []]);
  });

  testOf(all, "many that stay are reported one and all, in short lines", async (shell) => {
    const folder = freshFolder();
    const one = `setsid env -i sh -c 'echo $$ > ${folder}/$$; exec sleep 77' </dev/null >/dev/null 2>&1 &`;
    const ran = await act(
      shell,
      shellTrial(`for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do\n${one}\ndone; sleep 0.2`),
      hasty,
    );
    const wanted = readdirSync(folder);
    for (const pid of wanted) process.kill(Number(pid), "SIGKILL");
    expect(wanted).toHaveLength(17);
    expect(numbers(strays(ran)).map(String)).toEqual(expect.arrayContaining(wanted));
    for (const { rest } of ran.statuses) expect(rest.length).toBeLessThan(200);
  });
});

describe("under any shell", () => {
  testOf(
    shells,
    "a sweep ends what ignores being asked, what cleared its environment, and what is stopped",
    async (shell) => {
      const folder = freshFolder();
      const tell = (name: string): string => `echo $$ > ${join(folder, name)}`;
      const trial = shellTrial(`
(trap '' TERM; sh -c '${tell("deaf")}; while :; do sleep 0.1; done') </dev/null >/dev/null 2>&1 &
setsid env -i sh -c '${tell("cleared")}; exec sleep 77' </dev/null >/dev/null 2>&1 &
setsid env -i sh -c 'trap "" TERM; ${tell("both")}; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &
setsid sh -c '${tell("stopped")}; kill -STOP $$' </dev/null >/dev/null 2>&1 &
sleep 0.2`);
      const ran = await act(shell, trial, hasty);
      expect(strays(ran).length).toBeGreaterThanOrEqual(4);
      const pids = ["deaf", "cleared", "both", "stopped"].map((name) => numberIn(join(folder, name)));
      expect(pids.map(lives)).toEqual([true, true, true, true]);
      const swept = await sweep(shell, trial);
      expect(Number(swept.said("swept"))).toBeGreaterThanOrEqual(4);
      expect(swept.said("remaining")).toBe("0");
      expect(pids.map(lives)).toEqual([false, false, false, false]);
    },
  );

  testOf(shells, "a sweep ends nothing of another trial, and says so", async (shell) => {
    const file = join(freshFolder(), "pid");
    const trial = shellTrial(`setsid sh -c 'echo $$ > ${file}; exec sleep 77' </dev/null >/dev/null 2>&1 &`);
    await act(shell, trial, hasty);
    const other = { ...trial, id: `${trial.id}0` };
    const swept = await sweep(shell, other);
    expect([swept.said("swept"), swept.said("remaining"), lives(numberIn(file))]).toEqual(["0", "0", true]);
    expect((await sweep(shell, trial)).said("remaining")).toBe("0");
    expect(lives(numberIn(file))).toBe(false);
  });

  testOf(shells, "where the mark cannot be set a sweep goes by the environment", async (shell) => {
    const file = join(freshFolder(), "pid");
    const trial = shellTrial(`setsid sh -c 'echo $$ > ${file}; exec sleep 77' </dev/null >/dev/null 2>&1 &`);
    await act(unmarked(shell), trial, hasty);
    expect((await sweep(shell, trial)).said("swept")).toBe("1");
    expect(lives(numberIn(file))).toBe(false);
  });

  testOf(shells, "a sweep that cannot see the processes does not say that none remain", async (shell) => {
    const word = nonce();
    const script = sweepScript(shellTrial("echo done"), word).replaceAll("/proc/", "/nonexistent/");
    expect((await give(shell, script, word)).said("remaining")).toBe("an unknown number of");
  });

  testOf(
    shells,
    "a stray that nothing shows to be the trial's is not ended by the cleanup, but reported until it has gone",
    async (shell) => {
      const file = join(freshFolder(), "pid");
      const trial = shellTrial(
        `setsid env -i sh -c 'echo $$ > ${file}; exec sleep 77' </dev/null >/dev/null 2>&1 &`,
      );
      const all = strays(await act(unmarked(shell), trial, hasty));
      const pid = numberIn(file);
      const left = all.filter((stray) => stray.startsWith(`${pid}:`));
      expect(left).toHaveLength(1);
      const withoutSession = (script: string): string =>
        script.replaceAll(/^login=.*$/gm, "login=4294967295");
      const word = nonce();
      const first = await give(shell, withoutSession(cleanupScript(trial, word, left)), word);
      expect([first.said("remaining"), lives(pid)]).toEqual(["1", true]);
      // A process that has the number now but began at another time is somebody else.
      const reused = left.map((stray) => stray.replace(/:.*/, ":1"));
      expect((await cleanUp(shell, trial, reused)).said("remaining")).toBe("0");
      process.kill(pid, "SIGKILL");
      expect((await cleanUp(shell, trial, left)).said("remaining")).toBe("0");
    },
  );
});

/** Why no process here can be given an audit session of its own, or null. */
async function whyNoSession(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "only root may give a process a login session";
  const ran = await give(inSession(shells[0] as Shell), "read -r s < /proc/self/sessionid; echo $s", nonce());
  return ran.code === 0 && !/^(4294967295)?$/.test(ran.stdout.trim())
    ? null
    : `the kernel gives none: ${ran.stdout.trim()} ${ran.stderr.trim()}`;
}

/** The same shell in an audit session of its own, as a log-in through PAM is. */
function inSession(shell: Shell): Shell {
  const words = shell.command.join(" ");
  const set = "echo 65534 > /proc/self/loginuid || exit 9";
  return {
    name: `${shell.name} in a session`,
    command: ["sh", "-c", `${set}; ${BELOW_MARKS}; exec ${words}`],
  };
}

describe("under any shell in a session of its own", skippedFor(await whyNoSession()), () => {
  testOf(
    shells.map(inSession),
    "what cleared its environment is waited for; a process of another session is not",
    async (shell) => {
      const file = join(freshFolder(), "told");
      started.push(spawn("setsid", ["-f", "sleep", "5"], { stdio: "ignore" }));
      const code = escapes["a chain of processes of which none lives for long"](file);
      const ran = await act(shell, shellTrial(code));
      expect([existsSync(file), strays(ran)]).toEqual([true, []]);
    },
  );

  testOf(shells.map(inSession), "a stray is ended in its own session only", async (shell) => {
    const file = join(freshFolder(), "pid");
    const code = `setsid env -i sh -c 'echo $$ > ${file}; exec sleep 77' </dev/null >/dev/null 2>&1 &`;
    const trial = shellTrial(code);
    const left = strays(await act(shell, trial, hasty));
    const pid = numberIn(file);
    expect(numbers(left)).toEqual([pid]);
    // Another connection: a session of its own.
    const elsewhere = await cleanUp(shell, trial, left);
    expect([elsewhere.said("remaining"), lives(pid)]).toEqual(["1", true]);
    process.kill(pid, "SIGKILL");

    // The act and its cleanup in one session, one after the other, as on one connection.
    const again = shellTrial(code);
    const [first, second] = [nonce(), nonce()];
    const [program = ""] = shell.command.at(-1)?.match(/(?<=exec ).*/) ?? [];
    const folder = freshFolder();
    writeFileSync(join(folder, "act"), hasty(actScript(again, first)));
    const asked = await give(
      shell,
      `${program} < ${folder}/act 2> ${folder}/said
strays=$(grep -o '[0-9]*:[0-9]*' ${folder}/said)
while read -r line; do case $line in *STRAYS*) printf '%s\\n' "\${line%%STRAYS*}$strays\${line#*STRAYS}" ;; *) printf '%s\\n' "$line" ;; esac; done > ${folder}/cleanup <<'END'
${cleanupScript(again, second, ["0:0"]).replaceAll("0:0", "STRAYS")}
END
${program} < ${folder}/cleanup`,
      second,
    );
    expect([asked.said("remaining"), lives(numberIn(file))]).toEqual(["0", false]);
  });
});

test("what stays is waited for by the clock, however slow the looks are", async () => {
  const waits = shells.map(async (shell) => {
    const trial = shellTrial("setsid env -i sleep 77 </dev/null >/dev/null 2>&1 & echo done");
    const ran = await act(shell, trial, (script) => script.replace("/bin/sleep 0.05", "/bin/sleep 2"));
    expect([shell.name, strays(ran).length, ran.said("ended")]).toEqual([shell.name, 1, "0"]);
    expect(ran.milliseconds).toBeGreaterThan(3_000);
    // Sixty looks would take two minutes.
    expect(ran.milliseconds).toBeLessThan(NOT_WAITED);
    await sweep(shell, trial);
  });
  await Promise.all(waits);
});

test("what stays is waited for by the number of looks where there is no clock", async () => {
  const waits = shells.map(async (shell) => {
    const trial = shellTrial("setsid env -i sleep 77 </dev/null >/dev/null 2>&1 & echo done");
    const ran = await act(shell, trial, (script) => script.replace("/proc/uptime", "/nonexistent/uptime"));
    expect([shell.name, strays(ran).length, ran.stderr]).toEqual([shell.name, 1, ""]);
    expect(ran.milliseconds).toBeGreaterThan(3_000);
    await sweep(shell, trial);
  });
  await Promise.all(waits);
});

test("in a storm of processes of others nothing is waited for", async () => {
  const storm = spawn("sh", ["-c", "while :; do (:); done"], { detached: true, stdio: "ignore" });
  started.push(storm);
  for (const shell of shells) {
    const ran = await act(shell, shellTrial("echo done"), patient);
    expect([shell.name, ran.stdout, strays(ran)]).toEqual([shell.name, "done\n", []]);
    expect(ran.milliseconds).toBeLessThan(NOT_WAITED);
  }
});

test("a login session that others share shows nothing of whose a process is", async () => {
  for (const shell of shells) {
    const script = `${sweepScript(shellTrial("echo done"), "n")}\necho "login $login" >&2`;
    const ran = await give(shell, scriptFor({ ownLogin: false }, script), nonce());
    expect(ran.stderr).toContain("login 4294967295");
  }
});
