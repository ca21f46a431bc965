import type { Mutant } from "./mutant.js";

const ask = "verify/ask.ts";
const evaluation = "verify/evaluation.ts";
const evidence = "verify/evidence.ts";
const shared = "siem/shared.ts";
const silence = "verify/silence.ts";
const witness = "verify/witness.ts";

/** What absence proves, and how the SIEM is asked. */
export const mutantsOfAbsence: readonly Mutant[] = [
  {
    name: "the SIEM's state is ignored",
    file: witness,
    from: 'if (observation.state !== "complete") {',
    to: "if (observation.state === null) {",
    redundant:
      "where records travel, agree() counts no round whose answers are not whole, so that two that agree say it already; it is needed where the SIEM reads the log (test/verify/decide.test.ts)",
  },
  {
    name: "one answer is enough",
    file: witness,
    from: "AGREEING_ANSWERS = 2",
    to: "AGREEING_ANSWERS = 1",
  },
  {
    name: "an answer that lacks what was shown is whole",
    file: evidence,
    from: "return shrunk;",
    to: "return shrunk && false;",
  },
  {
    name: "nothing may still arrive",
    file: witness,
    from: "return absentAt(observation) < observation.deadlineAt;",
    to: "return absentAt(observation) < 0;",
    redundant:
      "before the deadline ask() counts no round as agreeing while no sentinel is there, nor while numbers are missing (but for alerts without sources, which are never folded), so that decide() says nothing of absence then anyway; it stands for observations that were made otherwise (test/verify/decide.test.ts)",
  },
  {
    name: "losses of the kernel do not count",
    file: witness,
    from: "if (lost === 0) return null;",
    to: "if (lost >= 0) return null;",
  },
  {
    name: "the SIEM's clock is taken for ours",
    file: witness,
    from: "return absentAt(observation) + observation.clock.offsetMs - observation.clock.errorMs;",
    to: "return absentAt(observation);",
  },
  {
    name: "a throttle does not matter",
    file: evaluation,
    from: "if (open === undefined) return null;",
    to: "if (open === undefined || open !== null) return null;",
  },
  {
    name: "the rule's memory does not matter",
    file: silence,
    from: "if (status.stateful) {",
    to: "if (status.stateful === null) {",
  },
  {
    name: "what outlived its bracket does not matter",
    file: silence,
    from: "if (execution.outlived === true) {",
    to: "if (execution.outlived === null) {",
  },
  {
    name: "nothing else can have caused an alert",
    file: evaluation,
    from: "if (happened > alert.updatedAt) return false;",
    to: "if (happened > 0) return false;",
  },
  {
    name: "alerts are written at once",
    file: evaluation,
    from: 'const alertLagMs = delivery.type === "shipped" ? delivery.longestAlertLagMs : 0;\n  const pending',
    to: "const alertLagMs = 0;\n  const pending",
  },
  {
    name: "any evaluation has seen the event",
    file: evaluation,
    from: "const after = known.filter(({ startedAt }) => startedAt >= event.ingestedAt);",
    to: "const after = known.filter(({ startedAt }) => startedAt >= 0 || event.ingestedAt >= 0);",
  },
  {
    name: "the look-back does not matter",
    file: evaluation,
    from: "if (!gap) return null;",
    to: "if (!gap || gap) return null;",
  },
  {
    name: "event time and ingest time are the same",
    file: evaluation,
    from: 'const timeOf = (event: HostEvent): number => (windowOver === "event-time" ? event.time : event.ingestedAt);',
    to: 'const timeOf = (event: HostEvent): number => (windowOver === "event-time" ? event.ingestedAt : event.time);',
  },
  {
    name: "a disabled rule is a witness",
    file: evaluation,
    from: "if (!status.enabled)\n",
    to: "if (status.enabled === null)\n",
  },
  {
    name: "an absent rule is a witness",
    file: evaluation,
    from: "if (!status.present)\n",
    to: "if (status.present === null)\n",
  },
  {
    name: "any sentinel proves every log source",
    file: silence,
    from: "!ofWindows : rule.reads(edge) && ",
    to: "!ofWindows : ",
  },
  {
    name: "any alert with an event of ours is another analytic's for us",
    file: silence,
    from: "return alone || context.rules.get(alert.rule)?.satisfiedBy(own) === true;",
    to: "return alone || own.length > 0;",
  },
  {
    name: "an event came when it came last",
    file: evidence,
    from: "const ingestedAt = Math.min(event.ingestedAt, known?.ingestedAt ?? Infinity);",
    to: "const ingestedAt = Math.max(event.ingestedAt, known?.ingestedAt ?? -Infinity);",
  },
  {
    name: "answers of the same moment are two",
    file: evidence,
    from: "if (asOf - last >= APART_MS)",
    to: "if (asOf - last >= -APART_MS)",
  },
  {
    name: "agreeing answers need not hold the same",
    file: evidence,
    from: "if (print !== this.#print) this.#agreed = [];",
    to: "if (print === null) this.#agreed = [];",
    redundant:
      "evidence is kept: what only one of them held is in it, and what is not in it both lacked; only speed changes",
  },
  {
    name: "rivals are looked for only before the alert",
    file: ask,
    from: "if (evidence.wide) {\n    await askEvents(round, since, answers);",
    to: "if (evidence.wide) {\n    await Promise.resolve();",
  },
  {
    name: "alerts are kept as they first were",
    file: evidence,
    from: "if (known !== undefined && known.updatedAt > alert.updatedAt) continue;",
    to: "if (known !== undefined) continue;",
  },
  {
    name: "shared: each trial is given the first one's sentinels",
    file: shared,
    from: "const canary = value[index];",
    to: "const canary = value[index * 0];",
  },
  {
    name: "shared: the clock stands still between two answers",
    file: shared,
    from: "now: answer.value.now + time.now() - ours",
    to: "now: answer.value.now + (time.now() - ours) * 0",
    redundant:
      "the SIEM's present then seems earlier than it is, by a minute at most: it is only waited longer (test/siem/shared.test.ts)",
  },
  {
    name: "shared: evaluations are asked for since the latest trial",
    file: shared,
    from: "Math.min(...questions.map(({ since }) => since))",
    to: "Math.max(...questions.map(({ since }) => since))",
  },
  {
    name: "shared: alerts are asked for over the last trial's span",
    file: shared,
    from: "from: Math.min(...queries.map(({ from }) => from)),",
    to: "from: Math.max(...queries.map(({ from }) => from)),",
  },
  {
    name: "shared: events are asked for over the last trial's span",
    file: shared,
    from: "else near.to = Math.max(near.to, span.to);",
    to: "else near.to = Math.min(near.to, span.to);",
  },
  {
    name: "what the wrapper executed accounts for numbers although the kernel lost records",
    file: witness,
    from: "const counted = lostBefore !== null && lostBefore === lostAfter;",
    to: "const counted = lostBefore !== 0.5 || lostAfter !== 0.5;",
  },
  {
    name: "a twin is quiet although nobody counts what the kernel drops",
    file: silence,
    from: "if (sensor.lostBefore !== null && sensor.lostAfter !== null) {",
    to: "if (sensor.lostBefore !== 0.5 || sensor.lostAfter !== 0.5) {",
  },
  {
    name: "what the host's own log shows is lost although it may still come",
    file: witness,
    from: 'observation.hostLog?.state === "complete" && !mayStillArrive(observation);',
    to: 'observation.hostLog?.state === "complete";',
    redundant:
      "the log is read after the deadline only, and a later answer is no older; it stands for observations that were made otherwise (test/verify/host-log.test.ts)",
  },
  {
    name: "what was lost on the way could have made the rule fire",
    file: "verify/decide.ts",
    from: "return act.filter(({ id }) => !lost.has(id));",
    to: "return act.filter(({ id }) => id !== String(lost));",
  },
  {
    name: "a twin of which a record was lost is quiet",
    file: silence,
    from: "if (trial.twin) {\n    const detail = `${what}, and that did",
    to: "if (trial.twin && known) {\n    const detail = `${what}, and that did",
  },
  {
    name: "that what the rule looks for was lost is not said",
    file: silence,
    from: "if (wanted !== undefined && rule.satisfiedBy(recorded)) {",
    to: "if (wanted !== undefined && rule.satisfiedBy([])) {",
  },
  {
    name: "a clause is said to be unmet of records that did not arrive",
    file: silence,
    from: "if (lost.length === 0 || decision.cause === undefined) return decision;",
    to: "if (lost.length >= 0 || decision.cause === undefined) return decision;",
  },
];
