import { createServer } from "node:net";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examineMachine } from "../../src/lab/doctor.js";
import { probeContainers, probeQueue } from "../../src/lab/doctor/probes.js";
import { versionIn } from "../../src/lab/doctor/programs.js";
import { auditUnusable } from "../../src/lab/embedded/audit.js";
import { rootDemo } from "./fake-machine.js";

const isRoot = process.getuid?.() === 0;

let folder: string;
let bin: string;
let state: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-doctor-test-"));
  bin = join(folder, "bin");
  mkdirSync(bin);
  state = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = join(folder, "state");
});
afterEach(() => {
  if (state === undefined) delete process.env["XDG_STATE_HOME"];
  else process.env["XDG_STATE_HOME"] = state;
  rmSync(folder, { recursive: true, force: true });
});

function script(name: string, body: string): string {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("the whole report", () => {
  test("names every missing program and one command for all of them", async () => {
    const report = await examineMachine({ environment: { PATH: bin }, systemFolders: [bin] });
    expect(report.ready).toBe(false);
    expect(report.requirements.filter(({ path }) => path !== null)).toEqual([]);
    const packages = [
      ...new Set(
        report.requirements.flatMap((each) => (each.needed && each.package !== null ? [each.package] : [])),
      ),
    ];
    expect(packages).toContain("redis-server");
    expect(report.installCommand).toBe(
      `${isRoot ? "" : "sudo "}apt-get install -y --no-install-recommends ${packages.join(" ")}`,
    );
    expect(report.lab).toEqual({
      kind: null,
      reason: expect.stringContaining("missing: sshd, ssh-keygen") as string,
    });
  });

  test("names a missing pwsh, which only targets of one transport need, and finds one that is there", async () => {
    const examine = async () => await examineMachine({ environment: { PATH: bin }, systemFolders: [bin] });
    expect((await examine()).powershell).toEqual({
      usable: false,
      detail: expect.stringContaining("pwsh is missing. Install PowerShell 7.4 or later") as string,
    });
    const path = script("pwsh", "exit 0");
    expect((await examine()).powershell).toEqual({ usable: true, detail: path });
  });

  test("says why containers cannot run: programs are missing, or user namespaces are", async () => {
    const containers = async () => await probeContainers(false, [bin]);
    script("podman", "exit 0");
    expect(await containers()).toEqual({
      usable: false,
      detail:
        "T1059.013 is skipped without crun, busybox: apt-get install -y --no-install-recommends crun busybox",
    });
    for (const program of ["crun", "busybox"]) script(program, "exit 0");
    script("unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1");
    expect(await containers()).toEqual({
      usable: false,
      detail:
        "T1059.013 is skipped: no user namespaces for ordinary users: unshare failed: Operation not permitted",
    });
    script("unshare", "exit 0");
    expect((await containers()).usable).toBe(true);
  });

  test("finds programs with their versions, and a missing interpreter does not forbid the lab", async () => {
    for (const { program } of rootDemo) script(program, `echo "${program} version 7.1.2p1 build 3"`);
    rmSync(join(bin, "zsh"));
    const report = await examineMachine({ environment: { PATH: "" }, systemFolders: [bin] });
    expect(report.requirements.find(({ program }) => program === "redis-server")).toMatchObject({
      path: join(bin, "redis-server"),
      version: "7.1.2p1",
      needed: true,
    });
    expect(report.requirements.find(({ program }) => program === "zsh")).toMatchObject({
      path: null,
      interpreter: true,
    });
    expect(report.installCommand).toMatch(/recommends zsh$/);
    expect(report.ready).toBe(false);
    expect(report.lab.reason).not.toContain("zsh");
    expect(report.node).toEqual({ version: process.version, range: "^20.19.0 || >=22.12.0", ok: true });
  });

  test("an interpreter that only the user's own PATH has is missing on the lab's hosts", async () => {
    const own = script("python3", "echo Python 3.12.1");
    const report = await examineMachine({ environment: { PATH: bin }, systemFolders: [] });
    expect(report.requirements.find(({ program }) => program === "python3")).toMatchObject({
      path: null,
      unusable: own,
    });
  });

  test("a program that hangs when asked for its version does not hold the report up", async () => {
    script("strace", "exec sleep 60");
    const started = Date.now();
    const report = await examineMachine({ environment: { PATH: "" }, systemFolders: [bin] });
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(report.requirements.find(({ program }) => program === "strace")).toMatchObject({
      path: join(bin, "strace"),
      version: null,
    });
  });

  test("with REDIS_URL no redis-server is needed", async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const report = await examineMachine({
        environment: { PATH: bin, REDIS_URL: `redis://user:very-secret@127.0.0.1:${port}/2` },
        systemFolders: [bin],
      });
      expect(report.queue).toEqual({ source: "url", usable: true, detail: `127.0.0.1:${port} (REDIS_URL)` });
      expect(report.installCommand).not.toContain("redis");
      expect(JSON.stringify(report)).not.toContain("very-secret");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("leaves nothing behind", async () => {
    await examineMachine();
    const left = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.includes("doctor-"));
    expect(left).toEqual([]);
  });
});

test("the lab that is told is the one that `lab up` would make", async () => {
  const [report, unusable] = [await examineMachine(), await auditUnusable()];
  expect(report.audit.usable).toBe(unusable === null);
  if (unusable !== null) expect(report.audit.detail).toBe(unusable);
  if (report.lab.kind !== null) expect(report.lab.kind).toBe(unusable === null ? "root" : "rootless");
});

describe("the queue", () => {
  test("a private server is told with its path", async () => {
    expect(await probeQueue(undefined, "/usr/bin/redis-server")).toMatchObject({
      source: "private",
      usable: true,
    });
    expect(await probeQueue("", null)).toMatchObject({ source: "none", usable: false });
  });
  test.each(["not a url", "http://127.0.0.1:1", "redis://"])(
    "a REDIS_URL that is none is refused: %s",
    async (url) => {
      expect(await probeQueue(url, "/usr/bin/redis-server")).toMatchObject({ source: "url", usable: false });
    },
  );
  test("a REDIS_URL where nobody answers is not usable, and the password is not told", async () => {
    const finding = await probeQueue("redis://:very-secret@127.0.0.1:1", null);
    expect(finding).toEqual({
      source: "url",
      usable: false,
      detail: "127.0.0.1:1 (REDIS_URL): ECONNREFUSED",
    });
  });
});

test.each([
  ["OpenSSH_9.2p1 Debian-2+deb12u10", "9.2p1"],
  ["ip utility, iproute2-6.1.0, libbpf 1.1.0", "6.1.0"],
  ["BusyBox v1.35.0 (Debian 1:1.35.0-4+b7)", "1.35.0"],
  ["GNU bash, version 5.2.15(1)-release", "5.2.15"],
  ["no version 7 here", null],
])("the version in %j", (text, expected) => {
  expect(versionIn(text)).toBe(expected);
});
