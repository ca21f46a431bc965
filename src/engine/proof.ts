import type { ProofResult } from "../model/execution.js";
import type { Proof, TextCheck } from "../model/playbook.js";

/** What there is to compare: the act's output, and the output of the proof's own command when it has one. */
export interface ProofMaterial {
  readonly exitCode: number | null;
  /** The target gives none: a network device says in words what it refused, and `stderr` holds that. */
  readonly withoutExitCode?: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Null when the command did not end well. */
  readonly command: string | null;
  /** Why it is null, for the reader; that it could not be run when absent. */
  readonly commandProblem?: string;
}

type Check = ProofResult["checks"][number];

/** Longest piece of output that a check quotes, in characters. */
const QUOTED = 200;

/** Compares everything that the proof names. Every check must hold; each says what it wanted and what it found. */
export function checkProof(proof: Proof, material: ProofMaterial): ProofResult {
  const checks: Check[] = [
    material.withoutExitCode !== true || material.exitCode !== null
      ? {
          check: "exit code",
          wanted: String(proof.exitCode),
          found: material.exitCode === null ? "none" : String(material.exitCode),
          met: material.exitCode === proof.exitCode,
        }
      : {
          check: "refusals",
          wanted: "none",
          found: material.stderr.trim() === "" ? "none" : excerpt(material.stderr),
          met: material.stderr.trim() === "",
        },
    ...textChecks("stdout", proof.stdout, material.stdout, ""),
    ...textChecks("stderr", proof.stderr, material.stderr, ""),
    ...textChecks(
      "proof command",
      proof.command?.stdout,
      material.command,
      material.commandProblem ?? "could not be run",
    ),
  ];
  return { met: checks.every((check) => check.met), checks };
}

/** @param problem what to show when there is no text to compare. */
function textChecks(
  name: string,
  check: TextCheck | undefined,
  found: string | null,
  problem: string,
): Check[] {
  if (check === undefined) return [];
  const shown = found === null ? problem : excerpt(found);
  const result = (kind: string, wanted: string, met: boolean): Check => ({
    check: `${name} ${kind}`,
    wanted: excerpt(wanted),
    found: shown,
    met: found !== null && met,
  });
  const text = found ?? "";
  const checks: Check[] = [];
  // Most programs end their output with a line feed that nobody writes into a playbook.
  if (check.equals !== undefined) {
    checks.push(result("equals", check.equals, text === check.equals || text === `${check.equals}\n`));
  }
  if (check.contains !== undefined)
    checks.push(result("contains", check.contains, text.includes(check.contains)));
  if (check.matches !== undefined)
    checks.push(result("matches", check.matches, matches(check.matches, text)));
  return checks;
}

/** Lint refuses a wrong expression; should one come here all the same, it proves nothing, and the act is still cleaned up. */
function matches(expression: string, text: string): boolean {
  try {
    return new RegExp(expression, "m").test(text);
  } catch {
    return false;
  }
}

function excerpt(text: string): string {
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}... (${text.length} characters)` : text;
}
