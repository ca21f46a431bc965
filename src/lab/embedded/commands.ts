import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { TyrianError } from "../../errors.js";

/** An ordinary user's PATH often lacks the folders where `ip`, `sshd` and `auditctl` are. */
const PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
  .filter((part) => part !== "")
  .join(delimiter);

/** The environment of every command of the lab: no variables of the caller's but what programs need. */
export function commandEnvironment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH, LC_ALL: "C", ...more };
}

/** The absolute path of a program, or null. */
export function findProgram(name: string): string | null {
  for (const folder of PATH.split(delimiter)) {
    if (!folder.startsWith("/")) continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

interface CommandOptions {
  readonly input?: string;
  /** Milliseconds; then the command is killed and counts as failed. Default 10 s. */
  readonly deadlineMs?: number;
  readonly environment?: Record<string, string>;
}

interface CommandResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Never rejects for what the command did, nor when it is not installed. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(program, parameters, {
    reject: false,
    extendEnv: false,
    env: commandEnvironment(options.environment),
    timeout: options.deadlineMs ?? 10_000,
    killSignal: "SIGKILL",
    cwd: "/",
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  const failure = result.failed && result.exitCode === undefined ? (result.shortMessage ?? "failed") : "";
  return {
    ok: !result.failed,
    stdout: typeof result.stdout === "string" ? result.stdout : "",
    stderr: [typeof result.stderr === "string" ? result.stderr : "", failure]
      .filter((part) => part !== "")
      .join("\n"),
  };
}

/**
 * Runs a command that must succeed.
 * @throws TyrianError `lab-failed` with what the command said.
 */
export async function must(
  program: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(program, parameters, options);
  if (!result.ok) {
    const said = result.stderr.trim() || result.stdout.trim() || "it said nothing";
    throw new TyrianError(
      "lab-failed",
      `${program} ${parameters.slice(0, 3).join(" ")} failed: ${said.slice(0, 2000)}`,
    );
  }
  return result.stdout;
}
