import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { auditRules, auditStatus, SENSOR_LOCK } from "../../../src/lab/embedded/audit.js";
import { lockFolder } from "../../../src/lab/embedded/lock.js";
import { execute, whyNoRootLab } from "../helpers.js";

const agent = resolve(import.meta.dirname, "../../../agents/linux");

/** What each step of linux-agent.sh printed, by its name. */
function stepsOf(text: string): Map<string, string> {
  return new Map(
    text
      .split("== ")
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]),
  );
}

test("agents/linux is installed, checked, broken, repaired and uninstalled, without systemd", async ({
  skip,
}) => {
  const noLab = await whyNoRootLab();
  skip(noLab !== null, noLab ?? "");
  skip(!existsSync("/usr/sbin/laurel"), "laurel is absent (apt-get install laurel)");
  skip(existsSync("/run/systemd/system"), "systemd runs here: npm run test:vagrant tries that way");
  const lock = await lockFolder(SENSOR_LOCK, 60_000);
  const folder = mkdtempSync(join(tmpdir(), "tyrian-agent-"));
  try {
    const before = await auditStatus();
    skip(before?.pid !== 0 || (await auditRules())?.length !== 0, "audit is in use on this machine");
    const layers = join(folder, "layers");
    mkdirSync(layers);
    const script = join(import.meta.dirname, "linux-agent.sh");
    const { stdout } = await execute("unshare", [
      ...["--mount", "--propagation", "private", "sh", script, agent, layers],
    ]);
    const steps = stepsOf(stdout);

    expect(steps.get("check-before")).toMatch(/missing: auditd does not run[^]*status 1/);
    expect(steps.get("install")).toMatch(/started: auditd[^]*status 0/);
    expect(steps.get("install-again")).toBe(`now: sh ${agent}/check.sh\nstatus 0\n`);
    expect(steps.get("check")).toBe("nothing is missing\nstatus 0\n");
    for (const broken of ["config.toml is not", "has not the rule", "too many", "not in /var/log/laurel"])
      expect(steps.get("check-broken")).toContain(broken);
    expect(steps.get("check-broken")).toMatch(/status 1\n$/);
    expect(steps.get("repair")).toMatch(/read again: auditd's plugins[^]*loaded: [^]*status 0/);
    expect(steps.get("check-repaired")).toBe("nothing is missing\nstatus 0\n");
    expect(steps.get("uninstall")).toMatch(/^removed[^]*status 0/);
    expect(steps.get("rules")).toContain("No rules");
    expect(steps.get("uninstall-again")).toBe("nothing is installed\nstatus 0\n");
    // The package's own configuration of laurel is there again, and nothing else.
    expect(
      steps
        .get("left")
        ?.match(/^\/.*$/gm)
        ?.map((file) => file.slice(layers.length)),
    ).toEqual(["/etc/laurel/config.toml"]);
    expect(await auditStatus()).toMatchObject({ pid: 0, enabled: before?.enabled });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await lock.release();
  }
});
