import { describe, expect, test } from "vitest";
import { ids, keeps, now, plain, refused, sysmon } from "./helpers.js";

const bash = { Image: "/usr/bin/bash", User: "Lab", n: "10", list: ["a", "b"], empty: "" };

describe("a value of a field", () => {
  test.each([
    ["Image=/usr/bin/bash", true],
    ["Image=/USR/BIN/BASH", true],
    ['Image="/usr/bin/bash"', true],
    ["Image=bash", false],
    ["Image=*bash", true],
    ["Image=*/bin/*", true],
    ["Image=*bin", false],
    ["user=lab", true],
    ["Image = /usr/bin/bash", true],
    ["image=/usr/bin/bash", false],
    ["User=CASE(Lab)", true],
    ["User=CASE(lab)", false],
    ["list=a", true],
    ["list=c", false],
    ['empty=""', true],
    ["empty=*", true],
    ["absent=*", false],
    ["n=10", true],
    ["n=10.0", false],
    ["n>9", true],
    ["n>=10", true],
    ["n<9", false],
    ["User>A", true],
    ['Image IN ("/bin/sh", "*/bash")', true],
    ["Image IN (/bin/sh, *bash)", true],
    ["User in (lab)", true],
    ["Image IN (bash)", false],
    ["NOT Image IN (bash)", true],
  ])("%s: %s", (query, expected) => {
    expect(keeps(query, bash)).toBe(expected);
  });

  test("!= needs the field, NOT does not", () => {
    expect(keeps("absent!=a", bash)).toBe(false);
    expect(keeps("NOT absent=a", bash)).toBe(true);
    expect(keeps("User!=lab", bash)).toBe(false);
    expect(keeps("User!=root", bash)).toBe(true);
  });

  test("of several values, != needs one other, and NOT none", () => {
    expect(keeps("list!=a", bash)).toBe(true);
    expect(keeps("NOT list=a", bash)).toBe(false);
  });

  test("an address range takes its addresses", () => {
    expect(keeps("ip=10.0.0.0/8", { ip: "10.1.2.3" })).toBe(true);
    expect(keeps("ip=10.0.0.0/8", { ip: "11.1.2.3" })).toBe(false);
    expect(keeps("ip=fe80::/10", { ip: "fe80::1" })).toBe(true);
    expect(keeps("ip!=10.0.0.0/8", { ip: "10.1.2.3" })).toBe(false);
    expect(keeps("path=/usr/bin", { path: "/usr/bin" })).toBe(true);
    expect(refused("ip=10.0.0.1/8").code).toBe("value-network");
  });
});

describe("backslashes", () => {
  const event = { Image: String.raw`C:\Windows\System32\cmd.exe`, quote: 'say "hi"' };
  test.each([
    [String.raw`Image="C:\\Windows\\System32\\cmd.exe"`, true],
    [String.raw`Image="C:\Windows\System32\cmd.exe"`, true],
    [String.raw`Image=C:\\Windows\\System32\\cmd.exe`, true],
    [String.raw`Image="*\\cmd.exe"`, true],
    [String.raw`Image="*\cmd.exe"`, true],
    [String.raw`Image="C:\\Windows\\*"`, true],
    [String.raw`Image="C:\Windows\*"`, true],
    [String.raw`Image="*\\\\cmd.exe"`, false],
    [String.raw`quote="say \"hi\""`, true],
    [String.raw`quote="say *"`, true],
  ])("%s: %s", (query, expected) => {
    expect(keeps(query, event)).toBe(expected);
  });
});

describe("operators", () => {
  const event = { a: "1", b: "2", c: "3" };
  test.each([
    ["a=1 b=2", true],
    ["a=1 b=9", false],
    ["a=1 AND b=2", true],
    ["a=9 OR b=2", true],
    // OR binds tighter than AND: (c=9 OR a=1) AND b=9
    ["b=9 c=9 OR a=1", false],
    ["c=9 OR a=1 b=9", false],
    ["(c=9 a=1) OR b=2", true],
    ["NOT a=9 b=2", true],
    ["NOT (a=9 OR b=2)", false],
    ["NOT NOT a=1", true],
    ["NOT a=9 OR b=9", true],
    ["*", true],
    ["search a=1", true],
    ["a=1 | search b=2", true],
    ["a=1 | search b=9", false],
  ])("%s: %s", (query, expected) => {
    expect(keeps(query, event)).toBe(expected);
  });
});

