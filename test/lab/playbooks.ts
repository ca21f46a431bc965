import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ProcedureText {
  readonly id?: string;
  readonly run: string;
  readonly program?: string;
  readonly via?: string;
  readonly files?: string;
  readonly effects?: string;
  readonly proof?: string;
  readonly cleanup?: string;
  readonly expect?: string;
  readonly twin?: string;
  readonly timeout?: number;
}

/** A playbook with one procedure for each text. `analytics/rule.yml` is expected to detect, unless said otherwise. */
export function playbookOf(...procedures: ProcedureText[]): string {
  const blocks = procedures.map(
    (procedure, index) => `
  - id: ${procedure.id ?? `procedure-${index + 1}`}
    guid: 00000000-0000-4000-8000-${String(index).padStart(12, "0")}
    name: Procedure ${index + 1}
    platforms: [linux]
    interpreter: { program: ${procedure.program ?? "bash"}, via: ${procedure.via ?? "argument"} }
    run: |
${procedure.run.replaceAll(/^/gm, "      ")}
    files: ${procedure.files ?? "[]"}
    effects: ${procedure.effects ?? "[]"}
    timeout: ${procedure.timeout ?? 20}
    proof: ${procedure.proof ?? "{ stdout: { contains: done } }"}
    cleanup: ${procedure.cleanup ?? "none"}
    expect: ${procedure.expect ?? "[ { analytic: analytics/rule.yml } ]"}
    ${procedure.twin === undefined ? "" : `twin: ${procedure.twin}`}`,
  );
  return `id: test
technique: T1059.004
name: Test
procedures:${blocks.join("")}
`;
}

/** A Sigma rule over Linux process creation with one selection. */
export function ruleOf(id: string, selection: string): string {
  return `title: Rule ${id}
id: ${id}
status: test
description: For a test.
logsource: { product: linux, category: process_creation }
detection:
  selection: ${selection}
  condition: selection
level: high
`;
}

export function writePlaybook(folder: string, playbook: string, rules: Record<string, string>): void {
  mkdirSync(join(folder, "analytics"), { recursive: true });
  writeFileSync(join(folder, "playbook.yaml"), playbook);
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, "analytics", name), text);
}
