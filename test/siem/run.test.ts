import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tyrian } from "../cli/tyrian.js";
import {
  type ConnectorBench,
  openElasticBench,
  openGraylogBench,
  openLokiBench,
  openOpenSearchBench,
  openSplunkBench,
  openWazuhBench,
  SECRET,
} from "./connector/benches.js";
import { type OwnLab, ownLab, Sensor } from "./connector/lab.js";

/** `tyrian run --siem NAME` on a host of one's own, from the first question to the replay. */

const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A lab whose host ships to the bench's world, and whose SIEM has evaluated its rule a moment after each record came. */
function labBefore(bench: ConnectorBench): OwnLab {
  const delivery = { longestLagSeconds: 1, longestAlertLagSeconds: 0 };
  const settings = { ...bench.given, delivery };
  const lab = ownLab({ office: settings }, { [SECRET]: bench.standIn.token });
  closers.push(() => bench.close(), lab.remove);
  const sensor = new Sensor(lab, bench.world, (act, trial) => {
    if (trial.procedure === "seen") bench.world.raise("rule-echo", Date.now(), act);
  });
  bench.standIn.beforeAnswer = () => {
    sensor.ship();
    bench.world.evaluated("rule-echo", Date.now() - 10, Date.now());
  };
  return lab;
}

const run = (lab: OwnLab, ...words: readonly string[]) =>
  tyrian(["run", "playbook", "--lab", "inventory.yaml", "--siem", "office", "--json", ...words], {
    cwd: lab.folder,
    environment: lab.environment,
  });

interface Results {
  readonly run: { readonly id: string; readonly siem: string };
  readonly trials: {
    readonly procedure: string;
    readonly verdicts: {
      readonly outcome: string;
      readonly attribution: string | null;
      readonly evaluatedBy: string;
      readonly cause: { readonly detail: string } | null;
    }[];
  }[];
}

interface Judged {
  readonly results: Results;
  readonly replayed: string;
}

async function judged(lab: OwnLab, ...words: readonly string[]): Promise<Judged> {
  const { status, stdout, stderr } = await run(lab, ...words);
  expect(status, stderr).toBe(0);
  const results = JSON.parse(stdout) as Results;
  const replay = await tyrian(["verify", results.run.id, "--replay"], {
    cwd: lab.folder,
    environment: lab.environment,
  });
  return { results, replayed: replay.stdout };
}

const detected = { outcome: "detected", attribution: "exact", evaluatedBy: "siem-rule" };

test.concurrent.each<[string, () => Promise<ConnectorBench>]>([
  ["Splunk", openSplunkBench],
  ["OpenSearch", openOpenSearchBench],
  ["Grafana Loki", openLokiBench],
  ["Wazuh", openWazuhBench],
  ["Graylog", openGraylogBench],
])("a run that asks %s gives a verdict, and its journal gives it again", async (_, open) => {
  const { results, replayed } = await judged(labBefore(await open()), "--procedure", "seen");
  expect(results.trials[0]?.verdicts).toEqual([expect.objectContaining(detected)]);
  expect(replayed).toContain("1 trials replayed, 0 different");
});

test.concurrent("a run that asks Elastic Security tells what its rule saw from what it did not", async () => {
  const { results, replayed } = await judged(labBefore(await openElasticBench()));
  expect(results.trials.map(({ procedure, verdicts }) => [procedure, verdicts[0]])).toEqual([
    ["seen", expect.objectContaining(detected)],
    [
      "unseen",
      expect.objectContaining({
        outcome: "logged",
        cause: expect.objectContaining({ link: "clause" }) as unknown,
      }),
    ],
  ]);
  expect(replayed).toContain("2 trials replayed, 0 different");
});

describe.concurrent("before anything is done on a host the run ends, with what is wrong", () => {
  test.each<[string, (bench: ConnectorBench) => void, Record<string, unknown>, string, string]>([
    [
      "for an account that is refused",
      ({ standIn }) => standIn.expireToken(),
      {},
      "siem-auth-failed",
      "office: the clock (GET /_nodes/_local/stats/process): answered 401",
    ],
    [
      "for an index that is not there",
      () => undefined,
      { telemetry: { index: "nowhere-*", format: "laurel" } },
      "siem-not-found",
      "office: the events of a host (POST /nowhere-*/_search): answered 404: no such index [nowhere-*]",
    ],
  ])("%s", async (_, spoil, settings, code, message) => {
    const bench = await openElasticBench({ settings });
    const lab = labBefore(bench);
    spoil(bench);
    const { status, stderr } = await run(lab);
    expect(status).toBe(4);
    expect(stderr).toContain(code);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secret-token");
    expect(lab.executed()).toEqual([]);
  });
});