describe("terms of the raw event", () => {
  const raw =
    'Nov 24 host sshd[7]: Failed password for user="root" from 10.1.2.3 path=/usr/bin/python3.11 a_failure';
  const found = (query: string): boolean =>
    ids(query, [{ id: "1", time: now, fields: { a: "1" }, raw }]).length === 1;

  test.each([
    ["failed", true],
    ["fail", false],
    ["fail*", true],
    ["*ailed", true],
    ["failure", true],
    ["*fail*", true],
    ['"failed password"', true],
    ['"failed passwords"', false],
    ['"ailed password"', false],
    ["root", true],
    ["10.1.2.3", true],
    ["1.2.3", true],
    ["TERM(10.1.2.3)", true],
    ["TERM(1.2.3)", false],
    ["TERM(failure)", false],
    ["CASE(Failed)", true],
    ["CASE(failed)", false],
    ["python3*", true],
    ["py*11", true],
    // A wildcard does not leave its term.
    ["failed*root", false],
    ["_raw=*failed*root*", true],
    ["_raw=failed", false],
    ["NOT windows", true],
    ["failed NOT windows", true],
    ['"sshd[7]"', true],
  ])("%s: %s", (query, expected) => {
    expect(found(query)).toBe(expected);
  });

  test("brackets without quotes are a subsearch", () => {
    expect(refused("sshd[7]").code).toBe("subsearch-syntax");
  });

  test("an event without a text of its own has its fields for one", () => {
    expect(keeps("bash", { Image: "/usr/bin/bash", n: 5 })).toBe(true);
    expect(keeps('_raw="Image=/usr/bin/bash*n=5"', { Image: "/usr/bin/bash", n: 5 })).toBe(true);
  });

  test("rows without a raw event have no terms to be found", () => {
    expect(refused("* | stats count | search bash", plain({})).code).toBe("raw-missing");
    expect(ids("* | table a | search *", plain({ a: "1" }))).toEqual(["1"]);
  });

  test("a long text without breakers takes no long time", () => {
    const event = { id: "1", time: now, fields: {}, raw: "-a".repeat(200_000) };
    expect(ids("a*b", [event])).toEqual([]);
    expect(ids("*a*b", [event])).toEqual([]);
  });
});

describe("the names of the add-ons", () => {
  test.each([
    ["sourcetype=XmlWinEventLog", true],
    ["sourcetype=WinEventLog:Microsoft-Windows-Sysmon/Operational", true],
    ['source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"', true],
    ["sourcetype=sysmon", true],
    ["sourcetype=xmlwineventlog:microsoft-windows-sysmon*", true],
    ["sourcetype=WinEventLog:Security", false],
    ["sourcetype!=WinEventLog:Security", true],
    ["sourcetype!=XmlWinEventLog", false],
    ["sourcetype!=WinEventLog:Microsoft-Windows-Sysmon/Operational", false],
    ["NOT sourcetype=sysmon", false],
    ["index=windows", true],
    ["index=main", false],
    ["host=ws1", true],
    ["EventCode=1", true],
    ["EventID=1", true],
    ["process_name=cmd.exe", true],
    ["process=*whoami*", true],
    ["dest=ws1", true],
    ["user=lab", true],
    ["parent_process_name=explorer.exe", true],
  ])("of a Sysmon event: %s: %s", (query, expected) => {
    const event = sysmon({
      Image: String.raw`C:\Windows\System32\cmd.exe`,
      CommandLine: "cmd /c whoami",
      ParentImage: String.raw`C:\Windows\explorer.exe`,
      User: String.raw`DOM\lab`,
    });
    expect(ids(query, [event])).toEqual(expected ? [event.id] : []);
  });

  test("of events that state their sourcetype themselves", () => {
    const event = {
      id: "1",
      time: now,
      fields: {},
      sourcetype: "WinEventLog:Security",
      index: "wineventlog",
    };
    expect(ids("sourcetype=XmlWinEventLog:Security index=wineventlog", [event])).toEqual(["1"]);
    expect(ids("sourcetype=sysmon", [event])).toEqual([]);
    const own = { ...event, sourcetype: "acme:log" };
    expect(ids("sourcetype=ACME:LOG", [own])).toEqual(["1"]);
    expect(ids("sourcetype=acme", [own])).toEqual([]);
  });

  test("of the Windows add-on of today, where only the source names the channel", () => {
    const stated = { sourcetype: "XmlWinEventLog", source: "XmlWinEventLog:Security" };
    const event = { id: "1", time: now, fields: { EventID: 4688 }, ...stated };
    expect(ids("source=WinEventLog:Security sourcetype=WinEventLog:Security", [event])).toEqual(["1"]);
    expect(ids("sourcetype=sysmon", [event])).toEqual([]);
    expect(ids("source=*WinEventLog:Security", [{ ...event, sourcetype: undefined }])).toEqual(["1"]);
  });

  test("of a Windows event whose channel is not known, only that it is one", () => {
    const of = (logsource: { product: string; category?: string; service?: string }): string[] =>
      ["sourcetype=XmlWinEventLog", "sourcetype=sysmon", "sourcetype=*:Security", "source=*"].filter(
        (query) => ids(query, [{ id: "1", time: now, fields: {}, logsource }]).length === 1,
      );
    expect(of({ product: "windows" })).toEqual(["sourcetype=XmlWinEventLog"]);
    expect(of({ product: "windows", service: "unheard-of" })).toEqual(["sourcetype=XmlWinEventLog"]);
    expect(of({ product: "windows", service: "security" })).toEqual([
      "sourcetype=XmlWinEventLog",
      "sourcetype=*:Security",
      "source=*",
    ]);
    expect(of({ product: "windows", category: "file_event" })).toContain("sourcetype=sysmon");
    expect(of({ product: "linux" })).toEqual([]);
  });

  test("of Linux's audit log", () => {
    const event = {
      id: "1",
      time: now,
      fields: { Image: "/usr/bin/bash" },
      logsource: { product: "linux", category: "process_creation" },
    };
    expect(ids("sourcetype=linux:audit exe=/usr/bin/bash process_name=bash", [event])).toEqual(["1"]);
    expect(ids("sourcetype=linux_audit", [event])).toEqual(["1"]);
  });

  test("inner fields have dots, and elements of arrays braces", () => {
    const event = { userIdentity: { type: "Root" }, items: [{ name: "a" }, { name: "b" }], "flat.key": "x" };
    expect(keeps("userIdentity.type=root items{}.name=b flat.key=x", event)).toBe(true);
    expect(keeps("items{}.name=c", event)).toBe(false);
  });
});

