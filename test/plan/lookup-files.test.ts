import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadAnalytics, rulesOfPlan } from "../../src/plan/analytics.js";
import { openShelf, planOf, type Shelf } from "./support.js";

let shelf: Shelf;
beforeEach(() => {
  shelf = openShelf();
});
afterEach(() => shelf.remove());

const query = "CommandLine=* | lookup tools name AS program OUTPUT kind | search kind=dual-use";
const event = {
  id: "e1",
  logsource: { product: "linux", category: "process_creation" },
  fields: { CommandLine: "nc -l", program: "nc" },
};

function playbook(): ReturnType<Shelf["playbook"]> {
  return shelf.playbook("T1059", { id: "p1", expect: [{ analytic: "analytics/query.spl" }] });
}

describe("the lookup tables of an analytic", () => {
  beforeEach(() => shelf.write("T1059/analytics/query.spl", query));

  test("stand in the folder lookups beside it, and in the plan: a replay needs no files", async () => {
    const table = shelf.write("T1059/analytics/lookups/tools.csv", "name,kind\nnc,dual-use\n");
    shelf.write("T1059/analytics/lookups/unused.csv", "broken");
    const plan = await planOf({ playbooks: [playbook()] });
    expect(plan.analytics[0]?.with).toEqual([{ file: table, text: "name,kind\nnc,dual-use\n" }]);
    shelf.remove();
    const rule = rulesOfPlan(plan).get("query");
    expect(rule?.matches(event)).toBe(true);
    expect(rule?.matches({ ...event, fields: { ...event.fields, program: "ls" } })).toBe(false);
  });

  test("are part of what its hash is of", async () => {
    const hashes = [];
    for (const kind of ["dual-use", "harmless"]) {
      shelf.write("T1059/analytics/lookups/tools.csv", `name,kind\nnc,${kind}\n`);
      hashes.push((await loadAnalytics([playbook()])).analytics[0]?.hash);
    }
    expect(new Set(hashes).size).toBe(2);
  });

  test.each([
    ["name,kind\nnc\n", "lookup-invalid"],
    ["x".repeat(1024 * 1024 + 1), "lookup-too-large"],
  ])("that cannot be used refuse it, at the table's own file: %#", async (text, code) => {
    const file = shelf.write("T1059/analytics/lookups/tools.csv", text);
    const { analytics, diagnostics } = await loadAnalytics([playbook()]);
    expect(analytics).toEqual([]);
    expect(diagnostics[0]).toMatchObject({ file, code, severity: "error" });
  });

  test("that are a folder, or no text, refuse it too", async () => {
    shelf.write("T1059/analytics/lookups/tools.csv/x", "");
    expect((await loadAnalytics([playbook()])).diagnostics[0]).toMatchObject({ code: "lookup-unreadable" });
  });
});
