import { existsSync } from "node:fs";
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

  test("what the hosts start of their own is no noise", () => {
    const noise = outcome.results.trials.flatMap(({ verdicts }) =>
      verdicts.flatMap(({ analytic, background }) => ((background?.matches ?? 0) > 0 ? [analytic] : [])),
    );
    expect(noise).toEqual([]);
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

  /** What each host says when a line is run on it; the second has mitigations. */
  const onBoth = (line: string): Promise<string[]> =>
    Promise.all(
      house.state.hosts.map(async (host) => {
        const { stdout, stderr } = await onHost(house.state, host, line);
        return stdout + stderr;
      }),
    );

  test("the proxy is the only way to the web, and lets the allowed site through with and without", async ({
    skip,
  }) => {
    const programs = ["tinyproxy", "busybox", "curl"].filter((name) => !existsSync(`/usr/bin/${name}`));
    if (programs.length > 0) skip(`programs are absent: ${programs.join(", ")}`);
    const opened = await onBoth(
      "cp /opt/gates/allowed.url /tmp/a.url && /opt/gates/opened /tmp/a.url; rm /tmp/a.url*",
    );
    expect(opened).toEqual(["fetched 4011\n", "fetched 4011\n"]);
    const past = await onBoth(
      "for at in 127.0.0.1 192.168.78.2; do curl -q -s --max-time 5 http://$at/greeting.sh; echo $?; done",
    );
    expect(past).toEqual(["7\n7\n", "7\n7\n"]);
  });

  test("the proxy's own log has what it refused", ({ skip }) => {
    if (!existsSync("/usr/bin/tinyproxy")) skip("tinyproxy is absent");
    const refusals = (host: string): string =>
      house.inside(host, "grep refused /var/log/tinyproxy.log; true");
    expect(refusals("m1")).toBe("");
    expect(refusals("m2")).toMatch(
      /Proxying refused on filtered url "http:\/\/downloads\.test\/greeting\.sh"/,
    );
  });

  test("a document that starts nothing is typeset with and without", async ({ skip }) => {
    if (!existsSync("/usr/bin/troff")) skip("troff is absent");
    const line =
      'f=$(mktemp) && echo ".tm message $((1337 * 3))" > $f; /opt/gates/typeset $f > /dev/null; rm $f';
    expect(await onBoth(line)).toEqual(["message 4011\n", "message 4011\n"]);
  });

  test("what only looks like a refusal of the proxy has failed, and was not prevented", async ({ skip }) => {
    if (!existsSync("/usr/bin/tinyproxy")) skip("tinyproxy is absent");
    const answer = String.raw`#!/bin/sh\nprintf "HTTP/1.1 403 Filtered\r\n\r\n"\n`;
    const program = "/srv/web/cgi-bin/filtered";
    house.inside(
      "m2",
      `mkdir /srv/web/cgi-bin; printf '${answer}' > ${program}; chmod 755 /srv/web/cgi-bin ${program}`,
    );
    const attempt = (site: string, path: string): string =>
      playbookOf({ program: "/opt/gates/opened", via: "file", run: `http://${site}/${path}` });
    const rules = { "rule.yml": ruleOf("rule", "{ CommandLine|contains: nothing }") };
    const run = async (playbook: string): Promise<string[]> => {
      const { results } = await house.run(playbook, rules, { selection: { targets: ["m2"] } });
      return results.trials.map(({ execution }) => `${execution.status} ${String(execution.exitCode)}`);
    };
    expect(await run(attempt("downloads.test", "greeting.sh"))).toEqual(["prevented 126"]);
    expect(await run(attempt("intranet.test", "absent.sh"))).toEqual(["failed 125"]);
    expect(await run(attempt("intranet.test", "cgi-bin/filtered"))).toEqual(["failed 125"]);
    house.inside("m2", "kill $(pidof tinyproxy)");
    expect(await run(attempt("downloads.test", "greeting.sh"))).toEqual(["failed 125"]);
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
