import { analyseCode } from "../../src/playbook/effects/analyse.js";
import type { Language } from "../../src/playbook/language.js";

/** Files of the procedure in these tests. */
const files = new Map([
  ["a.sh", "echo hi\n"],
  ["b.txt", "curl http://x\n"],
  ["tool", "#!/usr/bin/env python3\nimport socket\n"],
  ["helper.py", "import socket\n"],
]);

/** The effects that a code has, sorted; `syntax` for a code that cannot be parsed. */
export async function effectsOf(language: Language, program: string, code: string, viaStdin = false): Promise<string[]> {
  const { findings } = await analyseCode({ language, program, code, work: "/tyrian/work", files, viaStdin });
  return [...new Set(findings.map((finding) => (finding.kind === "effect" ? finding.effect : "syntax")))].sort();
}
