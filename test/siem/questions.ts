import type { Alert } from "../../src/model/alert.js";
import type { Answer, Canary, Siem } from "../../src/siem/siem.js";

/** The sentinels of one trial. */
export async function canaryOf(siem: Siem, host: string, trial: string): Promise<Answer<Canary>> {
  const answer = await siem.canaries([{ host, trial }]);
  const [value] = answer.value;
  if (value === undefined) throw new Error("a canary was asked for and none was answered");
  return { ...answer, value };
}

/** Alerts of any rule that name one host. */
export async function alertsOf(siem: Siem, host: string, from: number, to: number): Promise<Answer<Alert[]>> {
  return await siem.alerts({ rules: [], hosts: [host], from, to });
}
