import { expect, test } from "vitest";
import { compileAnalytic } from "../../src/plan/compile-analytic.js";
import { nearestOf } from "../../src/verify/cause.js";
import { exec } from "./builders.js";

const text = `title: Base64
id: base64
logsource: { product: linux, category: process_creation }
detection:
  selection: { Image|endswith: /base64 }
  known: { User: root }
  condition: selection and not known
`;

test("of events that miss one clause each, the one that an exclusion keeps out is the nearest", () => {
  const { rule } = compileAnalytic({ file: "base64.yml", text });
  if (rule === null) throw new Error("the rule does not compile");
  const events = [
    exec(["bash"], { id: "other", fields: { Image: "/usr/bin/bash", User: "op" } }),
    exec(["base64"], { id: "excluded", fields: { Image: "/usr/bin/base64", User: "root" } }),
  ];
  const nearest = nearestOf(rule, events);
  expect(nearest).toMatchObject({ event: "excluded", met: 1, needed: 2 });
  expect(nearest?.unmet[0]?.clause).toBe("not known: User");
});
