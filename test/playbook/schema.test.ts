import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { refusedEffects } from "../../src/playbook/policy.js";
import { playbookJsonSchema, playbookSchemaId } from "../../src/playbook/schema.js";
import { parsed, playbookText } from "./support.js";

test("docs/schema/playbook.json is what the program prints", () => {
  const file = resolve(import.meta.dirname, "../../docs/schema/playbook.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(playbookJsonSchema());
});

test("the schema is for files as they are written: keys with defaults may be left out", () => {
  const schema = playbookJsonSchema() as {
    $schema: string;
    $id: string;
    properties: {
      procedures: { items: { required: string[]; properties: Record<string, { description?: string }> } };
    };
  };
  expect([schema.$schema, schema.$id]).toEqual([
    "https://json-schema.org/draft/2020-12/schema",
    playbookSchemaId,
  ]);
  const { required, properties } = schema.properties.procedures.items;
  expect(required).toContain("proof");
  expect(required).not.toContain("timeout");
  expect(properties["run"]?.description).toContain("{{name}}");
});

test("the policy refuses what a procedure or its twin declares and the lab does not allow", () => {
  const playbook = parsed(
    playbookText({
      effects: "[work-folder, network]",
      cleanup: "{ run: rm -f x, probe: test ! -e x }",
      twin: "{ name: t, run: echo, effects: [credentials], proof: { stdout: { contains: a } } }",
    }),
  );
  const [procedure] = playbook.procedures;
  expect(procedure === undefined ? null : refusedEffects(procedure, ["work-folder"])).toEqual([
    "network",
    "credentials",
  ]);
  expect(
    procedure === undefined ? null : refusedEffects(procedure, ["work-folder", "network", "credentials"]),
  ).toEqual([]);
});
