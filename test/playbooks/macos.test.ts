import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { RuleEvent } from "../../src/detection/rule.js";
import type { Act } from "../../src/model/trial.js";
import { actArguments } from "../../src/playbook/act-arguments.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { rules, shelf, short } from "./shelf.js";

/**
 * The playbook for a Mac against events that are constructed from its exact command lines, not recorded: each analytic fires
 * on what its own procedure would leave, and stays quiet on what its twin would leave. No Mac took part.
 */

const work = "/tmp/tmp.AbCdEf0123";
const { playbooks } = await loadPlaybooks([shelf]);
const cases = playbooks.flatMap((playbook) =>
  playbook.procedures
    .filter(({ platforms }) => platforms.includes("macos"))
    .flatMap((procedure) =>
      procedure.expect.map(({ analytic }) => ({
        procedure,
        file: resolve(dirname(playbook.file), analytic),
      })),
    ),
);

/** The starts of osascript and of the shell in which it runs a command (Apple, Technical Note TN2065: "/bin/sh -c"). */
function startsOf(act: Act): RuleEvent[] {
  const own = {
    Image: `/usr/bin/${act.program}`,
    CommandLine: actArguments(act, work).join(" "),
    ParentImage: "/bin/sh",
  };
  const command = /(?:do shell script |doShellScript\()"([^"]*)"/.exec(act.code)?.[1];
  const child = { Image: "/bin/sh", CommandLine: `sh -c ${command}`, ParentImage: own.Image };
  return [own, ...(command === undefined ? [] : [child])].map((fields, index) => ({
    id: String(index),
    logsource: { product: "macos", category: "process_creation" },
    fields,
  }));
}

describe("on constructed events of a Mac", () => {
  test("there are procedures enough", () => {
    expect(new Set(cases.map(({ procedure }) => procedure.id)).size).toBeGreaterThanOrEqual(5);
  });

  for (const { procedure, file } of cases) {
    test(`${procedure.id}: ${short(file)}`, () => {
      const rule = rules.find((entry) => entry.file === file)?.rule;
      const twin = twinAsProcedure(procedure);
      const fires = (action: typeof procedure): boolean | undefined => {
        const [variant = {}] = variantsOf(action);
        return startsOf(renderAction(action, variant, work).act).some((event) => rule?.matches(event));
      };
      expect(fires(procedure)).toBe(true);
      expect(twin === null ? null : fires(twin)).toBe(false);
    });
  }
});
