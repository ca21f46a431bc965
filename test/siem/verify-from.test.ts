import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tyrian } from "../cli/tyrian.js";
import { openElasticBench, openSplunkBench, type ConnectorBench, SECRET } from "./connector/benches.js";
import { type OwnLab, ownLab } from "./connector/lab.js";

/** `tyrian verify --from FILE --siem NAME`: nothing is run, and the SIEM is asked about what others ran. */

const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const T0 = Math.floor(Date.now() / 1000) * 1000 - 600_000;
const iso = (ms: number): string => new Date(T0 + ms).toISOString();
const shell = (command: string) => ({
  host: "web-1",
  session: 9,
  argv: ["sh", "-c", command],
  exe: "/usr/bin/dash",
});

/** A host on which `echo marked word` and `echo other word` were run by hand, the first of which raised an alert. */
function labOf(bench: ConnectorBench): OwnLab {
  const delivery = { longestLagSeconds: 1, longestAlertLagSeconds: 0 };
  const lab = ownLab({ office: { ...bench.given, delivery } }, { [SECRET]: bench.standIn.token });
  closers.push(() => bench.close(), lab.remove);
  const [marked] = bench.world.ship(
    { ...shell("echo marked word"), time: T0, serial: 1 },
    { ...shell("echo other word"), time: T0 + 60_000, serial: 2 },
    { ...shell("true"), time: T0 + 120_000, serial: 3 },
  );
  if (marked !== undefined) bench.world.raise("rule-echo", T0 + 5_000, marked);
  bench.world.evaluated("rule-echo", T0 + 90_000, T0 + 91_000);
  bench.standIn.beforeAnswer = () => undefined;
  return lab;
}

const verify = (lab: OwnLab, ...words: readonly string[]) =>
  tyrian(["verify", "--siem", "office", "--json", ...words], {
    cwd: lab.folder,
    environment: lab.environment,
  });

interface Results {
  readonly run: { readonly id: string; readonly lab: string };
  readonly trials: { readonly verdicts: Record<string, unknown>[] }[];
}

test.concurrent("what was detected, what was missed and what cannot be told, as for a run", async () => {
  const bench = await openSplunkBench();
  const lab = labOf(bench);
  const execution = (command: string, ms: number) =>
    `  - { host: web-1, command: ${command}, startedAt: "${iso(ms)}", endedAt: "${iso(ms + 1_000)}", expect: [{ analytic: playbook/analytics/echo.yml }] }\n`;
  const executions = ["echo marked word", "echo other word", "echo lost"].map((command, index) =>
    execution(command, index * 60_000),
  );
  writeFileSync(join(lab.folder, "by-hand.yaml"), `executions:\n${executions.join("")}`);
  const { status, stdout, stderr } = await verify(lab, "--from", "by-hand.yaml");
  expect(stderr).not.toContain("error:");
  const { run, trials } = JSON.parse(stdout) as Results;
  expect(
    trials.map(({ verdicts }) => verdicts[0]),
    stderr,
  ).toEqual([
    expect.objectContaining({ outcome: "detected", attribution: "exact", recordedBy: "a person" }),
    expect.objectContaining({ outcome: "logged", met: false, recordedBy: "a person" }),
    expect.objectContaining({ outcome: "undecided" }),
  ]);
  expect(status).toBe(4);
  expect(JSON.parse(readFileSync(join(lab.folder, "runs", run.id, "results.json"), "utf8"))).toEqual(
    JSON.parse(stdout),
  );
  const options = { cwd: lab.folder, environment: lab.environment };
  const replay = await tyrian(["verify", run.id, "--replay"], options);
  expect(replay.stdout).toContain("3 trials replayed, 0 different");
  // What had not arrived by then is asked about again, without any lab.
  bench.world.ship(
    { ...shell("echo lost"), time: T0 + 120_500, serial: 4 },
    { ...shell("true"), time: T0 + 180_000, serial: 5 },
  );
  bench.world.evaluated("rule-echo", T0 + 600_000, T0 + 600_500);
  const again = await tyrian(["verify", run.id], options);
  expect(again.stdout).toContain("undecided -> logged");
  const report = await tyrian(["report", run.id], options);
  expect(report.stdout).toContain("executed by others, as a person recorded it");
  expect(report.stdout).toMatch(/where +web-1\n/);
});

test.concurrent("an ATTiRe log is judged for the analytics that the command line names", async () => {
  const lab = labOf(await openElasticBench());
  const step = { "time-start": iso(0), "time-stop": iso(1_000), executor: "sh", command: "echo marked word" };
  writeFileSync(
    join(lab.folder, "attire.json"),
    JSON.stringify({
      "attire-version": "1.1",
      "execution-data": { "execution-source": "Invoke-Atomicredteam", target: { host: "web-1" } },
      procedures: [{ "mitre-technique-id": "T1059.004", "procedure-name": "Echo", steps: [step] }],
    }),
  );
  const unexpected = await verify(lab, "--from", "attire.json");
  expect([unexpected.status, unexpected.stderr]).toEqual([
    2,
    expect.stringContaining("nothing says which analytic is expected") as string,
  ]);
  const { status, stdout, stderr } = await verify(
    lab,
    ...["--from", "attire.json", "--analytic", "playbook/analytics/echo.yml"],
  );
  expect([status, stderr]).toEqual([0, ""]);
  expect((JSON.parse(stdout) as Results).trials[0]?.verdicts[0]).toMatchObject({
    outcome: "detected",
    recordedBy: "Invoke-Atomicredteam",
  });
});

test.concurrent.each([
  [["--from", "nowhere.yaml"], "file-unreadable"],
  [["latest", "--from", "inventory.yaml"], "give a run or --from"],
  [["--from", "inventory.yaml"], "executions-invalid"],
])("%j is invalid input", async (words, message) => {
  const lab = labOf(await openSplunkBench());
  const { status, stderr } = await verify(lab, ...words);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message) as string]);
});
