import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { targetSchema, type Target } from "../../../src/model/target.js";
import { createPowerShellTransport } from "../../../src/transport/powershell.js";
import type { ExecOptions, ExecResult, Session } from "../../../src/transport/transport.js";

/** A host key line that is well-formed, and nobody's. */
export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==";

/** A target for the transport; `changes` go into its transport settings. */
export function powershellTarget(changes: Record<string, unknown> = {}, platform = "linux"): Target {
  return targetSchema.parse({
    name: "host-1",
    platform,
    fidelity: "simulated",
    sensor: { type: "none" },
    transport: { type: "powershell", host: "127.0.0.1", user: "lab", hostKey, ...changes },
  });
}

/** What the stand-in is to do wrong; `nth` counts exchanges from 1, without it always. */
export interface Behaviour {
  readonly on: "open" | "exchange";
  readonly nth?: number;
  readonly effect: string;
  readonly [more: string]: unknown;
}

/** A pwsh on a PATH of its own that is the stand-in, and sessions through it. */
export class StandIn {
  readonly folder = mkdtempSync(join(tmpdir(), "tyrian-pwsh-"));
  readonly environment = { ...process.env, PATH: [this.folder, process.env["PATH"]].join(delimiter) };
  readonly #sessions: Session[] = [];

  constructor() {
    const file = join(this.folder, "pwsh");
    copyFileSync(join(import.meta.dirname, "stand-in-pwsh.mjs"), file);
    // Without its ending Node asks the nearest package.json whether a file is a module.
    writeFileSync(join(this.folder, "package.json"), `{ "type": "module" }`);
    chmodSync(file, 0o755);
  }

  behave(...behaviour: readonly Behaviour[]): void {
    writeFileSync(join(this.folder, "behaviour.json"), JSON.stringify(behaviour));
  }

  /** What it was given under a name, in order. */
  given(name: string): unknown[] {
    const file = join(this.folder, "record.ndjson");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((entry) => name in entry)
      .map((entry) => entry[name]);
  }

  async connect(changes: Record<string, unknown> = {}, deadlineMs = 20_000): Promise<Session> {
    return await this.connectTo(powershellTarget(changes), deadlineMs);
  }

  async connectTo(target: Target, deadlineMs = 20_000): Promise<Session> {
    const session = await createPowerShellTransport({ environment: this.environment }).connect(target, {
      deadlineMs,
    });
    this.#sessions.push(session);
    return session;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function run(
  session: Session,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> {
  return session.exec(command, { deadlineMs: 20_000, ...options });
}
