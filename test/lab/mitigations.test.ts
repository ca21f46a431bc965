import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { skippedFor } from "../skipped.js";
import { onHost } from "./helpers.js";
import { type House, openHouse, type Outcome, whyNoLab } from "./house.js";
import { playbookOf, ruleOf } from "./playbooks.js";

const folder = resolve(import.meta.dirname, "../../playbooks/mitigations");
const { playbooks } = await loadPlaybooks([folder]);
const procedures = playbooks
  .flatMap((playbook) => playbook.procedures)
  .filter(({ platforms }) => platforms.includes("linux"));

describe("a pair of hosts, of which the second has mitigations switched on", skippedFor(whyNoLab()), () => {
  let house: House;
  let outcome: Outcome;

  beforeAll(async () => {
    house = await openHouse(2, "root", { profile: "mitigations" });
    outcome = await house.runFolders([folder]);
  }, 60_000);

  afterAll(async () => await house?.close());

  for (const { id, expect: expectations } of procedures)
    test(`${id} runs without and is prevented with`, ({ skip }) => {
      const own = outcome.results.trials.filter(({ procedure }) => procedure === id);
      expect(own.map(({ target }) => target).sort()).toEqual(["m1", "m2"]);
      if (own.every(({ execution }) => execution.reason?.code === "requirement-absent")) {
        skip(own[0]?.execution.reason?.message ?? "a requirement is absent");
      }
      const seen = new Map(
        own.map(({ target, execution, verdicts }) => [
          target,
          {
            status: execution.status,
            control: execution.control,
            unmet: verdicts.filter(({ met }) => !met).map(({ analytic, outcome: word }) => [analytic, word]),
          },
        ]),
      );
      const control = expectations[0]?.preventedBy?.control;
      expect(seen.get("m1")).toEqual({ status: "ran", control: undefined, unmet: [] });
      expect(seen.get("m2")).toEqual({ status: "prevented", control, unmet: [] });
    });

  test("what a gate should let through runs with and without", async () => {
    const scripts = house.state.hosts.map((host) =>
      onHost(house.state, host, "/opt/gates/verified /opt/gates/greeting.sh"),
    );
    expect((await Promise.all(scripts)).map(({ stdout }) => stdout)).toEqual([
      "signed 4011\n",
      "signed 4011\n",
    ]);
  });

  test("what only looks like a refusal has failed, and was not prevented", async () => {
    const gate = (name: string): { program: string } => ({ program: `/opt/gates/${name}` });
    const attempts = playbookOf(
      { id: "absent-program", run: "/tmp/absent" },
      { id: "own-exit-code", run: "exit 126" },
      {
        id: "message-by-another",
        run: `echo "verified: $0 is not signed by a trusted signer" >&2; exit 126`,
      },
      {
        id: "message-by-a-builtin",
        ...gate("guest-shell"),
        run: `echo "/bin/rbash: line 1: /usr/bin/perl: restricted: cannot specify \\\`/' in command names" >&2; exit 1`,
      },
      {
        id: "message-by-what-was-let-through",
        ...gate("scanned"),
        via: "file",
        run: `echo "scanned: $0 holds what the scanner knows" >&2; exit 126`,
      },
      { id: "killed", run: "kill -9 $$" },
      { id: "refused-and-went-on", run: "/usr/bin/tclsh; /bin/false" },
    );
    const rules = { "rule.yml": ruleOf("rule", "{ CommandLine|contains: nothing }") };
    const { results } = await house.run(attempts, rules, { selection: { targets: ["m2"] } });
    const seen = results.trials.map(({ procedure, execution }) => `${procedure}: ${execution.status}`);
    expect(seen.filter((line) => !line.endsWith(": failed"))).toEqual([]);
    expect(seen).toHaveLength(7);
    const said = results.trials.map(({ execution }) => execution.stderr.trim());
    expect(said.filter((line) => /^\/bin\/rbash: line 1: .* in command names$/.test(line))).toHaveLength(1);
    expect(said.filter((line) => /^scanned: /.test(line))).toHaveLength(1);
  });
});
