import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { actScript, cleanupScript, sweepScript } from "../../src/engine/script.js";
import type { Trial } from "../../src/model/trial.js";
import { skippedFor } from "../skipped.js";
import { placeMacosTools } from "./macos-tools.js";
import { escapes, give, isInstalled, lives, nonce, type Ran, type Shell, shells } from "./script-shells.js";
import { freshFolder, shellTrial, tidy } from "./workbench.js";

/**
 * The scripts for a Mac with stand-ins for its programs (macos-tools.ts): they need nothing else of the machine, and no /proc. No Mac
 * takes part.
 */

afterEach(tidy);

/** /bin/sh of macOS is bash, dash or zsh, whichever /private/var/select/sh names. */
const ofMacs = shells.filter(({ name }) => name !== "busybox sh");
const toolsFolder = mkdtempSync(join(tmpdir(), "tyrian-mac-tools-"));
const tools = placeMacosTools(toolsFolder);
afterAll(() => rmSync(toolsFolder, { recursive: true, force: true }));

const path = `PATH=${tools.bin}:/usr/bin:/bin`;

/** With numbers of processes of its own, so that nothing else that the machine does is in them; 1 is who gets the orphans. */
function alone({ name, command }: Shell): Shell {
  const inner = ["sh", "-c", '"$@"; exit $?', "sh", ...command];
  return {
    name,
    command: ["unshare", "--pid", "--fork", "--mount-proc", "env", path, ...inner],
  };
}

function beside({ name, command }: Shell): Shell {
  return { name, command: ["env", path, ...command] };
}

function macTrial(code: string): Trial {
  return shellTrial(code, { platform: "macos" });
}

async function act(shell: Shell, trial: Trial, change = (script: string) => script): Promise<Ran> {
  const word = nonce();
  return await give(shell, change(actScript(trial, word)), word);
}

async function cleanUp(shell: Shell, trial: Trial, strays: readonly string[] = []): Promise<Ran> {
  const word = nonce();
  return await give(shell, cleanupScript(trial, word, strays), word);
}

function strays(ran: Ran): string[] {
  return ran.statuses
    .filter(({ word }) => word === "left-behind")
    .flatMap(({ rest }) => rest.split(" ").filter(Boolean));
}

/** Processes of this machine as the wrapper names them. */
function startsOf(pids: readonly number[]): string[] {
  const said = execFileSync("ps", ["-o", "pid=,lstart=", "-p", pids.join()], {
    encoding: "utf8",
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
  });
  return said
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, , month, day, time, year] = line.trim().split(/\s+/);
      return `${pid}:${month}-${day}-${time}-${year}`;
    });
}

/** Waits for a shorter time: for what is known to stay. */
const hasty = (script: string): string => script.replace(/\$looks -gt \d+/, "$looks -gt 3");

const noNamespace =
  process.getuid?.() === 0 && isInstalled("unshare")
    ? null
    : "only root may give processes numbers of their own";
const noLsof = existsSync("/usr/bin/lsof") ? null : "lsof is absent (apt-get install lsof)";

