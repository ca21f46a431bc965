import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { openEmbeddedSiem } from "../../src/siem/embedded/index.js";
import type { EmbeddedSiem } from "../../src/siem/embedded/index.js";
import { noStrace, skippedFor } from "../skipped.js";
import { alertsOf, canaryOf } from "./questions.js";

let folder: string;
let siem: EmbeddedSiem | null = null;
let child: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-live-"));
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await siem?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A shell under the lab's sensor that runs each line that it is given in a child, as sshd does with a connection's commands. */
function host(log: string): (line: string) => void {
  const options = ["-f", "--seccomp-bpf", "-ttt", "-s", "200000", "-e", "signal=none"];
  const loop = 'while read -r line; do (eval "$line"; true); done';
  const started = spawn(
    "strace",
    [...options, "-e", "trace=execve,execveat,clone,clone3,fork,vfork", "-o", log, "/bin/bash", "-c", loop],
    { stdio: ["pipe", "ignore", "ignore"], env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" } },
  );
  child = started;
  return (line) => started.stdin.write(`${line}\n`);
}

const text = `
title: Base64 is decoded
id: 00000000-0000-4000-8000-00000000000a
logsource: { product: linux, category: process_creation }
detection:
  selection:
    Image|endswith: /base64
    CommandLine|contains: " -d"
    ParentCommandLine|contains: while read
  condition: selection
`;

describe("a live strace sensor", skippedFor(noStrace), () => {
  test("brackets 20 trials, each with its own session, events and alert, and counts the rest as background", async () => {
    const { rule } = compileSigma(text, "rule.yml");
    if (rule === null) throw new Error("the rule does not compile");
    const log = join(folder, "exec.log");
    const run = host(log);
    siem = await openEmbeddedSiem({
      sources: [{ type: "strace-log", file: log, host: "s1" }],
      rules: [rule],
    });
    run("echo aGk= | base64 -d");
    for (let n = 0; n < 20; n += 1) {
      const act = n % 2 === 0 ? "echo aGk= | base64 -d" : "echo aGk= | base64";
      run(`/bin/true tyrian-sentinel begin t${n}; ${act}; /bin/true tyrian-sentinel end t${n}`);
      const deadline = Date.now() + 15_000;
      let canary = await canaryOf(siem, "s1", `t${n}`);
      while ((canary.value.begin === null || canary.value.end === null) && Date.now() < deadline) {
        await siem.changed("s1", 1000);
        canary = await canaryOf(siem, "s1", `t${n}`);
      }
      const { begin, end } = canary.value;
      if (begin === null || end === null)
        throw new Error(`no sentinels of trial ${n}: ${JSON.stringify(canary)}`);
      expect(begin.session).not.toBeNull();
      expect(end.session).toBe(begin.session);
      const { state, value } = await siem.events([{ host: "s1", from: begin.time, to: end.time }]);
      const own = value.filter((event) => event.session === begin.session);
      expect([state, own.map(({ argv }) => argv[0])]).toEqual([
        "complete",
        ["/bin/true", "base64", "/bin/true"],
      ]);
      const alerts = await alertsOf(siem, "s1", 0, Date.now());
      const mine = alerts.value.filter(({ sourceEvents }) =>
        own.some(({ id }) => sourceEvents?.includes(id) === true),
      );
      expect(mine).toHaveLength(n % 2 === 0 ? 1 : 0);
    }
    const { state, value } = await siem.background(rule.id, "s1");
    expect([state, value.matches]).toEqual(["complete", 1]);
    expect(siem.problems).toEqual([]);
  });
});
