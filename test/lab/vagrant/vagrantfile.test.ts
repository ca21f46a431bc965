import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";

const repository = resolve(import.meta.dirname, "../../..");
const noVagrant =
  spawnSync("sh", ["-c", "command -v vagrant"]).status === 0
    ? null
    : "vagrant is absent (apt-get install --no-install-recommends vagrant vagrant-libvirt)";

describe("the Vagrantfile", skippedFor(noVagrant), () => {
  let folder: string;
  const validate = (environment: Record<string, string> = {}): [number | null, string] => {
    const { status, stdout, stderr } = spawnSync("vagrant", ["validate"], {
      cwd: repository,
      encoding: "utf8",
      env: {
        ...{ PATH: process.env["PATH"] ?? "", HOME: folder, VAGRANT_HOME: join(folder, "home") },
        ...{ VAGRANT_DOTFILE_PATH: join(folder, "dot"), VAGRANT_CHECKPOINT_DISABLE: "1" },
        ...environment,
      },
    });
    return [status, `${stdout}${stderr}`];
  };

  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tyrian-vagrantfile-"))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is valid, and its secrets are for their owner alone", () => {
    expect(validate()).toEqual([0, expect.stringContaining("validated successfully")]);
    expect(statSync(join(folder, "dot/tyrian/lab-token")).mode & 0o777).toBe(0o600);
  });

  test("is valid with sizes by variables and by a file; a machine that there is not is refused", () => {
    const file = join(folder, "own.yml");
    writeFileSync(file, "tyrian-linux: { memory: 512 }\n");
    const own = { TYRIAN_LAB_MACHINES: file, TYRIAN_LAB_LINUX_CPUS: "2", TYRIAN_LAB_SIEM: "wazuh" };
    expect(validate(own)[0]).toBe(0);
    writeFileSync(file, "tyrian-toaster: { memory: 512 }\n");
    expect(validate(own)).toEqual([1, expect.stringContaining("tyrian-toaster, which is no machine")]);
    expect(validate({ TYRIAN_LAB_SIEM: "bogus" })[0]).toBe(1);
  });
});

const provision = resolve(repository, "lab/vagrant/provision");
const scripts = readdirSync(provision)
  .filter((name) => name.endsWith(".sh"))
  .map((name) => join(provision, name));

test.each([...scripts, ...["box/build.sh", "follow.sh"].map((name) => resolve(provision, "..", name))])(
  "%s is a script for any POSIX shell",
  (script) => {
    for (const shell of ["sh", "bash"]) expect(spawnSync(shell, ["-n", script]).status).toBe(0);
  },
);
