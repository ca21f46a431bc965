/**
 * A run that kills its own process with SIGKILL right after a given journal event: the crash that recovery is for.
 * Arguments: playbook folder, runs folder, event type. The state folder is in XDG_STATE_HOME; the lab there is up.
 */
import { join } from "node:path";
import { chooseLab } from "../../src/cli/lab-choice.js";
import { executeRun } from "../../src/cli/run-session.js";
import { embeddedSiem } from "../../src/cli/siem-choice.js";
import { loadAnalytics } from "../../src/plan/analytics.js";
import { newRunId } from "../../src/plan/identity.js";
import { buildPlan } from "../../src/plan/plan.js";
import { loadPlaybooks } from "../../src/playbook/load.js";

const [source = "", runs = "", type = ""] = process.argv.slice(2);
const signal = new AbortController().signal;
const { playbooks } = await loadPlaybooks([source]);
const analytics = await loadAnalytics(playbooks);
const lab = await chooseLab({ targets: "none", signal });
const run = newRunId(new Date());
const plan = buildPlan({
  run,
  playbooks,
  analytics,
  inventory: lab.inventory,
  selection: { targets: ["h1"] },
  siem: "embedded",
  labIdentity: lab.identity,
});
await executeRun({
  siem: embeddedSiem,
  plan,
  title: "killed",
  lab,
  rules: analytics.rules,
  folder: join(runs, run),
  concurrency: 1,
  signal,
  onEvent: (event) => {
    if (event.type === type) process.kill(process.pid, "SIGKILL");
    // While the act runs there is no event: killed in the middle of it.
    if (type === "act" && event.type === "trial-armed")
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 700);
  },
  onWarning: () => undefined,
});
