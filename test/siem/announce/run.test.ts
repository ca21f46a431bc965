import { afterAll, expect, test } from "vitest";
import { tyrian } from "../../cli/tyrian.js";
import { WebhookStandIn } from "../../siem-servers/webhook.js";
import { openElasticBench, SECRET } from "../connector/benches.js";
import { type OwnLab, ownLab, Sensor } from "../connector/lab.js";

/** `tyrian run` on a host of one's own, with a SOC that wants to be told. */

const closers: (() => Promise<unknown> | void)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const KEY = "TYRIAN_TEST_RUN_HOOK";

async function announced(need: string): Promise<{ readonly lab: OwnLab; readonly hook: WebhookStandIn }> {
  const bench = await openElasticBench();
  const hook = new WebhookStandIn();
  await hook.start();
  const delivery = { longestLagSeconds: 1, longestAlertLagSeconds: 0 };
  const lab = ownLab(
    { office: { ...bench.given, delivery } },
    { [SECRET]: bench.standIn.token, [KEY]: hook.token },
  );
  closers.push(
    () => bench.close(),
    () => hook.stop(),
    lab.remove,
  );
  const place = { kind: "webhook", name: "soc", url: `${hook.url}/hooks/soc`, secret: `env:${KEY}` };
  lab.configure({ announce: { need, contact: "lab@example.org", places: [place] } });
  const sensor = new Sensor(lab, bench.world, (act) => void bench.world.raise("rule-echo", Date.now(), act));
  bench.standIn.beforeAnswer = () => {
    sensor.ship();
    bench.world.evaluated("rule-echo", Date.now() - 10, Date.now());
  };
  return { lab, hook };
}

const run = ({ folder, environment }: OwnLab) =>
  tyrian(
    ["run", "playbook", "--lab", "inventory.yaml", "--siem", "office", "--json", "--procedure", "seen"],
    { cwd: folder, environment },
  );

test.concurrent("the SOC is told before the first act and after the last", async () => {
  const { lab, hook } = await announced("required");
  const actsSeen: number[] = [];
  hook.beforeAnswer = () => void actsSeen.push(lab.executed().length);
  const { status, stderr } = await run(lab);
  expect(status, stderr).toBe(0);
  expect(actsSeen).toEqual([0, 1]);
  expect(hook.taken).toMatchObject([
    {
      type: "tyrian.run.begins",
      data: {
        hosts: ["web-1"],
        techniques: ["T1059.004"],
        trials: 1,
        contact: "lab@example.org",
        ended: null,
      },
    },
    { type: "tyrian.run.ended", data: { ended: "completed" } },
  ]);
  const [begins, ended] = hook.taken;
  expect(Date.parse(begins?.data.to ?? "")).toBeGreaterThanOrEqual(Date.parse(ended?.data.to ?? ""));
});

test.concurrent("where the SOC cannot be told, nothing is run", async () => {
  const { lab, hook } = await announced("required");
  hook.misbehave({ type: "status", status: 503 });
  const { status, stderr } = await run(lab);
  expect(status).toBe(3);
  expect(stderr).toContain("announce-failed");
  expect(stderr).toContain("soc: an announcement (POST)");
  expect(lab.executed()).toEqual([]);
});

test.concurrent("where that is only wanted, the run begins with a warning", async () => {
  const { lab, hook } = await announced("wanted");
  hook.misbehave({ type: "status", status: 503 });
  const { status, stderr } = await run(lab);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("that the run begins was not told soc");
  expect(lab.executed()).toHaveLength(1);
});
