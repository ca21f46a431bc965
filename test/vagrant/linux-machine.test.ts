import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../src/lab/inventory.js";
import { skippedFor } from "../skipped.js";
import { House, repository, whyNoMachine } from "./house.js";

const execute = promisify(execFile);

/** A machine of the Vagrantfile for real: it takes minutes without KVM. Each test goes on where the one before it ended. */
describe("the Linux machine of the Vagrantfile", skippedFor(whyNoMachine()), () => {
  let folder: string;
  let house: House;
  const machine = "tyrian-linux";

  async function succeeded(said: Promise<{ status: number | null; text: string }>): Promise<string> {
    const { status, text } = await said;
    expect(status, text).toBe(0);
    return text;
  }

  async function timed<T>(what: string, work: Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await work;
    console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return result;
  }

  const onMachine = (command: string): Promise<{ status: number | null; text: string }> =>
    house.vagrant("ssh", machine, "--command", command);

  /** Waits until a command runs on the machine, and prints how it failed before. */
  async function reached(): Promise<void> {
    await expect
      .poll(
        async () => {
          const { status, text } = await onMachine("true");
          if (status !== 0) console.log(`not reached yet: ${String(status)} ${text.trim()}`);
          return status;
        },
        { timeout: 120_000, interval: 1000 },
      )
      .toBe(0);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tyrian-vagrant-"));
    house = await House.start(folder);
  });

  afterAll(async () => {
    await house.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("its box is built from Debian's archive", async () => {
    const box = join(folder, "debian12.box");
    // Not in the house, from which nothing leads to the archive.
    await timed("box built", execute("sh", [join(repository, "lab/vagrant/box/build.sh"), box]));
    const words = ["box", "add", "--name", "tyrian/debian12", "--provider", "libvirt", box];
    await succeeded(house.vagrant(...words));
    expect(statSync(box).size).toBeGreaterThan(50_000_000);
  });

  test("it comes up, and agents/linux reports from it", async () => {
    const said = await timed("up and provisioned", succeeded(house.vagrant("up", machine)));
    expect(said).toContain("nothing is missing");
  });

  test("what breaks is found there, and repaired", async () => {
    const broken = await onMachine("sudo auditctl -D; sudo sh /opt/tyrian/agent/check.sh");
    expect(broken.status).toBe(1);
    expect(broken.text).toContain("missing: the kernel has not the rule");
    const repaired = "sudo sh /opt/tyrian/agent/install.sh && sudo sh /opt/tyrian/agent/check.sh";
    expect(await succeeded(onMachine(repaired))).toContain("nothing is missing");
  });

  test("it has no way out, and its token is the lab's", async () => {
    expect((await onMachine("ip route get 1.1.1.1")).text).toContain("No route to host");
    const token = readFileSync(join(folder, "dot/tyrian/lab-token"), "utf8").trim();
    expect(token.length).toBeGreaterThan(16);
    const planted = await succeeded(
      onMachine("cat /etc/tyrian/lab-token | sha256sum; stat -c %a /etc/tyrian/lab-token"),
    );
    expect(planted).toMatch(/644/);
  });

  test("its inventory is imported, and procedures that run there are detected, their twins quiet", async () => {
    const file = join(folder, "lab.yaml");
    const said = await timed("imported", succeeded(house.tyrian("lab", "import", "vagrant", "--out", file)));
    expect(said).toContain(`${machine} linux ssh vagrant@`);
    const inventory = await loadInventory(file);
    expect(inventory.targets.map(({ name, platform }) => [name, platform])).toEqual([[machine, "linux"]]);

    const log = join(folder, "telemetry", `${machine}.json`);
    const follower = house.spawn("sh", ["lab/vagrant/follow.sh", machine, log]);
    try {
      await expect.poll(() => existsSync(log) && statSync(log).size, { timeout: 60_000 }).toBeGreaterThan(0);
      const playbook = "playbooks/T1059.004-unix-shell";
      const words = ["run", playbook, "--lab", file, "--out", join(folder, "runs"), "--json"];
      const run = await timed(
        "run",
        house.run(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...words]),
      );
      const results = JSON.parse(
        run.text.slice(run.text.indexOf("{\n"), run.text.lastIndexOf("\n}") + 2),
      ) as {
        trials: {
          fidelity: string;
          execution: { status: string };
          verdicts: { outcome: string; met: boolean; cause: unknown }[];
          cleanup: { status: string };
        }[];
      };
      const ran = results.trials.filter(({ execution }) => execution.status === "ran");
      const verdicts = ran.flatMap((trial) => trial.verdicts);
      console.log(`ran ${ran.length} of ${results.trials.length} trials`);
      expect(ran.length).toBeGreaterThan(20);
      expect(verdicts.filter(({ met }) => !met)).toEqual([]);
      expect([...new Set(verdicts.map(({ outcome }) => outcome))]).toEqual(
        expect.arrayContaining(["detected", "quiet"]),
      );
      expect([...new Set(ran.map(({ fidelity, cleanup }) => `${fidelity} ${cleanup.status}`))]).toEqual([
        "native clean",
      ]);
    } finally {
      follower.kill();
    }
  });

  test("a snapshot brings it back to what it was", async () => {
    await timed("snapshot", succeeded(house.vagrant("snapshot", "save", machine, "clean")));
    await succeeded(onMachine("touch dirty && sync"));
    await timed(
      "restored",
      succeeded(house.vagrant("snapshot", "restore", "--no-provision", machine, "clean")),
    );
    // The first ssh to a restored machine ended with 255 in each of four runs, the next one a second later did not.
    await timed("reached again", reached());
    const { status, text } = await onMachine("test -e dirty");
    expect(status, text).toBe(1);
  });

  test("it is destroyed, and nothing can be imported any more", async () => {
    await timed("destroyed", succeeded(house.vagrant("destroy", "--force", machine)));
    const said = await house.tyrian("lab", "import", "vagrant", "--out", join(folder, "none.yaml"));
    expect(said.status).toBe(3);
    expect(said.text).toContain("no machine that could be a target is up");
  });
});
