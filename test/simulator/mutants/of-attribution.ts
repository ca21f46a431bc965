import type { Mutant } from "./mutant.js";

const attribution = "verify/attribution.ts";
const bracket = "verify/bracket.ts";
const decide = "verify/decide.ts";
const prevention = "verify/prevention.ts";

/** Whose an event or an alert is, and what is said of it. */
export const mutantsOfAttribution: readonly Mutant[] = [
  {
    name: "the channel is ignored",
    file: bracket,
    from: "event.sensor === edge.sensor && event.host === edge.host",
    to: "event.host === edge.host",
  },
  {
    name: "housekeeping is the act's",
    file: bracket,
    from: "!isHousekeeping(event, wrapper)",
    to: "wrapper !== null",
  },
  {
    name: "all children of the wrapper are the act's",
    file: bracket,
    from: "done.filter((event) => event.ppid !== wrapper || event.pid === root?.pid)",
    to: "done",
    redundant:
      "between its sentinels the wrapper starts the act's first process, /bin/sleep and grep and nothing else (src/engine/script.ts), and the latter two are known as housekeeping",
  },
  {
    name: "the act's first process may be of any wrapper",
    file: bracket,
    from: "event.ppid === wrapper &&\n      event.sequence >",
    to: "event.sequence >",
  },
  {
    name: "missing numbers do not count",
    file: bracket,
    from: "const unseen = Math.max(0, missing - accounted);",
    to: "const unseen = Math.max(0, missing - accounted) * 0;",
  },
  {
    name: "another trial's processes in the bracket are ours",
    file: bracket,
    from: "if (other !== null) {",
    to: "if (other === undefined) {",
  },
  {
    name: "another trial's sentinel in the bracket does not matter",
    file: bracket,
    from: "if (foreign !== undefined && foreign !== null) {",
    to: "if (foreign === null) {",
  },
  {
    name: "an alert without sources is ours though not all rivals are known",
    file: attribution,
    from: 'if (alert.sourceEvents !== null || competitors === null) return "ambiguous";',
    to: 'if (competitors === null) return "exclusive";',
  },
  {
    name: "rivals do not matter",
    file: attribution,
    from: "const alone = alert.host === host && backgroundMatches === 0 && !others;",
    to: "const alone = alert.host === host && (backgroundMatches === 0 || !others || others);",
  },
  {
    name: "background does not matter",
    file: attribution,
    from: "backgroundMatches === 0 &&",
    to: "backgroundMatches !== -1 &&",
    redundant:
      "who else can have caused such an alert is looked for among all events of the host (couldCause), whatever was there before; product.md asks for it by word (the rule was ours alone)",
  },
  {
    name: "one event of ours in an alert is enough",
    file: attribution,
    from: "if (alone || rule.satisfiedBy(own)) return",
    to: "if (alone || own.length > 0) return",
  },
  {
    name: "an alert that names some sources has no others",
    file: attribution,
    from: "if (alert.sourceEvents !== null && alert.sourcesWhole) return [];",
    to: "if (alert.sourceEvents !== null) return [];",
  },
  {
    name: "an alert of before the act may be ours",
    file: attribution,
    from: "(alert.host === null || alert.host === host) && alert.updatedAt >= since",
    to: "(alert.host === null || alert.host === host) && since > 0",
    redundant: "keepAlerts (ask.ts) keeps no alert that was last changed before the act",
  },
  {
    name: "a requirement may be the act",
    file: bracket,
    from: "return missingNumbers(numbered, root.sequence, end.sequence).length > 0;",
    to: "return missingNumbers(numbered, root.sequence, end.sequence).length < 0;",
  },
  {
    name: "without the end sentinel nothing is missing",
    file: bracket,
    from: "act: lineageOf(root, session), unseen: null, detail",
    to: "act: lineageOf(root, session), unseen: 0, detail",
  },
  {
    name: "a folded alert stands",
    file: decide,
    from: "if (alert.foldedInto !== null && !context.trial.twin) {",
    to: "if (alert.foldedInto === undefined && !context.trial.twin) {",
  },
  {
    name: "a folded alert is the last word",
    file: decide,
    from: "if (mayStand !== null) return mayStand;",
    to: "if (mayStand === undefined) return mayStand;",
  },
  {
    name: "ambiguous is good enough",
    file: decide,
    from: 'if (best.grade === "ambiguous") return ambiguous(context, rule, best);',
    to: "if (best.grade === null) return ambiguous(context, rule, best);",
  },
  {
    name: "other events of the host do not matter where no sentinel is",
    file: decide,
    from: "if (observation.events.length > 0) {",
    to: "if (observation.events.length < 0) {",
  },
  {
    name: "the marker may stand where the rule reads",
    file: decide,
    from: "if (marked !== null) {",
    to: "if (marked === undefined) {",
  },
  {
    name: "any refused program was the control's",
    file: prevention,
    from: 'path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`)',
    to: "path.length >= 0 || prefix.length >= 0",
  },
  {
    name: "a twin that fires is detected",
    file: decide,
    from: 'if (!context.trial.twin) return { ...base, outcome: "detected" };',
    to: 'if (context.trial.twin !== null) return { ...base, outcome: "detected" };',
  },
  {
    name: "all that the wrapper executed is missing",
    file: bracket,
    from: "const accounted = Math.max(0, (housekeeping ?? 0) - (inside.length - done.length));",
    to: "const accounted = housekeeping ?? 0;",
  },
  {
    name: "what is missing before the next trial is the end sentinel",
    file: bracket,
    from: "return more.length > 0 ? null : (only ?? null);",
    to: "return more[0] ?? only ?? null;",
  },
  {
    name: "a trial whose beginning is not here has not acted",
    file: "verify/bracket.ts",
    from: "(alone ? null : straddler(trial, session, last))",
    to: "(alone ? null : null)",
  },
];
