import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { macosTools } from "../engine/macos-tools.js";
import { skippedFor } from "../skipped.js";
import { type House, openHouse, whyNoLab } from "./house.js";
import { ruleOf } from "./playbooks.js";

/**
 * The playbook for a Mac on a Linux host whose osascript is a stand-in (agents/macos/osascript-recorder.sh), found by its path in the
 * inventory, and which has stand-ins for a Mac's ps, lsof and launchctl (test/engine/macos-tools.ts). It shows transport, work folder, proof,
 * cleanup and correlation, and nothing of AppleScript.
 */

const repository = resolve(import.meta.dirname, "../..");
const shelf = join(repository, "playbooks/T1059.002-applescript");
const recorder = readFileSync(join(repository, "agents/macos/osascript-recorder.sh"), "utf8");

describe("a simulated Mac", skippedFor(whyNoLab()), () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(1);
    house.inside("h1", `mkdir -p /opt/tyrian && cat > /opt/tyrian/osascript <<'END'\n${recorder}END`);
    house.inside("h1", "chmod 755 /opt/tyrian/osascript");
    house.inside("h1", "mount -t tmpfs tyrian-mac /usr/local/bin");
    // Programs with the options that a Mac's have, before Linux's own.
    for (const [name, text] of Object.entries(macosTools("/tmp/jobs"))) {
      house.inside(
        "h1",
        `printf %s '${Buffer.from(`#!/bin/sh\n${text}\n`).toString("base64")}' | base64 -d > /usr/local/bin/${name} && chmod 755 /usr/local/bin/${name}`,
      );
    }
  });
  afterAll(async () => await house?.close());

  test("runs every procedure, and whatever starts the stand-in is correlated with its trial", async () => {
    // The host's sensor is Linux's: rules for product macos have nothing to read there.
    const seen = readdirSync(join(shelf, "analytics")).map((name, index) => [
      name,
      ruleOf(`rule-${index}`, "{ CommandLine|contains: /opt/tyrian/osascript }"),
    ]);
    const { results } = await house.run(
      readFileSync(join(shelf, "playbook.yaml"), "utf8"),
      Object.fromEntries(seen) as Record<string, string>,
      {
        hosts: {
          platform: "macos",
          fidelity: "simulated",
          interpreters: { osascript: "/opt/tyrian/osascript" },
        },
      },
    );
    expect(results.trials).toHaveLength(10);
    for (const { fidelity, execution, cleanup, verdicts } of results.trials) {
      expect({ fidelity, was: execution.status, proved: execution.proof?.met, left: cleanup.status }).toEqual(
        {
          fidelity: "simulated",
          was: "ran",
          proved: true,
          left: "clean",
        },
      );
      expect(verdicts.map(({ attribution }) => attribution)).toEqual(verdicts.map(() => "exact"));
    }
    const record = house.inside("h1", "cat /home/op/osascript.record").trim().split("\n");
    expect([...new Set(record)].sort()).toEqual([
      "argument AppleScript",
      "argument JavaScript",
      "file AppleScript",
      "file JavaScript",
      "stdin AppleScript",
    ]);
  });
});
