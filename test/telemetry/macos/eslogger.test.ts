import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../../src/model/event.js";
import { EsloggerParser } from "../../../src/telemetry/macos/eslogger.js";
import { missingNumbers } from "../../../src/verify/records.js";
import { ConstructedMac } from "./mac.js";

function read(lines: readonly string[]): { parser: EsloggerParser; events: HostEvent[] } {
  const parser = new EsloggerParser("mac1");
  return { parser, events: lines.flatMap((line, index) => parser.push(line, index, 5)) };
}

/** The numbers between the first and the last event that no event has. */
function missing(events: readonly HostEvent[]): number {
  return missingNumbers(events, events[0]?.sequence ?? 0, events.at(-1)?.sequence ?? 0).length;
}

test("an exec becomes a program start with Sigma's fields, its session, its number and its exact arguments", () => {
  const mac = new ConstructedMac();
  const shell = mac.start(mac.before("/usr/libexec/sshd-session"), "/bin/zsh", ["zsh", "-c", "/bin/sh"]);
  const child = mac.start(shell, "/usr/bin/osascript", ["osascript", "-e", 'return "a  b"']);
  const { events, parser } = read(mac.lines);
  expect(events).toHaveLength(2);
  expect(events[1]).toMatchObject({
    id: expect.stringMatching(/^mac1\/eslogger\/1795521600012\.25:1$/) as string,
    ...{ host: "mac1", sensor: "eslogger", kind: "exec", sequence: 1, session: "100017" },
    ...{ pid: child.pid, ppid: shell.pid, argv: ["osascript", "-e", 'return "a  b"'] },
    logsource: { product: "macos", category: "process_creation" },
    fields: {
      Image: "/usr/bin/osascript",
      CommandLine: 'osascript -e return "a  b"',
      ParentImage: "/bin/zsh",
      ParentCommandLine: "zsh -c /bin/sh",
      CurrentDirectory: "/private/tmp/tmp.AAAAAAAAAA",
      ProcessId: child.pid,
      ParentProcessId: shell.pid,
      LogonId: 100_017,
      UserId: 501,
    },
  });
  expect(JSON.stringify(events)).not.toContain("never read");
  expect(parser.counts()).toMatchObject({ events: 2, ignored: 2, malformed: 0 });
});

describe("who started a program", () => {
  test("is the nearest process above that executed one; the parent itself may only have forked", () => {
    const mac = new ConstructedMac();
    const shell = mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    const subshell = mac.fork(shell);
    mac.start(subshell, "/bin/ls", ["ls"]);
    expect(read(mac.lines).events[1]).toMatchObject({
      ppid: shell.pid,
      fields: { ParentProcessId: subshell.pid, ParentImage: "/bin/sh" },
    });
  });

  test("is not known by a number that another process has had", () => {
    const mac = new ConstructedMac();
    const shell = mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    const reused = { ...shell, path: "/bin/zsh", version: shell.version + 50 };
    mac.start(reused, "/bin/ls", ["ls"]);
    const [, ls] = read(mac.lines.filter((line) => !line.includes('"event":{"fork"'))).events;
    expect([ls?.ppid, ls?.fields["ParentImage"]]).toEqual([shell.pid, undefined]);
  });

  test("of what was there before the log is told by its forks only", () => {
    const mac = new ConstructedMac();
    const daemon = mac.before("/usr/sbin/cron");
    mac.start(daemon, "/bin/sh", ["sh"]);
    const [event] = read(mac.lines).events;
    expect(event).toMatchObject({ ppid: daemon.pid });
    expect([event?.fields["ParentImage"], event?.fields["ParentCommandLine"]]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe("what is not there", () => {
  function threeStarts(between: (mac: ConstructedMac) => void): HostEvent[] {
    const mac = new ConstructedMac();
    const shell = mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    mac.start(shell, "/bin/ls", ["ls"]);
    between(mac);
    mac.start(shell, "/bin/ls", ["ls"]);
    return read(mac.lines).events;
  }

  test("shows as a missing number where the kernel dropped an exec", () => {
    const forked = (mac: ConstructedMac): void => {
      const child = mac.fork(mac.before("/bin/sh"));
      mac.drop();
      mac.exec(child, "/bin/rm", ["rm"]);
    };
    expect(missing(threeStarts(forked))).toBe(1);
    expect(missing(threeStarts(() => undefined))).toBe(0);
  });

  test("is not an exec where a fork was dropped", () => {
    expect(missing(threeStarts((mac) => mac.drop()))).toBe(0);
  });

  test("may be anything where eslogger was started again", () => {
    const events = threeStarts((mac) => mac.restart());
    expect(events).toHaveLength(3);
    expect(missing(events)).toBeGreaterThan(0);
    const numbers = events.map(({ sequence }) => sequence);
    expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
  });

  test("is not what comes late, but what comes from before a restart when that was seen already", () => {
    const mac = new ConstructedMac();
    const shell = mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    for (const name of ["a", "b", "c"]) mac.start(shell, "/bin/ls", ["ls", name]);
    const [first = "", ...rest] = mac.lines;
    const late = read([first, ...rest.slice(2), ...rest.slice(0, 2)]);
    const inOrder = late.events.toSorted((a, b) => a.sequence - b.sequence);
    expect([missing(inOrder), late.parser.lost()]).toEqual([0, 0]);
    expect(inOrder.map(({ id }) => id)).toEqual(read(mac.lines).events.map(({ id }) => id));

    const last = mac.lines.splice(-1);
    mac.restart();
    mac.start(shell, "/bin/ls", ["ls", "d"]);
    expect(read([...mac.lines, ...last]).parser.lost()).toBe(1);
  });

  test("is a line that is damaged, cut or without numbers: it counts as lost", () => {
    const mac = new ConstructedMac();
    mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    const [, whole = ""] = mac.lines;
    const { parser, events } = read([
      whole.slice(0, -9),
      whole.replace(/"seq_num":\d+,/, ""),
      whole.replace('"args":["sh"]', '"args":"sh"'),
      "",
      "{}",
    ]);
    expect([events, parser.counts().malformed, parser.lost()]).toEqual([[], 4, 4]);
  });

  test("is the path of a program that the message cuts", () => {
    const mac = new ConstructedMac();
    mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]);
    const [event] = read(
      mac.lines.map((line) =>
        line.replaceAll('"path":"/bin/sh","path_truncated":false', '"path":"/bin/s","path_truncated":true'),
      ),
    ).events;
    expect(event?.fields).not.toHaveProperty("Image");
  });
});

test("whatever it is given, it throws nothing and loses no line unseen", () => {
  const mac = new ConstructedMac();
  mac.exit(mac.start(mac.before("/sbin/launchd"), "/bin/sh", ["sh"]));
  const cut = fc.tuple(fc.constantFrom(...mac.lines), fc.nat(400)).map(([line, at]) => line.slice(0, at));
  fc.assert(
    fc.property(fc.array(fc.oneof(cut, fc.json(), fc.string(), fc.constantFrom(...mac.lines))), (lines) => {
      const { parser } = read(lines);
      const { events, ignored, malformed, incomplete } = parser.counts();
      expect(events + ignored + malformed + incomplete).toBe(
        lines.filter((line) => line.trim() !== "").length,
      );
    }),
    { numRuns: 100 },
  );
});
