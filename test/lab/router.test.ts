import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { probeSensor } from "../../src/lab/embedded/index.js";
import { routerLog } from "../../src/lab/embedded/router/files.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, type Outcome, whyNoLab } from "./house.js";

const noRouter =
  whyNoLab() ?? (existsSync("/usr/lib/frr/zebra") ? null : "FRRouting is absent (apt-get install frr)");

const playbook = resolve(import.meta.dirname, "../../playbooks/T1059.008-network-device-cli");

describe("a router of the embedded lab, with FRRouting", skippedFor(noRouter), () => {
  let house: House;
  let outcome: Outcome;

  beforeAll(async () => {
    house = await openHouse(1, "root", { profile: "network" });
    outcome = await house.runFolders([playbook]);
  }, 120_000);

  afterAll(async () => await house?.close());

  const configuration = (): string => house.inside("r1", "vtysh -c 'show running-config'");
  const log = (): string => readFileSync(routerLog(house.state.folder, { name: "r1" }), "utf8");

  test("every procedure ran, was seen as expected, and its twin was not", () => {
    const seen = outcome.results.trials.map(({ procedure, twin, execution, verdicts }) => ({
      trial: `${procedure}${twin ? " (twin)" : ""}`,
      status: execution.status,
      reason: execution.reason,
      said: verdicts.map(({ outcome: word, cause }) => (word === "detected" ? word : [word, cause?.detail])),
      met: verdicts.every(({ met }) => met),
    }));
    expect(seen.filter(({ status, met }) => status !== "ran" || !met)).toEqual([]);
    expect(seen).toHaveLength(14);
    expect(seen.filter(({ said }) => said.includes("detected"))).toHaveLength(6);
  });

  test("what is typed has no exit code, what is given one-shot has vtysh's", () => {
    const codes = new Map(
      outcome.results.trials.map(({ procedure, execution }) => [procedure, execution.exitCode]),
    );
    expect([codes.get("configuration-typed"), codes.get("configuration-one-shot")]).toEqual([null, 0]);
  });

  test("it is clean afterwards, by its own configuration, and the results say that nothing was swept", () => {
    const cleanups = outcome.results.trials.map(({ cleanup }) => cleanup);
    expect(new Set(cleanups.map(({ status, detail }) => `${status}: ${detail}`))).toEqual(
      new Set(["clean: no process sweep: a network device starts no processes for what is typed"]),
    );
    expect(configuration()).not.toMatch(/maintenance-window|192\.0\.2\.0/);
  });

  test("its token is in its configuration, and in neither log nor events", () => {
    const token = readFileSync(join(house.state.folder, "token"), "utf8").trim();
    expect(configuration()).toContain(`description tyrian-lab-token ${token}`);
    expect(log()).toContain("tyrian-sentinel");
    expect(log()).not.toContain(token);
    expect(JSON.stringify(outcome.events)).not.toContain(token);
  });

  test("nothing that Tyrian typed counts as noise", () => {
    const noise = outcome.results.trials.flatMap(({ verdicts }) =>
      verdicts.map(({ background }) => background),
    );
    expect(noise.map((one) => one?.matches)).toEqual(noise.map(() => 0));
  });

  test("what somebody else types meanwhile is theirs", async () => {
    let typed = 0;
    const { results } = await house.runFolders([playbook], {
      selection: { procedures: ["routing-table"] },
      onEvent: ({ type }) => {
        if (type !== "trial-armed") return;
        house.inside("r1", "vtysh -c 'show running-config' -c 'show ip route' >/dev/null");
        typed += 1;
      },
    });
    expect(typed).toBe(2);
    expect(results.trials.map(({ verdicts }) => verdicts.map(({ outcome: word }) => word))).toEqual([
      ["detected"],
      ["quiet"],
    ]);
  });

  test("a device without the token is not acted on", async () => {
    house.inside("r1", "vtysh -c 'configure terminal' -c 'interface tyrian-lab' -c 'no description'");
    const { results } = await house.runFolders([playbook], { selection: { procedures: ["version-typed"] } });
    expect(results.trials.map(({ execution }) => [execution.status, execution.reason?.code])).toEqual([
      ["not-run", "lab-token-missing"],
      ["not-run", "lab-token-missing"],
    ]);
  });

  test("a daemon that has died is told", async () => {
    house.inside("r1", "kill -9 $(cat /var/run/frr/staticd.pid)");
    expect(await probeSensor(house.state, "r1")).toMatchObject({
      running: false,
      detail: expect.stringContaining("staticd does not live"),
    });
  });
});
