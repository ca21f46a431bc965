import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import { hostEventSchema, type HostEvent, sentinelOf } from "../../src/model/event.js";
import { AuditdParser } from "../../src/telemetry/auditd.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { parserOf } from "../../src/telemetry/sources.js";
import { otherReadings, splitCommandLine } from "../../src/telemetry/wine-command-line.js";
import { windowsEventOf, WineParser } from "../../src/telemetry/wine.js";
import { bracketOf } from "../../src/verify/bracket.js";
import { trialOf } from "../verify/builders.js";
import { eventsOf, recorded } from "./fixtures.js";

/**
 * wine-session.log: recorded by auditd on a host of `tyrian lab up --profile windows-wine` (Wine 8.0, Debian 12), its key
 * renamed, while these were run over SSH one after the other:
 *   cmd.exe /d /c rem tyrian-sentinel begin 01TRIAL
 *   cscript //nologo a.vbs a "b c"
 *   cscript //nologo a.js "x y"
 *   powershell -NoProfile -Command "Get-Date | Out-Null"
 *   cmd.exe /d /c rem tyrian-sentinel end 01TRIAL
 * wine-trial.log: recorded likewise, with an explorer, while `tyrian run` ran one trial of a VBScript.
 * wine-strace.log: the lines of `strace -f --seccomp-bpf -ttt -s 200000 -e trace=execve,execveat,clone,clone3,fork,vfork` over a
 * batch file of the second and the last of these, run there by Wine's cmd.
 */
const host = "tyrian-lab-w1";
const users = { [host]: { "770001": "op" } };

function wineEvents(wineHosts: string[] = [host], file = "wine-session.log"): HostEvent[] {
  const parser = parserOf({ type: "audit-log", file: "unused", users, wineHosts });
  return eventsOf(parser, recorded(file));
}

const ofWindows = (events: readonly HostEvent[]): HostEvent[] =>
  events.filter(({ logsource }) => logsource.product === "windows");

describe("launches in Wine, recorded by auditd", () => {
  test("are process creations of Windows, one for each process", () => {
    const lines = ofWindows(wineEvents()).map(({ fields }) => fields["CommandLine"]);
    const shell = expect.stringMatching(
      /^C:\\windows\\system32\\cmd\.exe \/c C:\\tyrian\\\d+-[\d.]+\.bat$/,
    ) as unknown;
    expect(lines).toEqual([
      shell,
      "cmd.exe /d /c rem tyrian-sentinel begin 01TRIAL",
      shell,
      'cscript //nologo a.vbs a "b c"',
      shell,
      'cscript //nologo a.js "x y"',
      shell,
      'powershell -NoProfile -Command "Get-Date | Out-Null"',
      shell,
      "cmd.exe /d /c rem tyrian-sentinel end 01TRIAL",
    ]);
  });

  test("have the fields of Windows and none of Linux; what the sensor said is kept beside them", () => {
    const event = ofWindows(wineEvents()).find(({ argv }) => argv.includes("a.vbs"));
    expect(event).toMatchObject({
      sensor: "auditd",
      logsource: { product: "windows", category: "process_creation" },
      ppid: null,
      session: expect.stringMatching(/^\d+$/) as unknown,
      argv: ["cscript", "//nologo", "a.vbs", "a", "b c"],
      original: {
        commandLine: "rebuilt",
        linux: { fields: { exe: "/usr/lib/wine/wine64" } },
      },
    });
    expect(event?.fields).toEqual({
      Image: "C:\\windows\\system32\\cscript.exe",
      CommandLine: 'cscript //nologo a.vbs a "b c"',
      User: "op",
    });
  });

  test("fire a Sigma rule over Windows fields; a rule for Linux does not see them", () => {
    const rule = (product: string, detection: string): string =>
      `title: Script\nlogsource:\n  product: ${product}\n  category: process_creation\ndetection:\n  selection:\n${detection}  condition: selection\n`;
    const windows = rule(
      "windows",
      "    Image|endswith: '\\cscript.exe'\n    CommandLine|contains: '.vbs'\n",
    );
    const linux = rule(
      "linux",
      "    CommandLine|contains: 'rem tyrian-sentinel'\n    Image|endswith: wine64\n",
    );
    const hits = (text: string): HostEvent[] => {
      const { rule: compiled } = compileSigma(text, "rules/script.yml");
      return wineEvents().filter((event) => compiled?.matches(event) === true);
    };
    expect(hits(windows).map(({ argv }) => argv[2])).toEqual(["a.vbs"]);
    expect(hits(linux)).toEqual([]);
  });

  test("leave the programs of Linux on the host, the loader's second start of itself too, events of Linux", () => {
    const others = wineEvents().filter(({ logsource }) => logsource.product === "linux");
    const names = new Set(others.map(({ argv }) => argv[0]));
    expect([...names].toSorted((a = "", b = "") => a.localeCompare(b, "en"))).toEqual([
      "/bin/bash",
      "/usr/lib/wine/wine64",
      "/usr/sbin/sshd",
      "rm",
      "setpriv",
    ]);
    expect(others.filter(({ argv }) => argv[0] === "/usr/lib/wine/wine64")).toHaveLength(5);
  });

  test("of one connection each give no bracket: the sentinels are not of one session", () => {
    const edges = ofWindows(wineEvents());
    expect(edges.flatMap((event) => sentinelOf(event) ?? [])).toEqual([
      { edge: "begin", trial: "01TRIAL" },
      { edge: "end", trial: "01TRIAL" },
    ]);
    const bracket = bracketOf(trialOf({ id: "01TRIAL" }), edges, { housekeeping: 2, alone: true });
    expect(bracket).toMatchObject({ state: "overlap", detail: expect.stringContaining("session") });
  });

  test("of a trial are told from the wrapper's own", () => {
    const events = wineEvents([host], "wine-trial.log");
    const trial = trialOf({ id: "20261124-191258-20f4-0001", work: "C:\\Windows\\Temp\\tmpUnMulCO9Rn" });
    const bracket = bracketOf(trial, events, { housekeeping: 2, alone: true });
    expect(bracket.state).toBe("closed");
    expect("act" in bracket ? bracket.act.map(({ fields }) => fields["CommandLine"]) : []).toEqual([
      `cscript //Nologo ${trial.work}\\script.vbs`,
    ]);
  });

  test("of a host that is not one of Wine's stay as the sensor told them", () => {
    const plain = eventsOf(new AuditdParser(users), recorded("wine-session.log"));
    expect(wineEvents([])).toEqual(plain);
  });
});

