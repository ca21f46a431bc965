import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { foldRun, type RunState } from "../../src/journal/fold.js";
import { readJournal } from "../../src/journal/read.js";
import { type Ended, tyrian } from "../cli/tyrian.js";
import { playbookOf, ruleOf, writePlaybook } from "../lab/playbooks.js";
import { processesOf, serversOf, type StateFolder, stateFolder, until } from "./support.js";

/** The whole of `tyrian run` on this machine itself, by the local transport. */

let folder: StateFolder;
beforeEach(() => {
  folder = stateFolder();
});
afterEach(async () => {
  await folder.remove();
});

const seconds = 300 + Math.floor(Math.random() * 10_000);
const slow = {
  run: `echo needle > mark; setsid sleep ${seconds} >/dev/null 2>&1 & sleep 25; echo done`,
  effects: "[work-folder, background-process]",
  cleanup: '{ run: "rm -f mark", probe: "[ ! -e mark ]" }',
};

/** A lab that is this machine. Its token is planted by the test. */
function writeLab(): string {
  const token = join(folder.path, "token");
  writeFileSync(token, "a-token-of-the-test-4f0d1c2e9a3b4c5d\n");
  const inventory = {
    name: "here",
    token: { path: token, value: `file:${token}` },
    targets: [{ name: "h1", platform: "linux", transport: { type: "local" }, sensor: { type: "none" } }],
  };
  const file = join(folder.path, "inventory.yaml");
  writeFileSync(file, JSON.stringify(inventory));
  return file;
}

interface LostRun {
  readonly ended: Ended;
  readonly state: RunState;
  readonly run: string;
  readonly work: string;
}

/** Runs two trials and kills a process of the private Redis in the middle of the first act. */
async function runAndKill(victim: "server" | "keeper"): Promise<LostRun> {
  const lab = writeLab();
  const playbook = join(folder.path, "playbook");
  mkdirSync(playbook);
  writePlaybook(playbook, playbookOf(slow, { run: "echo needle >/dev/null; echo done" }), {
    "rule.yml": ruleOf("rule", "{ CommandLine|contains: needle }"),
  });
  const runs = join(folder.path, "runs");
  const environment = { XDG_STATE_HOME: folder.path };
  const running = tyrian(["run", playbook, "--lab", lab, "--out", runs], { environment });
  let early: Ended | null = null;
  void running.then((ended) => (early = ended));
  let work = "";
  await until(() => {
    if (early !== null) throw new Error(`the run has ended: ${JSON.stringify(early)}`);
    const [run = ""] = existsSync(runs) ? readdirSync(runs) : [];
    const journal = join(runs, run, "journal.ndjson");
    if (run === "" || !existsSync(journal)) return false;
    work = /"work":"([^"]+)"/.exec(readFileSync(journal, "utf8"))?.[1] ?? "";
    return work !== "" && existsSync(join(work, "mark"));
  }, 20_000);
  const [server = ""] = serversOf(join(folder.path, "tyrian"));
  process.kill(processesOf(server)[victim], "SIGKILL");
  const ended = await running;
  const [run = ""] = readdirSync(runs);
  return { ended, run: join(runs, run), work, state: foldRun((await readJournal(join(runs, run))).events) };
}

function commandLines(): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .join("\n");
}

describe("`tyrian run` whose private Redis is lost in the middle of an act", () => {
  test.each(["server", "keeper"] as const)(
    "by SIGKILL of the %s: the act is ended and cleaned up, the journal is complete, the error has its code",
    async (victim) => {
      const begun = Date.now();
      const { ended, state, run, work } = await runAndKill(victim);
      // The act alone would have taken 25 s.
      expect(Date.now() - begun).toBeLessThan(20_000);
      expect(ended.status).toBe(3);
      expect(ended.stderr).toMatch(/^error: queue-lost: the Redis was lost in mid-run: .+$/m);
      expect(ended.stderr).toMatch(/^hint: .*cleaned up/m);
      expect(ended.stderr).not.toMatch(/^\s+at |node_modules|unhandled/im);

      const [first, second] = state.trials;
      expect(first?.reached).toMatchObject({ armed: expect.anything(), executed: expect.anything() });
      expect(first?.execution).toMatchObject({ status: "failed", reason: { code: "interrupted" } });
      expect(first?.execution?.reason?.message).toMatch(/^it was ended: the Redis was lost in mid-run: .+/);
      expect(first?.cleanup).toMatchObject({ status: "clean" });
      expect(second?.reached.prepared).toBeUndefined();
      expect(state.ended).toBe("failed");
      expect(existsSync(work)).toBe(false);
      expect(commandLines()).not.toContain(`sleep ${seconds}`);

      // Nothing is owed, no server stays behind, and the next run begins afresh.
      const environment = { XDG_STATE_HOME: folder.path };
      const cleanup = await tyrian(["cleanup", run, "--lab", join(folder.path, "inventory.yaml")], {
        environment,
      });
      expect(cleanup.stderr + cleanup.stdout).toContain("nothing is owed");
      expect(cleanup.status).toBe(0);
      const killed = await tyrian(["kill", "--lab", join(folder.path, "inventory.yaml")], { environment });
      expect(killed.stdout).toContain("0 runs told to stop");
      await until(() => serversOf(join(folder.path, "tyrian")).length === 0);
    },
    60_000,
  );
});
