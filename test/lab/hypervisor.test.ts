import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hypervisorLog, requireHypervisor } from "../../src/lab/embedded/hypervisor/files.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, type Outcome, whyNoLab } from "./house.js";

function whyNoHypervisor(): string | null {
  try {
    requireHypervisor();
    return whyNoLab();
  } catch {
    return "libvirt or QEMU is absent (see `tyrian doctor`)";
  }
}

const playbook = resolve(import.meta.dirname, "../../playbooks/T1059.012-hypervisor-cli");
const agents = resolve(import.meta.dirname, "../../agents/hypervisor");

/** Command lines of the processes that are there of a program. */
function processesOf(program: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")];
      } catch {
        return [];
      }
    })
    .filter(([path]) => path?.endsWith(`/${program}`) === true)
    .map((words) => words.join(" "))
    .filter((line) => line.includes("tyrian-lab-"));
}

describe(
  "a hypervisor of the embedded lab, with libvirt and emulated domains",
  skippedFor(whyNoHypervisor()),
  () => {
    let house: House;
    let outcome: Outcome;

    beforeAll(async () => {
      house = await openHouse(1, "root", { profile: "hypervisor" });
      outcome = await house.runFolders([playbook]);
    }, 120_000);

    afterAll(async () => {
      await house?.close();
      expect(processesOf("qemu-system-x86_64")).toEqual([]);
    });

    const asOperator = (command: string): string =>
      house.inside(
        "v1",
        `setpriv --reuid op --regid op --clear-groups env -i HOME=/home/op PATH=$PATH ${command}`,
      );
    const log = (): string => readFileSync(hypervisorLog(house.state.folder, { name: "v1" }), "utf8");

    test("every procedure of libvirt ran, was seen by its analytic, and its twin was not; those of ESXi need one", () => {
      const seen = outcome.results.trials.map(({ procedure, twin, execution, verdicts }) => ({
        trial: `${procedure}${twin ? " (twin)" : ""}`,
        status: execution.status,
        reason: execution.reason?.code,
        said: verdicts.map(({ outcome: word, cause }) =>
          word === "detected" || word === "quiet" ? word : cause?.detail,
        ),
      }));
      const ofEsxi = seen.filter(({ trial }) => trial.startsWith("esxi-"));
      expect(ofEsxi).toHaveLength(12);
      expect(new Set(ofEsxi.map(({ reason }) => reason))).toEqual(new Set(["requirement-absent"]));
      const ofLibvirt = seen.filter(({ trial }) => !trial.startsWith("esxi-"));
      expect(ofLibvirt.filter(({ status }) => status !== "ran")).toEqual([]);
      expect(ofLibvirt.map(({ trial, said }) => [trial, ...said])).toEqual(
        ofLibvirt.map(({ trial }) => [trial, trial.endsWith("(twin)") ? "quiet" : "detected"]),
      );
      expect(ofLibvirt).toHaveLength(12);
    });

    test("it is clean afterwards: the domains are as the lab made them", () => {
      expect(new Set(outcome.results.trials.map(({ cleanup }) => cleanup.status))).toEqual(
        new Set(["clean"]),
      );
      expect(asOperator("virsh domstate tyrian-lab-1").trim()).toBe("paused");
      expect(asOperator("virsh domstate tyrian-lab-2").trim()).toBe("shut off");
      expect(processesOf("qemu-system-x86_64")).toHaveLength(1);
    });

    test("neither the lab's own start nor anything that Tyrian ran counts as noise", () => {
      const noise = outcome.results.trials.flatMap(({ verdicts }) =>
        verdicts.map(({ background }) => background),
      );
      expect(noise.filter((one) => one !== null && one.matches > 0)).toEqual([]);
    });

    test("the API log tells what was done, and a rule over it credits nobody", async () => {
      expect(log()).toMatch(/virDomainDestroy:\d+ : .*\(VM: name=tyrian-lab-1, uuid=/);
      const rule = readFileSync(join(playbook, "analytics/api-domain-destroyed.yml"), "utf8");
      const text = readFileSync(join(playbook, "playbook.yaml"), "utf8").replaceAll(
        "analytics/domain-destroyed.yml",
        "analytics/api.yml",
      );
      const procedures = text.split(/\n(?= {2}- id: )/);
      const [head = ""] = procedures;
      const destroyed = procedures.find((part) => part.startsWith("  - id: domain-destroyed")) ?? "";
      const { results, events } = await house.run(`${head}\n${destroyed}`, { "api.yml": rule });
      expect(
        results.trials.map(({ execution, verdicts }) => [execution.status, verdicts[0]?.outcome]),
      ).toEqual([
        ["ran", "undecided"],
        ["ran", "undecided"],
      ]);
      expect(results.trials[0]?.verdicts[0]?.cause?.detail).toContain("no sentinel proves that one");
      // What Tyrian did is in that log like everybody else's, so how often it fires without us is not known.
      expect(results.trials[0]?.verdicts[0]?.background).toBeNull();
      expect(JSON.stringify(events)).toContain('"Call":"virDomainDestroy"');
    });

    test("the check of agents/hypervisor finds its own call in the log", () => {
      const text = (name: string): string => readFileSync(join(agents, name), "utf8");
      house.inside(
        "v1",
        `mkdir /tmp/agent\ncat > /tmp/agent/settings.sh <<'END'\n${text("settings.sh")}END\ncat > /tmp/agent/check.sh <<'END'\n${text("check.sh")}END\n`,
      );
      const where = "/var/log/libvirt-api/libvirtd.log";
      expect(asOperator(`sh /tmp/agent/check.sh qemu:///session ${where}`)).toBe("nothing is missing\n");
    });
  },
);
