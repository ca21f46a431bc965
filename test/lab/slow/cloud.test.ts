import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keystoneAccount, keystoneLog } from "../../../src/lab/embedded/keystone/files.js";
import { skippedFor } from "../../skipped.js";
import { type House, openHouse, type Outcome, whyNoLab } from "../house.js";

const noCloud =
  whyNoLab() ??
  (existsSync("/usr/bin/keystone-wsgi-public") && existsSync("/usr/bin/openstack")
    ? null
    : "Keystone is absent (apt-get install keystone python3-openstackclient curl)");

const playbook = resolve(import.meta.dirname, "../../../playbooks/T1059.009-cloud-api");
const REAL_ACCOUNT = ["aws-identity", "aws-users-listed", "azure-resources-listed", "google-projects-listed"];

/** Somebody else, who makes one project after another until a file is gone. */
const COLLEAGUE = `touch /tmp/colleague-works
domain='{"id":"default"}'
login='{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"colleague","domain":'$domain',"password":"colleague"}}},"scope":{"project":{"name":"admin","domain":'$domain'}}}}'
curl -q -s -f -o /dev/null -D /tmp/colleague -H 'Content-Type: application/json' -d "$login" http://127.0.0.1:5000/v3/auth/tokens
sed -n 's/^X-Subject-Token/X-Auth-Token/p' /tmp/colleague > /tmp/colleague-token
( count=0
while [ -e /tmp/colleague-works ]; do
  count=$((count + 1))
  curl -q -s -o /dev/null -H @/tmp/colleague-token -H 'Content-Type: application/json' -d '{"project":{"name":"other-'$count'"}}' http://127.0.0.1:5000/v3/projects
  sleep 0.2
done ) > /dev/null 2>&1 < /dev/null &`;

describe("a client of a cloud in the embedded lab, with Keystone", skippedFor(noCloud), () => {
  let house: House;
  let outcome: Outcome;

  beforeAll(async () => {
    house = await openHouse(1, "root", { profile: "cloud" });
    outcome = await house.runFolders([playbook]);
  }, 600_000);

  afterAll(async () => await house?.close());

  const openstack = (command: string): string =>
    house.inside("c1", `openstack --os-cloud tyrian-lab ${command}`);
  const log = (): string => readFileSync(keystoneLog(house.state.folder, { name: "c1" }), "utf8");

  test("every procedure on Keystone ran, was seen as expected, and its twin was not", () => {
    const trials = outcome.results.trials.filter(({ procedure }) => !REAL_ACCOUNT.includes(procedure));
    const seen = trials.map(({ procedure, twin, execution, verdicts, cleanup }) => ({
      trial: `${procedure}${twin ? " (twin)" : ""}`,
      status: execution.status,
      reason: execution.reason,
      said: verdicts.map(({ outcome: word, cause }) => (word === "detected" ? word : [word, cause?.detail])),
      met: verdicts.every(({ met }) => met),
      clean: cleanup.status,
    }));
    expect(seen.filter(({ status, met, clean }) => status !== "ran" || !met || clean !== "clean")).toEqual(
      [],
    );
    expect(seen).toHaveLength(16);
    expect(seen.flatMap(({ said }) => said).filter((word) => word === "detected")).toHaveLength(12);
  });

  test("what needs a real account is skipped with the reason", () => {
    const trials = outcome.results.trials.filter(({ procedure }) => REAL_ACCOUNT.includes(procedure));
    expect(trials).toHaveLength(8);
    for (const { execution } of trials) {
      expect(execution).toMatchObject({ status: "not-run", reason: { code: "requirement-absent" } });
      expect(execution.reason?.message).toContain("a real account is needed");
    }
  });

  test("nothing that the procedures made is left in the cloud", () => {
    expect(openstack("user list -f value -c Name").trim().split("\n")).toEqual(["tyrian"]);
    expect(openstack("project list -f value -c Name").trim().split("\n")).toEqual(["admin"]);
  });

  test("the calls are the trials' by the account that is Tyrian's, and none counts as noise", () => {
    const account = keystoneAccount(house.state.folder, { name: "c1" });
    const observed = outcome.events.flatMap((event) =>
      "observation" in event && event.observation !== null ? event.observation.events : [],
    );
    const made = observed.filter(({ fields }) => fields["action"] === "created.user");
    expect(made.length).toBeGreaterThanOrEqual(4);
    expect(new Set(made.map(({ session }) => session))).toEqual(new Set([`principal ${account}`]));
    const noise = outcome.results.trials.flatMap(({ verdicts }) =>
      verdicts.map(({ background }) => background),
    );
    expect(noise.filter((one) => one !== null && one.matches !== 0)).toEqual([]);
  });

  test("neither password nor token is in the results, the events or the logs", () => {
    const password = house.inside("c1", "sed -n 's/^ *password: //p' /etc/openstack/secure.yaml").trim();
    expect(password).toMatch(/^[\w-]{32}$/);
    for (const text of [JSON.stringify(outcome), log()]) {
      expect(text).toContain("tyrian-sentinel");
      expect(text).not.toContain(password);
      // How a Fernet token begins.
      expect(text).not.toContain("gAAAA");
    }
    const command = (pid: string): string => readFileSync(join("/proc", pid, "cmdline"), "utf8");
    const lines = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return command(pid);
        } catch {
          return "";
        }
      });
    expect(lines.filter((line) => line.includes(password))).toEqual([]);
    const layer = join(house.state.folder, "hosts/c1/layer/etc");
    for (const name of ["openstack/secure.yaml", "tyrian/cloud-login.json", "tyrian/api-sentinel.conf"])
      expect(statSync(join(layer, name)).mode & 0o777, name).toBe(0o600);
  });

  test("what somebody else calls meanwhile is theirs, and a silence beside it is not proved", async () => {
    openstack("user create --domain default --project admin --password colleague colleague");
    openstack("role add --user colleague --project admin admin");
    house.inside("c1", COLLEAGUE);
    const { results } = await house.runFolders([playbook], {
      selection: { procedures: ["project-created"] },
    });
    house.inside("c1", "rm /tmp/colleague-works");
    const said = results.trials.map(({ verdicts }) => [
      verdicts[0]?.outcome,
      verdicts[0]?.cause?.link ?? null,
    ]);
    expect(said).toEqual([
      ["detected", null],
      ["undecided", "attribution"],
    ]);
    expect(results.trials.at(-1)?.verdicts[0]?.background?.matches).toBeGreaterThan(0);
  }, 120_000);

  test("without the sentinels of the API's log nothing in it is credited, and the client's own sensor still is", async () => {
    house.inside("c1", "mv /etc/tyrian/api-sentinel.conf /etc/tyrian/api-sentinel.away");
    const { results } = await house.runFolders([playbook], { selection: { procedures: ["user-created"] } });
    const words = results.trials.map(({ verdicts }) => verdicts.map(({ outcome: word }) => word));
    expect(words).toEqual([
      ["undecided", "detected"],
      ["undecided", "quiet"],
    ]);
  }, 120_000);
});
