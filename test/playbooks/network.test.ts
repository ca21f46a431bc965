import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { DeviceLogFormat } from "../../src/model/inventory.js";
import type { Procedure } from "../../src/model/playbook.js";
import type { Act } from "../../src/model/trial.js";
import { actArguments } from "../../src/playbook/act-arguments.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { isForDevices, renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import { readDeviceLog } from "../telemetry/device/reading.js";
import { rules, shelf, short } from "./shelf.js";

/**
 * The playbooks for network devices against lines of their logs, written as the devices write them: each analytic fires on what its
 * own procedure would leave, and stays quiet on what its twin would leave. On a real router they run in test/lab/router.test.ts.
 */

const { playbooks } = await loadPlaybooks([shelf]);
const facts = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../shared/attack/t1059.json"), "utf8"),
) as { analytics: Record<string, { analytic: string }[]> };

/** What FRR's daemons log of a line that is typed into vtysh, as seen on FRR 8.4; nothing where vtysh answers itself. */
function asFrrLogs(line: string): string[] {
  if (line === "show version") return [];
  if (line === "show running-config") return ["do write terminal"];
  return [line === "show logging" ? "do show logging" : line];
}

/** The line of each log for a command. */
const lines: Readonly<Record<string, { format: DeviceLogFormat; of: (command: string) => string }>> = {
  frr: {
    format: "frr",
    of: (command) => `2026/11/24 11:00:37.160617 ZEBRA: [M7Q4P-46WDR] vty[31]@# ${command}`,
  },
  ios: {
    format: "tacacs",
    of: (command) =>
      `Nov 24 11:00:37 2026\t192.0.2.1\tops\ttty2\t192.0.2.77\tstop\ttask_id=8\tservice=shell\tcmd=${command} <cr>`,
  },
  nxos: {
    format: "nxos",
    of: (command) =>
      `Tue Nov 24 11:00:37 2026:type=update:id=192.0.2.77@pts/3:user=ops:cmd=${command} (SUCCESS)`,
  },
  eos: {
    format: "eos",
    of: (command) =>
      `Nov 24 11:00:37 spine-1 Aaa: %ACCOUNTING-6-CMD: ops vty6 192.0.2.77 stop task_id=17 service=shell priv-lvl=15 cmd=${command} <cr>`,
  },
  junos: {
    format: "junos",
    of: (command) =>
      `Nov 24 11:00:37 core-1 mgd[4163]: UI_CMDLINE_READ_LINE: User 'ops', command '${command} '`,
  },
};

/** What an act leaves: lines in the device's log, or on FRR, given one-shot, a process. */
function eventsOf(act: Act): Pick<HostEvent, "id" | "logsource" | "fields">[] {
  if (act.via === "argument") {
    const fields = { Image: "/usr/bin/vtysh", CommandLine: actArguments(act, "").join(" ") };
    return [{ id: "1", logsource: { product: "linux", category: "process_creation" }, fields }];
  }
  const log = lines[act.program];
  if (log === undefined) throw new Error(`no log of ${act.program}`);
  const typed = act.code.split("\n").filter((line) => line !== "");
  const logged = act.program === "frr" ? typed.flatMap(asFrrLogs) : typed;
  return readDeviceLog(log.format, logged.map(log.of)).events;
}

const cases = playbooks.flatMap((playbook) =>
  playbook.procedures.filter(isForDevices).flatMap((procedure) =>
    procedure.expect.map(({ analytic, outcome }) => ({
      procedure,
      outcome,
      file: resolve(dirname(playbook.file), analytic),
      title: `${procedure.id}: ${short(resolve(dirname(playbook.file), analytic))}`,
    })),
  ),
);

function actsOf(procedure: Procedure): Act[] {
  return variantsOf(procedure).map((variant) => renderAction(procedure, variant, "").act);
}

describe("on constructed lines of devices' logs", () => {
  for (const { procedure, outcome, file, title } of cases)
    test(title, () => {
      const rule = rules.find((entry) => entry.file === file)?.rule;
      const twin = twinAsProcedure(procedure);
      if (rule === undefined || twin === null) throw new Error(`${procedure.id} lacks a rule or a twin`);
      const fires = (act: Act): boolean => eventsOf(act).some((event) => rule.matches(event));
      expect(actsOf(procedure).map(fires)).toEqual(actsOf(procedure).map(() => outcome === "detected"));
      expect(actsOf(twin).map(fires)).toEqual(actsOf(twin).map(() => false));
    });

  test("each rule names the analytic of ATT&CK that it stands for", () => {
    const known = facts.analytics["T1059.008"]?.map(({ analytic }) => analytic) ?? [];
    expect(known).toEqual(["AN0399"]);
    for (const { file } of cases) expect(readFileSync(file, "utf8"), short(file)).toContain("#AN0399");
  });
});

test.each([
  ["configuration-shown", "show running-config | include password", true],
  ["configuration-shown", "do show running-config", true],
  ["configuration-shown", "show configuration | display set", true],
  ["configuration-shown", "show running-configuration-x", false],
  ["configuration-mode", "configure private", true],
  ["configuration-mode", "show configure", false],
  ["null-route", "ipv6 route 2001:db8::/32 blackhole", true],
  ["null-route", "ip route 198.51.100.0 255.255.255.0 Null0", true],
  ["null-route", "set routing-options static route 192.0.2.0/24 discard", true],
  ["null-route", "ip route 192.0.2.0/24 10.0.0.1", false],
  ["routing-survey", "show lldp neighbors", true],
  ["routing-survey", "show ip bgp summary", true],
  ["routing-survey", "show ip interface brief", false],
  ["version-shown", "show version | include uptime", true],
])("%s and `%s`: %s", (name, command, fires) => {
  const file = resolve(shelf, "T1059.008-network-device-cli/analytics", `${name}.yml`);
  const rule = rules.find((entry) => entry.file === file)?.rule;
  const { events } = readDeviceLog("junos", [
    (lines["junos"] as { of: (line: string) => string }).of(command),
  ]);
  expect(events.map((event) => rule?.matches(event))).toEqual([fires]);
});