describe("bounds of time", () => {
  const events = [0, 30, 90].map((minutes) => ({
    id: String(minutes),
    time: now - minutes * 60_000,
    fields: { a: "1" },
  }));
  test.each([
    ["a=1 earliest=-1h", ["0", "30"]],
    ["a=1 earliest=-1h latest=-10m", ["30"]],
    ["a=1 earliest=-2h@h latest=@h", ["30", "90"]],
    ["a=1 latest=now", ["30", "90"]],
    [`a=1 earliest=${now / 1000 - 60}`, ["0"]],
    ["a=1 earliest=11/24/2026:12:00:00", ["0", "30"]],
    ["a=1 earliest=@d", ["0", "30", "90"]],
    ["a=1 earliest=+1s", []],
  ])("%s", (query, expected) => {
    expect(ids(query, events, { now })).toEqual(expected);
  });

  test("they need to know the time, and a search of the index", () => {
    expect(refused("a=1 earliest=-1h").code).toBe("now-required");
    expect(refused("a=1 earliest=soon", [], { now }).code).toBe("time-invalid");
    expect(refused("a=1 | search earliest=-1h", [], { now }).code).toBe("time-misplaced");
    expect(ids("earliest=0", [{ id: "1", time: null, fields: {} }])).toEqual([]);
  });
});

describe("subsearches", () => {
  const events = plain(
    { kind: "bad", host_name: "a" },
    { kind: "x", host_name: "a" },
    { kind: "x", host_name: "b" },
  );

  test("its rows become a condition", () => {
    expect(ids("kind=x [search kind=bad | fields host_name]", events)).toEqual(["2"]);
    expect(ids("kind=x NOT [search kind=bad | fields host_name]", events)).toEqual(["3"]);
  });

  test("without rows it finds nothing", () => {
    expect(ids("kind=x [search kind=none | table host_name]", events)).toEqual([]);
  });

  test("too many rows are an error, not a part of them", () => {
    const limits = { subsearchRows: 1 };
    expect(refused("kind=x [search kind=x | table host_name]", events, { limits }).code).toBe(
      "subsearch-limit",
    );
  });

  test("rows of Splunk's own fields say nothing to search for", () => {
    expect(refused("kind=x [search kind=bad | table _time]", events).code).toBe("subsearch-unsupported");
  });

  test("it begins with a command", () => {
    expect(refused("kind=x [kind=bad]").code).toBe("subsearch-syntax");
  });
});

describe("event types", () => {
  const eventTypes = { shell: "Image=*bash OR Image=*sh" };
  test("stand for their search", () => {
    expect(keeps("eventtype=shell", bash, { eventTypes })).toBe(true);
    expect(keeps("NOT eventtype=shell", bash, { eventTypes })).toBe(false);
    expect(refused("eventtype=other", [], { eventTypes })).toMatchObject({
      code: "unknown-eventtype",
      column: 11,
    });
  });
});
