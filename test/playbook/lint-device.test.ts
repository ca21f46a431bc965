import { expect, test } from "vitest";
import { lint, scalar } from "./support.js";

const device = {
  platforms: "[network]",
  interpreter: "{ program: frr, via: stdin }",
  run: "show version",
};
const loopback = {
  run: scalar("configure terminal\ninterface lo\ndescription lab\nend"),
  effects: "[configuration-change]",
  cleanup:
    '{ run: "configure terminal\\ninterface lo\\nno description\\nend", probe: "show running-config | include lab" }',
};

async function codesOf(changes: Record<string, string>): Promise<string[]> {
  return (await lint({ ...device, ...changes })).map(({ code }) => code);
}

test("sound procedures have no diagnostic", async () => {
  expect(await lint(device)).toEqual([]);
  expect(await codesOf({ interpreter: "{ program: [ios, nxos, eos], via: argument }" })).toEqual([]);
  expect(await codesOf({ ...loopback, effects: "[configuration-change, configuration-read]" })).toEqual([]);
  expect(await codesOf({ run: "show running-config", effects: "[configuration-read]" })).toEqual([]);
  const word = "{ word: { type: string, default: lo } }";
  expect(await codesOf({ run: scalar("show interface {{word}}"), arguments: word })).toEqual([]);
});

test.each<[string, Record<string, string>]>([
  ["platforms-mixed", { platforms: "[network, linux]" }],
  ["interpreter-invalid", { platforms: "[linux]" }],
  ["interpreter-invalid", { interpreter: "{ program: bash, via: stdin }", run: "echo hello" }],
  ["interpreter-invalid", { interpreter: "{ program: frr, via: file }" }],
  ["interpreter-invalid", { interpreter: "{ program: frr, via: encoded }" }],
  ["interpreter-invalid", { interpreter: "{ program: frr, via: stdin, options: [-x] }" }],
  ["command-line-invalid", { interpreter: "{ program: frr, via: argument }", run: scalar("show a\nshow b") }],
  ["files-invalid", { files: '[ { name: a.txt, content: "x" } ]' }],
  ["unknown-placeholder", { run: scalar("show {{work}}") }],
  [
    "placeholder-unquotable",
    { run: scalar("show {{word}}"), arguments: '{ word: { type: string, default: "a; reload" } }' },
  ],
  ["undeclared-effect", { run: "reload" }],
  ["undeclared-effect", { run: "show running-config" }],
  ["undeclared-effect", { ...loopback, effects: "[configuration-read]" }],
  ["requirement-cannot-fail", { requires: "[ { check: show version } ]" }],
  ["cleanup-missing", { ...loopback, cleanup: "none" }],
  [
    "probe-cannot-fail",
    { ...loopback, cleanup: '{ run: "configure terminal\\nend", probe: "show running-config" }' },
  ],
  [
    "cleanup-destructive",
    { ...loopback, cleanup: '{ run: "reload", probe: "show running-config | include lab" }' },
  ],
])("%s: %o", async (code, changes) => {
  expect(await codesOf(changes)).toContain(code);
});
