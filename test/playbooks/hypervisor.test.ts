import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { HypervisorLogFormat } from "../../src/model/inventory.js";
import type { Procedure } from "../../src/model/playbook.js";
import type { Act } from "../../src/model/trial.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { readHypervisorLog } from "../telemetry/hypervisor/reading.js";
import { matchesOf, rules, shelf, short } from "./shelf.js";

/**
 * The playbook for hypervisors against events that are constructed: lines of ESXi's shell.log, and processes of virsh as the audit of
 * the kernel tells them. On the real libvirt it runs in test/lab/hypervisor.test.ts; no ESXi of ours has run it.
 */

const folder = resolve(shelf, "T1059.012-hypervisor-cli");
const { playbooks } = await loadPlaybooks([folder]);
const procedures = playbooks.flatMap(({ file, procedures: list }) =>
  list.map((procedure) => ({ file, procedure, isEsxi: procedure.tags.includes("esxi") })),
);

/** The rules that match what an act leaves. */
function matched(act: Act, isEsxi: boolean): string[] {
  const commands = act.code.split("\n").filter((line) => line !== "");
  if (!isEsxi) {
    const started = commands.flatMap((command) =>
      command.split(" | ").filter((one) => one.startsWith("virsh")),
    );
    const starts = started.map((line) => ({ Image: "/usr/bin/virsh", CommandLine: line }));
    return [...matchesOf(starts)].filter((file) => !file.endsWith(".spl")).map(short);
  }
  return matchingLines(
    "esxi-shell",
    commands.map((command) => `2026-11-24T11:00:00Z shell[2100345]: [root]: ${command}`),
  );
}

function matchingLines(format: HypervisorLogFormat, lines: readonly string[]): string[] {
  const { events } = readHypervisorLog(format, lines);
  expect(events).toHaveLength(lines.length);
  return rules
    .filter(({ rule }) => events.some((event) => rule.matches(event)))
    .map(({ file }) => short(file));
}

function actsOf(procedure: Procedure): Act[] {
  return variantsOf(procedure).map((variant) => renderAction(procedure, variant, "").act);
}

describe("each procedure is found by its own analytics, its twin by none", () => {
  for (const { file, procedure, isEsxi } of procedures)
    test(procedure.id, () => {
      const named = procedure.expect.map(({ analytic }) => short(resolve(dirname(file), analytic)));
      const twin = twinAsProcedure(procedure);
      if (twin === null) throw new Error(`${procedure.id} lacks a twin`);
      for (const act of actsOf(procedure)) expect(matched(act, isEsxi)).toEqual(named);
      for (const act of actsOf(twin)) expect(matched(act, isEsxi)).toEqual([]);
    });
});

test("there are at least five procedures for libvirt, and five for a real ESXi, which say so", () => {
  const ofEsxi = procedures.filter(({ isEsxi }) => isEsxi).map(({ procedure }) => procedure);
  expect(ofEsxi.length).toBeGreaterThanOrEqual(5);
  expect(procedures.length - ofEsxi.length).toBeGreaterThanOrEqual(5);
  for (const { requires, effects } of ofEsxi) {
    expect(requires[0]?.description).toBe("a real ESXi host");
    expect(effects).toEqual([]);
  }
});

test.each([
  ["esxi-machine-stopped", "vim-cmd vmsvc/power.off 12"],
  ["esxi-machine-stopped", "for id in 1 2; do vim-cmd vmsvc/snapshot.removeall $id; done"],
  ["esxi-machine-stopped", "/bin/localcli vm process kill -t force -w 2100999"],
  ["esxi-machines-listed", "esxcli --formatter=csv vm process list"],
  ["esxi-log-settings", "esxcli system syslog config set --loghost="],
])("%s finds `%s` as intruders write it", (name, command) => {
  expect(matchingLines("esxi-shell", [`2026-11-24T11:00:00Z shell[2100345]: [root]: ${command}`])).toEqual([
    `T1059.012-hypervisor-cli/analytics/${name}.yml`,
  ]);
});

test.each([
  ["domain-destroyed", "virsh list;destroy web-3"],
  ["commands-from-standard-input", "/usr/bin/virsh -c qemu:///system -q"],
])("%s finds `%s`", (name, command) => {
  const found = [...matchesOf([{ Image: "/usr/bin/virsh", CommandLine: command }])].map(short);
  expect(found).toContain(`T1059.012-hypervisor-cli/analytics/${name}.yml`);
});

test("virsh that only tells its version is not taken for one that reads commands", () => {
  expect([...matchesOf([{ Image: "/usr/bin/virsh", CommandLine: "virsh --version" }])].map(short)).toEqual(
    [],
  );
});

test.each<[HypervisorLogFormat, string, string]>([
  [
    "esxi-vobd",
    "2026-11-24T11:00:00.123Z: [GenericCorrelator] 1234567us: [vob.user.esx.audit.shell.enabled] The ESXi command line shell has been enabled.",
    "T1059-command-and-scripting-interpreter/analytics/shell-enabled-on-esxi.yml",
  ],
  [
    "esxi-shell",
    "2026-11-24T11:00:00Z In(14) shell[2100345]: [root]: echo aWQ= | base64 -d | sh",
    "T1059.004-unix-shell/analytics/shell-command-on-esxi.yml",
  ],
  [
    "esxi-shell",
    "<14>2026-11-24T11:00:00Z esx-1 shell[2100345]: [root]: python /vmfs/volumes/datastore1/a.py",
    "T1059.006-python/analytics/python-on-esxi.yml",
  ],
])("rules of other techniques read %s too: %s", (format, line, rule) => {
  expect(matchingLines(format, [line])).toContain(rule);
});
