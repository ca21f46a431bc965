import { z } from "zod";
import { type ExecutionLog, heldTo } from "./log.js";
import type { RecordedExecution } from "./schema.js";

const time = z.iso.datetime(
  "expected a time such as 2026-11-24T20:15:00Z; before version 4.1 Caldera wrote the server's local time, without saying which that is",
);

const reportSchema = z.object({
  name: z.string(),
  host_group: z.array(z.object({ paw: z.string(), host: z.string().min(1) })),
  steps: z.record(
    z.string(),
    z.object({
      steps: z.array(
        z.object({
          ability_id: z.string(),
          name: z.string(),
          command: z.string(),
          delegated: time,
          run: time.nullish(),
          status: z.int(),
          attack: z.object({ technique_id: z.string() }),
        }),
      ),
    }),
  ),
});

/** Of a link that the agent has executed: success and error. Others were discarded, not collected, or ran out of time. */
const EXECUTED = new Set([0, 1]);

/** Whether it is an operation's report. */
export function isCaldera(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(value, "host_group") &&
    Object.hasOwn(value, "steps")
  );
}

/**
 * The steps of an operation report of Caldera (docs: "Operation Results"). A step began after it was delegated, and had ended when
 * its result came.
 */
export function calderaReport(value: unknown, file: string): ExecutionLog {
  const report = heldTo(reportSchema, value, file, "an operation report of Caldera");
  const hosts = new Map(report.host_group.map(({ paw, host }) => [paw, host]));
  const refused: string[] = [];
  const executions = Object.entries(report.steps).flatMap(([paw, { steps }]) =>
    steps.flatMap((step): RecordedExecution[] => {
      const host = hosts.get(paw);
      const command = Buffer.from(step.command, "base64").toString("utf8").trim();
      const problem =
        host === undefined
          ? `the report has no host for the agent ${paw}`
          : EXECUTED.has(step.status)
            ? command === "" && "it has no command"
            : `its status is ${step.status}: whether it was executed is not known`;
      if (host === undefined || typeof problem === "string") {
        refused.push(`${step.attack.technique_id} "${step.name}": ${String(problem)}`);
        return [];
      }
      return [
        {
          host,
          startedAt: step.delegated,
          ...(step.run === null || step.run === undefined ? {} : { endedAt: step.run }),
          command,
          name: `${step.attack.technique_id}: ${step.name}`,
          technique: step.attack.technique_id,
          guid: step.ability_id,
        },
      ];
    }),
  );
  return { recorder: "Caldera", executions, refused };
}