test("nothing of Linux is in them", () => {
  const trial = macTrial("echo done");
  for (const script of [
    actScript(trial, "n"),
    sweepScript(trial, "n"),
    cleanupScript(trial, "n", ["2:Nov-24-22:34:08-2026"]),
  ])
    expect(script).not.toMatch(/\/proc|ulimit|"\/bin\/true|^\/bin\/true|\bgrep\b/m);
});

describe.each(ofMacs.map(alone))("under $name, with its own numbers", skippedFor(noNamespace), (shell) => {
  test("where nothing is left nothing is waited for, and each program that was executed is counted", async () => {
    const ran = await act(shell, macTrial("echo done"));
    expect([ran.stdout, ran.code, ran.stderr]).toEqual(["done\n", 0, ""]);
    expect(ran.statuses.map(({ word, rest }) => `${word} ${rest}`)).toEqual([
      "started ",
      "ended 0",
      "looked 1",
    ]);
  });

  for (const [name, code] of Object.entries(escapes)) {
    if (name.includes("lowered its limits")) continue;
    test(`${name} is waited for`, async () => {
      const file = join(freshFolder(), "told");
      const ran = await act(shell, macTrial(code(file)));
      expect([ran.stdout, existsSync(file), strays(ran)]).toEqual(["done\n", true, []]);
    });
  }

  test("one that stays is reported with its start, and no longer waited for", async () => {
    const ran = await act(
      shell,
      macTrial("setsid env -i sleep 77 </dev/null >/dev/null 2>&1 & echo done"),
      hasty,
    );
    expect(strays(ran)).toEqual([expect.stringMatching(/^\d+:[A-Z][a-z]{2}-\d+-\d\d:\d\d:\d\d-\d{4}$/)]);
    expect(ran.said("ended")).toBe("0");
  });

  test("what launchd says is its own job is not the act's", async () => {
    const code = `setsid sh -c 'echo $$ > ${tools.jobs}; exec sleep 77' </dev/null >/dev/null 2>&1 &
until [ -s ${tools.jobs} ]; do sleep 0.02; done; echo done`;
    const ran = await act(shell, macTrial(code), hasty);
    // Numbers are few here: the next test's processes have them too.
    rmSync(tools.jobs);
    expect([ran.stdout, strays(ran)]).toEqual(["done\n", []]);
  });

  test.each([
    ["an administrator may have become another user", "staff admin", 1],
    ["who is none has not: a group's leader of another user is launchd's", "staff", 0],
  ])("%s", async (_title, groups, found) => {
    const as = (script: string): string =>
      hasty(script).replace("user=$(id -u)", "user=1234").replace("$(id -Gn)", groups);
    const ran = await act(shell, macTrial("setsid sleep 77 </dev/null >/dev/null 2>&1 & echo done"), as);
    expect([ran.stdout, strays(ran).length]).toEqual(["done\n", found]);
  });

  test("without ps nothing is proved", async () => {
    const ran = await act(shell, macTrial("echo done"), (script) =>
      hasty(script).replaceAll("exec ps", "exec no-ps"),
    );
    expect([ran.said("ended"), ran.said("left-behind"), ran.said("looked")]).toEqual(["0", "", "3"]);
  });
});

describe.each(ofMacs.map(beside))("under $name", skippedFor(noLsof), (shell) => {
  test("a cleanup ends what holds the trial's file, whatever else it did to get away, and leaves nothing", async () => {
    const file = join(freshFolder(), "pid");
    const trial = macTrial(
      `(trap '' TERM; exec setsid env -i sh -c 'cd /; echo $$ > ${file}; sleep 77; :') </dev/null >/dev/null 2>&1 &`,
    );
    await act(shell, trial, hasty);
    expect(existsSync(`${trial.work}.running`)).toBe(true);
    const ran = await cleanUp(shell, trial);
    expect([ran.said("remaining"), ran.said("work-folder"), ran.stderr]).toEqual(["0", "gone", ""]);
    expect([lives(Number(readFileSync(file, "utf8"))), existsSync(`${trial.work}.running`)]).toEqual([
      false,
      false,
    ]);
    // Again, as after a crash.
    expect((await cleanUp(shell, trial)).said("remaining")).toBe("0");
  });

  test("what closed that file is ended by its environment, and without that is only reported until it has gone", async () => {
    const folder = freshFolder();
    const start = (name: string, how: string): string =>
      `setsid ${how} sh -c 'echo $$ > ${folder}/${name}; exec sleep 77' </dev/null >/dev/null 2>&1 9<&- &`;
    const trial = macTrial(`${start("marked", "")}\n${start("bare", "env -i")}`);
    await act(shell, trial, hasty);
    const [marked, bare] = ["marked", "bare"].map((name) =>
      Number(readFileSync(join(folder, name), "utf8")),
    ) as [number, number];
    const started = startsOf([marked, bare]);
    const first = await cleanUp(shell, trial, started);
    expect([first.said("remaining"), lives(marked), lives(bare)]).toEqual(["1", false, true]);
    // A process that has the number now but began at another time is somebody else.
    const reused = started.map((stray) => stray.replace(/\d{4}$/, "1999"));
    expect((await cleanUp(shell, trial, reused)).said("remaining")).toBe("0");
    process.kill(bare, "SIGKILL");
    expect((await cleanUp(shell, trial, started)).said("remaining")).toBe("0");
  });

  test("a sweep whose lsof says nothing does not say that none remain", async () => {
    const trial = macTrial("echo done");
    await act(shell, trial, hasty);
    const word = nonce();
    const script = sweepScript(trial, word).replace("exec lsof", "exec true");
    expect((await give(shell, script, word)).said("remaining")).toBe("an unknown number of");
    await cleanUp(shell, trial);
  });
});
