import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Debian's own Python: its packages are not in another one's path. */
const python = "/usr/bin/python3";
const cache = resolve(import.meta.dirname, "../../../node_modules/.cache/tyrian-peers");
const RUN_MS = 100_000;
const BUILD_MS = 600_000;
const run = promisify(execFile);

/** Why pywinrm cannot be a peer here; null when it can. */
export const noPywinrm: string | null =
  spawnSync(python, ["-c", "import winrm, requests_ntlm"]).status === 0
    ? null
    : "pywinrm is not installed (apt-get install python3-winrm)";

/** What a client says of one command. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What pywinrm is asked to do: the arguments of its `Protocol` and of `open_shell`, and commands with their arguments. */
export interface PywinrmSession {
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly shell?: Readonly<Record<string, unknown>>;
  readonly commands: readonly (readonly [line: string, words: readonly string[]])[];
}

/** Runs a session of pywinrm. Its NTLM needs MD4, which OpenSSL 3 has in its legacy provider alone. */
export async function pywinrm(
  session: PywinrmSession,
  opensslConfiguration: string,
): Promise<{ readonly commands: readonly Outcome[]; readonly error: string | null }> {
  const running = run(python, [join(import.meta.dirname, "session.py")], {
    env: { ...process.env, OPENSSL_CONF: opensslConfiguration, NO_PROXY: "*" },
    timeout: RUN_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  running.child.stdin?.end(JSON.stringify({ shell: {}, ...session }));
  return JSON.parse((await running).stdout) as Awaited<ReturnType<typeof pywinrm>>;
}

export const legacyOpenssl = [
  "openssl_conf = start",
  "[start]",
  "providers = both",
  "[both]",
  "default = on",
  "legacy = on",
  "[on]",
  "activate = 1",
].join("\n");

const goPath = "/usr/share/gocode";
const goSource = join(import.meta.dirname, "session.go");

/** Why masterzen/winrm cannot be a peer here; null when it can. */
export const noMasterzen: string | null =
  spawnSync("go", ["version"]).status !== 0
    ? "there is no Go compiler (apt-get install golang-go)"
    : existsSync(join(goPath, "src/github.com/masterzen/winrm"))
      ? null
      : "masterzen/winrm is not installed (apt-get install golang-github-masterzen-winrm-dev)";

/** Builds the session of masterzen/winrm from Debian's sources, once. */
export async function buildMasterzen(): Promise<string> {
  const version = createHash("sha256").update(readFileSync(goSource)).digest("hex").slice(0, 12);
  const program = join(cache, `masterzen-${version}`);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  await run("go", ["build", "-p", "1", "-o", program, goSource], {
    env: {
      ...process.env,
      GO111MODULE: "off",
      GOPATH: goPath,
      GOFLAGS: "",
      GOCACHE: join(cache, "go-build"),
    },
    timeout: BUILD_MS,
  });
  return program;
}

/** Runs a session of masterzen/winrm. */
export async function masterzen(
  program: string,
  account: { readonly user: string; readonly password: string },
  words: readonly string[],
): Promise<(Outcome & { readonly error: string | null })[]> {
  const { stdout } = await run(program, words, {
    env: { ...process.env, PEER_USER: account.user, PEER_PASSWORD: account.password },
    timeout: RUN_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome & { error: string | null });
}
