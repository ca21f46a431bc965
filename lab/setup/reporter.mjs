/**
 * A vitest reporter that writes each outcome, as it is known, as one line of JSON to the file that TYRIAN_TEST_OUTCOMES names.
 * test.mjs counts those lines: so the count survives a run that is ended half-way.
 *
 * A line: `{ outcome: "passed" | "failed" | "skipped", name, reason }`. What fails outside a test (a file that cannot be
 * loaded, a hook, an error that nobody caught) is a failure of its own.
 */
import { appendFileSync } from "node:fs";

export default class OutcomeReporter {
  #file = process.env.TYRIAN_TEST_OUTCOMES;

  onTestCaseResult(test) {
    const result = test.result();
    const reason = result.state === "skipped" ? reasonOf(test, result) : null;
    this.#write(result.state, `${test.module.relativeModuleId} > ${test.fullName}`, reason);
  }

  onTestSuiteResult(suite) {
    for (const error of suite.errors())
      this.#write("failed", `${suite.module.relativeModuleId} > ${suite.fullName} (a hook)`, error.message);
  }

  onTestModuleEnd(module) {
    for (const error of module.errors()) this.#write("failed", module.relativeModuleId, error.message);
  }

  onTestRunEnd(_modules, unhandledErrors) {
    for (const error of unhandledErrors) this.#write("failed", "an error that nothing caught", error.message);
  }

  #write(outcome, name, reason) {
    if (this.#file !== undefined)
      appendFileSync(this.#file, `${JSON.stringify({ outcome, name, reason })}\n`);
  }
}

/** Of a test that was skipped; in one line. Its own call of `skip` knows best, then what test/skipped.ts noted for it. */
function reasonOf(test, { note }) {
  const given = note ?? test.meta().skipReason;
  if (given !== undefined) return given.trim().replaceAll(/\s+/g, " ");
  return hasFailedParent(test) ? "its set-up failed" : "no reason is given";
}

function hasFailedParent(test) {
  for (let parent = test.parent; parent !== undefined; parent = parent.parent) {
    if (parent.errors().length > 0) return true;
    if (parent.type === "module") return false;
  }
  return false;
}
