import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { lintPlaybook } from "../../src/playbook/lint.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { isForWindows, renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { skippedFor } from "../skipped.js";
import { constructed, heldToRecords } from "./constructed-events.js";
import { runLocally, whyNoTrace } from "./harness.js";
import { analytics, documentOf, isWide, matchesOf, rules, shelf, short, techniqueFolders } from "./shelf.js";

/**
 * The playbooks are run for real on this machine, one process tree at a time under strace, as the engine runs them on
 * a target: every procedure must prove that it worked and be matched by its analytic, every twin must prove that it
 * worked and be matched by none.
 */

const { playbooks, diagnostics } = await loadPlaybooks(techniqueFolders);
const procedures = playbooks.flatMap((playbook) =>
  playbook.procedures.map((procedure) => ({ playbook, procedure })),
);

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");

/** Texts that stand in code as base64, hexadecimal digits, octal escapes or character codes. */
function decodedTexts(code: string): string[] {
  const literals = [...code.matchAll(/"([A-Za-z0-9+/]{20,}={0,2})"/g)].map((match) => match[1] as string);
  const octal = /(?:\\[0-7]{3}){6,}/.exec(code)?.[0].slice(1).split("\\");
  const codes = /(?:\d+, ){6,}\d+/.exec(code)?.[0].split(", ");
  return [
    ...literals.map((text) => Buffer.from(text, /^[0-9a-f]+$/.test(text) ? "hex" : "base64").toString()),
    ...(octal === undefined
      ? []
      : [String.fromCharCode(...octal.map((digits) => Number.parseInt(digits, 8)))]),
    ...(codes === undefined ? [] : [String.fromCharCode(...codes.map(Number))]),
  ];
}

describe("the playbooks on the shelf", () => {
  test("they load without a diagnostic", () => {
    expect(diagnostics).toEqual([]);
    expect(playbooks.map(({ technique }) => technique).sort()).toEqual([
      "T1059",
      "T1059.001",
      "T1059.002",
      "T1059.003",
      "T1059.004",
      "T1059.005",
      "T1059.005",
      "T1059.006",
      "T1059.007",
      "T1059.007",
      "T1059.008",
      "T1059.009",
      "T1059.010",
      "T1059.011",
      "T1059.012",
      "T1059.013",
    ]);
  });

  test.each(playbooks)("$technique passes the lint without an error or a warning", async (playbook) => {
    expect(await lintPlaybook(playbook)).toEqual([]);
  });

  test.each(playbooks)(
    "$technique has procedures, analytics and twins enough, and its folder's name",
    (playbook) => {
      expect(playbook.procedures.length).toBeGreaterThanOrEqual(playbook.technique === "T1059.004" ? 6 : 5);
      const analytics = new Set(
        playbook.procedures.flatMap(({ expect: list }) => list.map(({ analytic }) => analytic)),
      );
      expect(analytics.size).toBeGreaterThanOrEqual(4);
      expect(playbook.procedures.filter(({ twin }) => twin === undefined).map(({ id }) => id)).toEqual([]);
      // The demo shows the interpreters that every machine with the lab has.
      const demo = playbook.procedures.filter(({ tags }) => tags.includes("demo"));
      expect(demo.length >= 5).toBe(
        ["T1059", "T1059.004", "T1059.006", "T1059.007", "T1059.011"].includes(playbook.technique) &&
          !playbook.procedures.some(isForWindows),
      );
      expect(short(playbook.file).startsWith(`${playbook.technique}-`)).toBe(true);
      expect(readFileSync(playbook.file, "utf8").split("\n")[0]).toBe(
        "# yaml-language-server: $schema=../../docs/schema/playbook.json",
      );
    },
  );

  test("guids are unique and random (version 4)", () => {
    const guids = procedures.map(({ procedure }) => procedure.guid);
    expect(new Set(guids).size).toBe(guids.length);
    expect(
      guids.filter((guid) => !/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/.test(guid)),
    ).toEqual([]);
  });

  test("what is not cleaned up leaves nothing behind by its own declaration", () => {
    const wrong = procedures.filter(
      ({ procedure }) =>
        procedure.cleanup === "none" &&
        procedure.effects.some(
          (effect) => !["computed-code", "configuration-read", "cloud-read"].includes(effect),
        ),
    );
    expect(wrong.map(({ procedure }) => procedure.id)).toEqual([]);
  });

  test("a comment beside encoded code says truly what it decodes to", () => {
    let found = 0;
    for (const { playbook, procedure } of procedures) {
      const text = readFileSync(playbook.file, "utf8");
      for (const decoded of decodedTexts(procedure.run)) {
        found += 1;
        expect(text, procedure.id).toMatch(
          new RegExp(`# The \\w+ (decodes to|spell): ${escaped(decoded)}\\n`),
        );
      }
    }
    expect(found).toBeGreaterThanOrEqual(6);
  });

  test("no proof stands in the procedure's own code", () => {
    for (const { procedure } of procedures) {
      const texts = [procedure.proof.stdout, procedure.proof.command?.stdout].flatMap((check) => [
        check?.contains,
        check?.equals,
      ]);
      for (const text of texts.filter((value) => value !== undefined)) {
        expect(procedure.run, procedure.id).not.toContain(text.trim());
      }
    }
  });
});

