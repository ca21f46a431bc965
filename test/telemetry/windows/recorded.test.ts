import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { skippedFor } from "../../skipped.js";
import { read } from "../files/reading.js";
import { eventOf } from "./reading.js";
import type { WindowsEvent } from "../../../src/telemetry/windows/windows-event.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/sigma");
const missing = existsSync(join(folder, "manifest.json")) ? null : `${folder} is not on this machine`;

function recordings(): { rule: string; events: WindowsEvent[] }[] {
  const answers = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { rule: string }[];
  return answers.map(({ rule }) => {
    const { events, problems } = read(readFileSync(join(folder, `${rule}.events.json`)));
    expect(problems).toEqual([]);
    return { rule, events: events.map(({ document }) => eventOf(document)) };
  });
}

describe("events that Windows recorded", skippedFor(missing), () => {
  test("each says where and when it was logged, by number", () => {
    const all = recordings().flatMap(({ events }) => events);
    expect(all.length).toBeGreaterThanOrEqual(84);
    for (const event of all) {
      expect(event.host).not.toBe("");
      expect(event.sequence).toBeGreaterThan(0);
      expect(event.time).toBeGreaterThan(Date.UTC(2015, 0));
      expect(event.provider).toMatch(/^Microsoft-Windows-/);
      expect(event.logsources.length).toBeGreaterThan(0);
      if (!event.channel.includes("Sysmon")) continue;
      // Sysmon logs within moments of what it saw.
      const seen = Date.parse(`${String(event.fields["UtcTime"]).replace(" ", "T")}Z`);
      expect(Math.abs((event.time ?? 0) - seen)).toBeLessThan(60_000);
      if (event.eventId !== 16) expect(event.process?.guid).toMatch(/^[0-9A-F-]{36}$/);
    }
  });

  test("a process creation is read whole", () => {
    const [event] = recordings().find(({ rule }) => rule.startsWith("0022869c"))?.events ?? [];
    expect(event).toMatchObject({
      host: "ar-win-dc.attackrange.local",
      provider: "Microsoft-Windows-Sysmon",
      sequence: 8999629,
      process: { guid: "5AA13A44-D441-68FC-E330-000000004002", pid: 7112 },
      parent: { guid: "5AA13A44-0FEC-68FC-281E-000000004002", pid: 6304 },
      logsources: [{ product: "windows", service: "sysmon", category: "process_creation" }],
      fields: {
        Image: "C:\\Windows\\System32\\reg.exe",
        ParentImage: "C:\\Windows\\System32\\cmd.exe",
        User: "ATTACKRANGE\\Administrator",
        EventID: "1",
      },
    });
    expect(event?.time).toBeCloseTo(Date.UTC(2025, 9, 25, 13, 44, 33) + 440.907, 3);
  });

  test("data of a provider's own stand in UserData", () => {
    const wmi = recordings()
      .flatMap(({ events }) => events)
      .find(({ channel }) => channel.includes("WMI-Activity"));
    expect(wmi).toMatchObject({ eventId: 5858, logsources: [{ product: "windows", service: "wmi" }] });
    expect(Object.keys(wmi?.fields ?? {})).toEqual(
      expect.arrayContaining(["Operation", "ResultCode", "ClientProcessId"]),
    );
  });
});