test("launches recorded by strace are the same; failed tries of the preloader, and Wine's own explorer, are none", () => {
  const parser = new WineParser(new StraceParser(host), [host]);
  const events = ofWindows(eventsOf(parser, recorded("wine-strace.log")));
  expect(events.map(({ fields }) => [fields["Image"], fields["CommandLine"]])).toEqual([
    ["C:\\windows\\system32\\cmd.exe", "C:\\windows\\system32\\cmd.exe /c C:\\tyrian\\s.bat"],
    ["C:\\windows\\system32\\cscript.exe", 'cscript //nologo a.vbs a "b c"'],
    ["C:\\windows\\system32\\cmd.exe", "cmd.exe /d /c rem tyrian-sentinel end 01TRIAL"],
  ]);
});

describe("a rebuilt command line", () => {
  const [first] = wineEvents();
  const launch = (argv: readonly string[]): HostEvent =>
    windowsEventOf(hostEventSchema.parse({ ...first, argv: ["/usr/lib/wine/wine64", ...argv] }));

  test("is taken apart again into the same arguments", () => {
    const word = fc.string({ unit: fc.constantFrom("a", '"', "\\", " ", "\t", "&", "é") });
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const event = launch(["cscript", ...words]);
        expect(splitCommandLine(String(event.fields["CommandLine"]))).toEqual(["cscript", ...words]);
      }),
    );
  });

  test("has other readings, which differ in what a launch does not tell", () => {
    expect(otherReadings(["cmd", "/c", "echo a"])).toEqual([
      "cmd /c echo a",
      '"cmd" "/c" "echo a"',
      'cmd  /c "echo a"',
    ]);
  });

  test("quotes a program with blanks in its path, which stays the Image", () => {
    const event = launch(["C:\\Program Files\\x\\a.exe", "/q"]);
    expect(event.fields).toMatchObject({
      Image: "C:\\Program Files\\x\\a.exe",
      CommandLine: '"C:\\Program Files\\x\\a.exe" /q',
    });
  });

  test("has no Image where several places may hold a program of its name", () => {
    expect(launch(["notes"]).fields["Image"]).toBeUndefined();
    expect(launch([".\\cmd.exe"]).fields["Image"]).toBeUndefined();
    expect(launch(["C:\\notes\\notes"]).fields["Image"]).toBe("C:\\notes\\notes.exe");
  });

  test("of Wine with a preloader has the arguments behind both", () => {
    const argv = ["/usr/lib/wine/wine64-preloader", "/usr/lib/wine/wine64", "cmd", "/c", "ver"];
    const event = windowsEventOf(hostEventSchema.parse({ ...first, argv }));
    expect(event.fields["CommandLine"]).toBe("cmd /c ver");
  });
});
