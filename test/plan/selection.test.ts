import { afterAll, describe, expect, test } from "vitest";
import { type Selection, selectProcedures, selectTargets, unknownNames } from "../../src/plan/selection.js";
import { campaignOf, labOf, openShelf } from "./support.js";

const shelf = openShelf();
afterAll(() => shelf.remove());

const playbooks = [
  shelf.playbook("T1059", { id: "shell", tags: ["quick"] }),
  shelf.playbook("T1059.004", { id: "bash", tags: ["quick", "noisy"] }, { id: "dash" }),
  shelf.playbook("T1059.006", { id: "python", tags: ["noisy"] }),
  shelf.playbook("T1105", { id: "curl" }),
];
const inventory = labOf([
  { name: "h1", tags: ["web"] },
  { name: "h2", tags: ["web", "old"] },
  { name: "h3" },
]);

function procedures(selection: Selection): string[] {
  return selectProcedures(playbooks, selection).map(({ procedure }) => procedure.id);
}

function targets(...names: string[]): string[] {
  return selectTargets(inventory, { targets: names }).map(({ name }) => name);
}

describe("the selection of procedures", () => {
  const all = ["shell", "bash", "dash", "python", "curl"];

  test("is all of them when nothing is said", () => {
    expect(procedures({})).toEqual(all);
    expect(procedures({ techniques: [], procedures: [], tags: [] })).toEqual(all);
  });

  test("by technique takes its sub-techniques too", () => {
    expect(procedures({ techniques: ["T1059"] })).toEqual(["shell", "bash", "dash", "python"]);
  });

  test("by sub-technique takes that one alone", () => {
    expect(procedures({ techniques: ["T1059.004"] })).toEqual(["bash", "dash"]);
  });

  test("by the beginning of a technique's number takes nothing", () => {
    expect(procedures({ techniques: ["T105"] })).toEqual([]);
    expect(procedures({ techniques: ["T1059.00"] })).toEqual([]);
  });

  test("by several names of a kind takes what any of them names, in the catalogue's order", () => {
    expect(procedures({ techniques: ["T1105", "T1059.006"] })).toEqual(["python", "curl"]);
    expect(procedures({ procedures: ["curl", "bash"] })).toEqual(["bash", "curl"]);
    expect(procedures({ tags: ["noisy", "quick"] })).toEqual(["shell", "bash", "python"]);
  });

  test("by a campaign takes its steps in its order, as often as it has them", () => {
    const campaign = campaignOf("t1105/curl", "t1059.004/dash", "t1105/curl");
    expect(procedures({ campaign })).toEqual(["curl", "dash", "curl"]);
    expect(procedures({ campaign, techniques: ["T1059"] })).toEqual(["dash"]);
  });

  test("by names of several kinds takes what all of them name", () => {
    expect(procedures({ techniques: ["T1059.004"], tags: ["noisy"] })).toEqual(["bash"]);
    expect(procedures({ techniques: ["T1105"], procedures: ["bash"] })).toEqual([]);
  });
});

describe("the selection of targets", () => {
  test("is all of them when nothing is said", () => {
    expect(targets()).toEqual(["h1", "h2", "h3"]);
  });

  test("is by name, and by tag with an @", () => {
    expect(targets("h3")).toEqual(["h3"]);
    expect(targets("@web")).toEqual(["h1", "h2"]);
    expect(targets("@old", "h3")).toEqual(["h2", "h3"]);
    // A tag is no name, and a name is no tag.
    expect(targets("web", "@h1")).toEqual([]);
  });
});

describe("a name that selects nothing", () => {
  test.each<[Selection, string]>([
    [{ techniques: ["T1566"] }, "no playbook of technique T1566"],
    [{ procedures: ["wget"] }, "no procedure wget"],
    [{ tags: ["slow"] }, "no procedure with tag slow"],
    [{ targets: ["mainframe"] }, "no target mainframe"],
    [{ targets: ["@database"] }, "no target @database"],
  ])("%j is told: %s", (selection, sentence) => {
    expect(unknownNames(playbooks, inventory, selection)).toEqual([sentence]);
  });

  test("is told with the name that may have been meant", () => {
    const selection = { techniques: ["T1059.04"], procedures: ["bsh"], tags: ["quik"], targets: ["h9"] };
    expect(unknownNames(playbooks, inventory, selection)).toEqual([
      "no playbook of technique T1059.04 (did you mean T1059.004?)",
      "no procedure bsh (did you mean bash?)",
      "no procedure with tag quik (did you mean quick?)",
      "no target h9 (did you mean h1?)",
    ]);
  });

  test("is told also beside others that select something, and every one is", () => {
    const selection = {
      techniques: ["T1059", "T1"],
      procedures: ["bash", "wget"],
      targets: ["h1", "alpha", "beta"],
    };
    expect(unknownNames(playbooks, inventory, selection)).toEqual([
      "no playbook of technique T1",
      "no procedure wget",
      "no target alpha",
      "no target beta",
    ]);
  });

  test("does not include one that exists but that the rest of the selection excludes", () => {
    expect(unknownNames(playbooks, inventory, { techniques: ["T1105"], procedures: ["bash"] })).toEqual([]);
  });
});