describe("the analytics on the shelf", () => {
  for (const { file, result } of analytics) {
    test(`${short(file)} compiles and says what a SIEM and a reader need`, () => {
      expect(result.diagnostics).toEqual([]);
      const technique = /T\d{4}(\.\d{3})?/.exec(file)?.[0];
      expect(result.rule?.techniques).toContain(technique);
      const document = documentOf(file);
      expect(document["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(document).toMatchObject({ author: "Tyrian", status: "test", level: expect.any(String) });
      expect([
        { product: "linux", category: "process_creation" },
        { product: "aws", service: "cloudtrail" },
        { product: "azure", service: "activitylogs" },
        { product: "gcp", service: "gcp.audit" },
        { product: "okta", service: "okta" },
        { product: "openstack", service: "keystone" },
        { product: "windows", category: "process_creation" },
        { product: "windows", category: "ps_script" },
        { category: "device_command" },
        { product: "windows", category: "ps_classic_start" },
        { product: "windows", category: "image_load" },
        { product: "macos", category: "process_creation" },
        { product: "esxi", service: "shell" },
        { product: "esxi", service: "vobd" },
        { product: "esxi", service: "auth" },
        { product: "esxi", service: "hostd" },
        { product: "libvirt", service: "api" },
        { product: "cisco", service: "aaa" },
        { category: "process_creation" },
      ]).toContainEqual(document["logsource"]);
      expect(document["tags"]).toEqual(expect.arrayContaining(["attack.execution"]));
      expect(document["references"]).toEqual(
        expect.arrayContaining([expect.stringContaining("https://attack.mitre.org/techniques/T1059")]),
      );
      expect(document["falsepositives"]).toEqual(expect.arrayContaining([expect.any(String)]));
    });
  }

  test("their ids are unique, and a playbook or a constructed event uses each of them", () => {
    const ids = rules.map(({ rule }) => rule.id);
    expect(new Set(ids).size).toBe(ids.length);
    const used = procedures.flatMap(({ playbook, procedure }) =>
      procedure.expect.map(({ analytic }) => resolve(dirname(playbook.file), analytic)),
    );
    used.push(
      ...[...constructed.map(({ rule }) => rule), ...heldToRecords].map((rule) => resolve(shelf, rule)),
    );
    expect(used.filter((file) => !existsSync(file))).toEqual([]);
    expect(analytics.map(({ file }) => file).filter((file) => !used.includes(file))).toEqual([]);
  });
});

const runnableHere = procedures.filter(({ procedure }) => procedure.platforms.includes("linux"));
const trials = runnableHere.flatMap(({ playbook, procedure }) => {
  const twin = twinAsProcedure(procedure);
  const actions = [
    { action: procedure, isTwin: false },
    ...(twin === null ? [] : [{ action: twin, isTwin: true }]),
  ];
  return actions.flatMap(({ action, isTwin }) => {
    const variants = new Map(
      variantsOf(action).map((variant) => [
        JSON.stringify(renderAction(action, variant, "/tmp/tmp.0")),
        variant,
      ]),
    );
    // Variants that come to the same act (a twin that does not use the argument) run once.
    return [...variants.values()].map((variant) => ({
      playbook,
      action,
      isTwin,
      variant,
      title: `${playbook.technique} ${action.id}${isTwin ? " (twin)" : ""} ${JSON.stringify(variant)}`,
    }));
  });
});

/** Rules about how LibreOffice starts a macro and nmap a script, which twins have in common with their procedures. */
const inCommon = /\/(macro-on-command-line|profile-in-temporary-folder|script-engine-of-nmap)\.yml$/;

/** Rules that match a procedure although it does not name them: overlap worth knowing, not an error. */
const crossMatches = new Map<string, Set<string>>();

describe.concurrent("every procedure and every twin, run here", skippedFor(whyNoTrace()), () => {
  // Titles of test.each are cut to 40 characters.
  for (const { playbook, action, isTwin, variant, title } of trials)
    test(title, async ({ skip }) => {
      const trial = await runLocally(playbook, action, variant, isTwin);
      if (trial.missing !== null) {
        skip(`this machine lacks ${trial.missing}`);
      }
      const seen = trial.act.map(({ fields }) => fields);
      const detail = JSON.stringify({ proof: trial.proof, stderr: trial.stderr, seen }, null, 1);
      expect(trial.proof?.met, detail).toBe(true);
      const matched = matchesOf(seen);
      const named = action.expect.map(({ analytic, outcome }) => ({
        file: resolve(dirname(playbook.file), analytic),
        outcome,
      }));
      const isNamed = (file: string): boolean => named.some((entry) => entry.file === file);
      const shared = (file: string): boolean => !isNamed(file) && (isWide(file) || inCommon.test(file));
      if (isTwin) expect([...matched].filter((file) => !shared(file)).map(short), detail).toEqual([]);
      for (const { file, outcome } of named) {
        expect({ rule: short(file), matches: matched.has(file) }, detail).toEqual({
          rule: short(file),
          matches: outcome === "detected",
        });
      }
      for (const file of matched) {
        if (isNamed(file) || isWide(file)) continue;
        const key = `${playbook.technique} ${action.id}`;
        crossMatches.set(key, (crossMatches.get(key) ?? new Set<string>()).add(short(file)));
      }
      expect(trial.wrapper.length).toBeGreaterThanOrEqual(3);
      const ofWrapper = matchesOf(trial.wrapper.map(({ fields }) => fields));
      expect([...ofWrapper].filter((file) => !isWide(file)).map(short)).toEqual([]);
      // A probe that cannot fail proves nothing: it must find what the act left, and then that it is gone.
      expect(trial.probes).toEqual(action.cleanup === "none" ? null : { before: 1, after: 0 });
    });

  afterAll(() => {
    const lines = [...crossMatches].map(
      ([procedure, files]) => `  ${procedure}: also ${[...files].join(", ")}`,
    );
    if (lines.length > 0)
      console.info(`rules that match a procedure which does not name them:\n${lines.join("\n")}`);
  });
});
