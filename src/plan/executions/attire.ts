import { z } from "zod";
import { type ExecutionLog, heldTo } from "./log.js";
import type { RecordedExecution } from "./schema.js";

/** PowerShell's `-UFormat` may leave its plus sign in front. */
const time = z
  .string()
  .transform((text) => text.replace(/^\+/, ""))
  .pipe(z.iso.datetime({ offset: true, error: "expected a time such as 2026-11-24T20:15:00.000Z" }));

const logSchema = z.object({
  "execution-data": z.object({
    "execution-source": z.string().default("an ATTiRe logger"),
    target: z.object({ host: z.string().min(1) }),
  }),
  procedures: z.array(
    z.object({
      "mitre-technique-id": z.string(),
      "procedure-name": z.string(),
      "procedure-id": z.object({ type: z.string(), id: z.string().nullish() }).optional(),
      steps: z.array(z.object({ "time-start": time, "time-stop": time, command: z.string() })),
    }),
  ),
});

/** Whether it is an ATTiRe log (github.com/SecurityRiskAdvisors/attire, version 1.1). */
export function isAttire(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "attire-version");
}

/** The steps of an ATTiRe log, all on the one target that it names. */
export function attireLog(value: unknown, file: string): ExecutionLog {
  const { "execution-data": data, procedures } = heldTo(logSchema, value, file, "an ATTiRe log");
  const refused: string[] = [];
  const executions = procedures.flatMap((procedure) => {
    const { "mitre-technique-id": technique, "procedure-name": name, "procedure-id": id, steps } = procedure;
    return steps.flatMap((step): RecordedExecution[] => {
      const command = step.command.trim();
      if (command === "") {
        refused.push(`${technique} "${name}": it has no command`);
        return [];
      }
      const guid = id?.type === "guid" ? id.id : null;
      return [
        {
          host: data.target.host,
          startedAt: step["time-start"],
          endedAt: step["time-stop"],
          command,
          name: `${technique}: ${name}`,
          technique,
          ...(guid === null || guid === undefined ? {} : { guid }),
        },
      ];
    });
  });
  return { recorder: data["execution-source"], executions, refused };
}