test.concurrent(
  "a SIEM that answers with web pages from the middle on: undecided, with that reason, and asked again later",
  async () => {
    const bench = await openElasticBench();
    const lab = labBefore(bench);
    bench.standIn.misbehave({ type: "web-page" }, { concerns: () => lab.executed().length > 0 });
    const { status, stdout } = await run(lab, "--procedure", "seen");
    const { run: made, trials } = JSON.parse(stdout) as Results;
    expect(status).toBe(4);
    expect(trials[0]?.verdicts[0]).toMatchObject({ outcome: "undecided" });
    expect(trials[0]?.verdicts[0]?.cause?.detail).toMatch(/siem-answer-invalid: office: .* is a web page/);
    bench.standIn.behave();
    const again = await tyrian(["verify", made.id, "--lab", "inventory.yaml"], {
      cwd: lab.folder,
      environment: lab.environment,
    });
    expect(again.stdout).toContain("undecided -> detected");
    expect(again.status).toBe(0);
    const journal = readFileSync(join(lab.folder, "runs", made.id, "journal.ndjson"), "utf8");
    expect(journal).not.toContain(bench.standIn.token);
  },
);

describe.concurrent("an analytic that no rule of the SIEM is bound to", () => {
  const openWithout = (over: Record<string, unknown>) =>
    openElasticBench({ settings: { rules: {}, ...over } });

  test("is named before anything is done", async () => {
    const lab = labBefore(await openWithout({}));
    const words = ["plan", "playbook", "--lab", "inventory.yaml", "--siem", "office"];
    const { stderr } = await tyrian(words, { cwd: lab.folder, environment: lab.environment });
    expect(stderr).toContain("no rule of office is bound to 00000000-0000-4000-8000-000000000001");
  });

  test("is run on demand where that is wanted, and the verdict says so", async () => {
    const lab = labBefore(await openWithout({ onDemand: { pipelines: ["./names.yml"] } }));
    const { results, replayed } = await judged(lab, "--procedure", "seen");
    expect(results.trials[0]?.verdicts).toEqual([
      expect.objectContaining({ ...detected, evaluatedBy: "on-demand" }),
    ]);
    expect(replayed).toContain("1 trials replayed, 0 different");
  });
});

describe.concurrent("with a bindings file", () => {
  const bound = async (misses: string): Promise<{ readonly lab: OwnLab; readonly bench: ConnectorBench }> => {
    const bench = await openElasticBench({ settings: { rules: {} } });
    const lab = labBefore(bench);
    lab.configure({ bindings: "bindings.yaml" });
    writeFileSync(
      join(lab.folder, "bindings.yaml"),
      `bindings:
  - analytic: playbook/analytics/echo.yml
    rules: { office: rule-off, office@lab: rule-echo }
${misses}`,
    );
    return { lab, bench };
  };
  const check = (lab: OwnLab, ...words: readonly string[]) =>
    tyrian(["bindings", "check", "--json", ...words], { cwd: lab.folder, environment: lab.environment });
  const findingsOf = (stdout: string) =>
    (JSON.parse(stdout) as { rules: { rule: string; findings: { finding: string }[] }[] }).rules.map(
      ({ rule, findings }) => [rule, ...findings.map(({ finding }) => finding)],
    );

  test("a run asks about the rule of its environment, and a known gap is no failure until it expires", async () => {
    const miss = (expires: string) => `    acceptedMisses:
      - { at: office@lab, owner: ana, ticket: SOC-12, expires: "${expires}" }
`;
    const { lab, bench } = await bound(miss("2999-12-31"));
    // The alert is not raised: the rule of the SIEM is not what the analytic is.
    bench.world.raise = () => ({ id: "none", rule: "none", createdAt: 0, documents: [] });
    const words = [
      "run",
      "playbook",
      "--lab",
      "inventory.yaml",
      "--siem",
      "office@lab",
      "--json",
      "--procedure",
      "seen",
    ];
    const options = { cwd: lab.folder, environment: lab.environment };
    const first = await tyrian(words, options);
    const { run: made, trials } = JSON.parse(first.stdout) as Results;
    expect(made.siem).toBe("office@lab");
    expect(trials[0]?.verdicts[0]).toMatchObject({ outcome: "logged", accepted: { ticket: "SOC-12" } });
    expect(first.status).toBe(0);
    const file = join(lab.folder, "bindings.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("2999-12-31", "2020-12-31"));
    expect((await tyrian(words, options)).status).toBe(1);
  });

  test("a check tells what the rules have become since they were accepted", async () => {
    const { lab, bench } = await bound("");
    const before = await check(lab, "--siem", "office@lab");
    expect([before.status, findingsOf(before.stdout)]).toEqual([0, [["rule-echo", "unrecorded"]]]);
    const accepted = await check(lab, "--siem", "office@lab", "--accept");
    expect([accepted.status, findingsOf(accepted.stdout)]).toEqual([0, [["rule-echo"]]]);
    bench.world.changeRule("rule-echo", { title: "printed", query: "something else" });
    const after = await check(lab, "--siem", "office@lab");
    expect([after.status, findingsOf(after.stdout)]).toEqual([1, [["rule-echo", "renamed", "changed"]]]);
    const elsewhere = await check(lab, "--siem", "office");
    expect([elsewhere.status, findingsOf(elsewhere.stdout)]).toEqual([
      1,
      [["rule-off", "disabled", "unrecorded"]],
    ]);
  });
});
