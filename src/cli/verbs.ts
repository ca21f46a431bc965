import type { Verb } from "./invocation.js";

/** The verbs, in the order in which help lists them. To add one: a module in `verbs/` and a line here. */
export const verbs: readonly Verb[] = [
  {
    name: "run",
    summary: "run procedures on the lab's hosts and judge the analytics",
    load: () => import("./verbs/run.js"),
  },
  {
    name: "plan",
    summary: "what would run, with exact commands; nothing is run",
    load: () => import("./verbs/plan.js"),
  },
  {
    name: "verify",
    summary: "ask the SIEM again about a run, or compute its verdicts again",
    load: () => import("./verbs/verify.js"),
  },
  {
    name: "cleanup",
    summary: "do the cleanups that a run still owes",
    load: () => import("./verbs/cleanup.js"),
  },
  {
    name: "kill",
    summary: "stop every run, end its processes and do every pending cleanup",
    load: () => import("./verbs/kill.js"),
  },
  {
    name: "lint",
    summary: "check playbooks and rules, with positions and suggestions",
    load: () => import("./verbs/lint.js"),
  },
  {
    name: "detect",
    summary: "match recorded events against Sigma rules",
    load: () => import("./verbs/detect.js"),
  },
  {
    name: "search",
    summary: "hunt in the telemetry of a run or in files, with SPL or Sigma; say how near it came",
    load: () => import("./verbs/search.js"),
  },
  {
    name: "rule",
    summary: "write Sigma rules as queries of a SIEM; install them there and remove them again",
    load: () => import("./verbs/rule.js"),
  },
  {
    name: "bindings",
    summary: "whether the SIEM's rules are there, enabled and as they were",
    load: () => import("./verbs/bindings.js"),
  },
  {
    name: "coverage",
    summary: "techniques, platforms and ATT&CK's analytics, and what proves each",
    load: () => import("./verbs/coverage.js"),
  },
  { name: "list", summary: "the catalogue of procedures", load: () => import("./verbs/list.js") },
  {
    name: "show",
    summary: "one playbook, procedure or technique in full",
    load: () => import("./verbs/show.js"),
  },
  {
    name: "report",
    summary: "a finished or running run as terminal text, JSON or JUnit XML",
    load: () => import("./verbs/report.js"),
  },
  { name: "history", summary: "the runs so far", load: () => import("./verbs/history.js") },
  {
    name: "lab",
    summary: "start, look at and stop the embedded lab; import one of virtual machines",
    load: () => import("./verbs/lab.js"),
  },
  {
    name: "doctor",
    summary: "what is missing on this machine, and the command that installs it",
    load: () => import("./verbs/doctor.js"),
  },
  {
    name: "schema",
    summary: "the JSON Schema of playbooks, inventories, bindings or results",
    load: () => import("./verbs/schema.js"),
  },
  {
    name: "siem",
    summary: "check a SIEM of yours; serve the embedded one to a lab of several machines",
    load: () => import("./verbs/siem.js"),
  },
  { name: "config", summary: "the configuration in effect", load: () => import("./verbs/config.js") },
];
