import { describe, expect, test } from "vitest";
import { compiledFor, eventOf, forFormat, refusedFor } from "./shipped.js";

const processCreation = "product: linux, category: process_creation";

describe("linux-sysmon", () => {
  test.each([
    ["process_creation", 1],
    ["network_connection", 3],
    ["process_termination", 5],
    ["raw_access_thread", 9],
    ["file_event", 11],
    ["file_delete", 23],
  ])("%s is event %i", (category, eventId) => {
    const rule = compiledFor("linux-sysmon", `product: linux, category: ${category}`, "Image: /bin/sh");
    expect(rule.matches(eventOf("linux-sysmon", { EventID: eventId, Image: "/bin/sh" }))).toBe(true);
    expect(rule.matches(eventOf("linux-sysmon", { EventID: eventId, Image: "/bin/ls" }))).toBe(false);
    expect(rule.matches(eventOf("linux-sysmon", { EventID: 99, Image: "/bin/sh" }))).toBe(false);
  });

  test("service sysmon is taken as it is, others are refused", () => {
    expect(
      compiledFor("linux-sysmon", "product: linux, service: sysmon", "EventID: 4").matches(
        eventOf("linux-sysmon", { EventID: 4 }),
      ),
    ).toBe(true);
    expect(refusedFor("linux-sysmon", "product: windows, category: process_creation", "A: 1").code).toBe(
      "pipeline-refused",
    );
  });
});

describe("linux-auditd: the records of one audit event", () => {
  const exec = {
    type: "SYSCALL",
    arch: "c000003e",
    syscall: 59,
    success: "yes",
    exit: 0,
    ppid: 1000,
    pid: 1001,
    auid: 1000,
    uid: 0,
    ses: 3,
    comm: "nc",
    exe: "/usr/bin/nc",
    key: "exec",
    argc: 3,
    a0: "nc",
    a1: "-e",
    a2: "/bin/sh",
    cwd: "/root",
  };
  const matches = (lines: string, fields: Record<string, unknown> = exec): boolean =>
    compiledFor("linux-auditd", processCreation, lines).matches(eventOf("linux-auditd", fields));

  test("process_creation is an execve that succeeded", () => {
    expect(matches("Image|endswith: /nc")).toBe(true);
    expect(matches("Image|endswith: /sh")).toBe(false);
    expect(matches("Image|endswith: /nc", { ...exec, success: "no" })).toBe(false);
    expect(matches("ProcessId: 1001\nParentProcessId: 1000\nLogonId: 3\nCurrentDirectory: /root")).toBe(true);
  });

  test.each([
    ["c000003e", 59, true],
    ["c000003e", 322, true],
    ["c000003e", "execve", true],
    ["x86_64", "execveat", true],
    ["c00000b7", 221, true],
    ["c00000b7", 281, true],
    ["40000003", 11, true],
    ["40000003", 358, true],
    // The same numbers are other calls on the other machines.
    ["c000003e", 221, false],
    ["c000003e", 11, false],
    ["c00000b7", 59, false],
    ["40000003", 59, false],
    ["c000003e", 2, false],
  ])("on %s call %s starts a program: %j", (arch, syscall, wanted) => {
    expect(matches("Image|endswith: /nc", { ...exec, arch, syscall })).toBe(wanted);
  });

  test("a rule for service auditd reads the records' own fields", () => {
    const lines = "type: SYSCALL\na0: nc\na1: [-e, -c]\nexe|endswith: /nc";
    const rule = compiledFor("linux-auditd", "product: linux, service: auditd", lines);
    expect(rule.matches(eventOf("linux-auditd", exec))).toBe(true);
    expect(rule.matches(eventOf("linux-auditd", { ...exec, a1: "-l" }))).toBe(false);
  });

  test.each([
    ["CommandLine|contains: '-e /bin/sh'", "a0, a1"],
    ["User: root", "numbers"],
  ])("what the records do not have is refused: %s", (line, words) => {
    const error = refusedFor("linux-auditd", processCreation, `Image: a\n${line}`);
    expect(error).toMatchObject({ code: "pipeline-refused", line: 6 });
    expect(error.message).toContain(words);
  });

  test("fields that are in no record are warned about or refused", () => {
    expect(forFormat("linux-auditd", processCreation, "Image: a\nParentImage: b").diagnostics).toMatchObject([
      { code: "field-not-in-format", severity: "warning", line: 6 },
    ]);
    expect(refusedFor("linux-auditd", processCreation, "Image: a\nParentImage: null").code).toBe(
      "field-not-in-format",
    );
  });

  test("other categories are refused", () => {
    expect(refusedFor("linux-auditd", "product: linux, category: file_event", "A: 1").code).toBe(
      "pipeline-refused",
    );
  });
});

describe("linux-laurel", () => {
  const line = {
    ID: "1615114232.375:15558",
    SYSCALL: {
      arch: "0xc000003e",
      syscall: 59,
      success: "yes",
      exit: 0,
      ppid: 10883,
      pid: 10884,
      auid: 1000,
      uid: 0,
      ses: 1,
      tty: "pts1",
      comm: "nc",
      exe: "/usr/bin/nc",
      key: "exec",
      ARCH: "x86_64",
      SYSCALL: "execve",
      UID: "root",
      PPID: { EVENT_ID: "1615114230.100:15500", comm: "bash", exe: "/usr/bin/bash", ppid: 10000 },
    },
    EXECVE: { argc: 3, ARGV: ["nc", "-e", "/bin/sh"] },
    CWD: { cwd: "/root" },
    PATH: [
      { item: 0, name: "/usr/bin/nc", nametype: "NORMAL" },
      { item: 1, name: "/lib64/ld-linux-x86-64.so.2", nametype: "NORMAL" },
    ],
  };
  const matches = (lines: string, fields: Record<string, unknown> = line): boolean =>
    compiledFor("linux-laurel", processCreation, lines).matches(eventOf("linux-laurel", fields));

  test("process_creation is an event with an EXECVE record", () => {
    expect(
      matches(
        "Image|endswith: /nc\nParentImage|endswith: /bash\nUser: root\nCurrentDirectory: /root\nProcessId: 10884",
      ),
    ).toBe(true);
    expect(matches("Image|endswith: /sh")).toBe(false);
    const other = { ...line, EXECVE: undefined };
    expect(matches("Image|endswith: /nc", other)).toBe(false);
  });

  test("words without blanks are looked for in every argument", () => {
    expect(matches("CommandLine|contains: /bin/")).toBe(true);
    expect(matches("CommandLine|contains|all: [-e, /bin/sh]")).toBe(true);
    expect(matches("CommandLine|contains|all: [-e, /bin/zsh]")).toBe(false);
    expect(matches("CommandLine|contains: [zsh, bin]")).toBe(true);
  });

  test.each([
    "CommandLine|contains: '-e /bin'",
    "CommandLine|startswith: nc",
    "CommandLine|endswith: sh",
    "CommandLine: nc",
    "CommandLine|contains: 'a%b'",
    String.raw`CommandLine|endswith: 'a\*'`,
    "CommandLine|re: nc",
    "CommandLine: null",
  ])("%s is refused: the arguments are apart", (lines) => {
    expect(refusedFor("linux-laurel", processCreation, lines)).toMatchObject({
      code: "pipeline-refused",
      line: 5,
    });
  });

  test.each([
    ["type: SYSCALL\nexe|endswith: /nc\nsyscall: execve\nkey: exec", true],
    ["type: SYSCALL\nSYSCALL: [execve, clone]\nuid: 0\nauid: 1000", true],
    ["type: SYSCALL\nexe|endswith: /ls", false],
    ["type: EXECVE\ncomm: nc", true],
    ["type: PATH\nname: /usr/bin/nc\nnametype: NORMAL", true],
    ["type: CWD\ncwd: /root", true],
    ["type|neq: SYSCALL", false],
  ])("a rule for service auditd: %j: %j", (lines, wanted) => {
    const rule = compiledFor("linux-laurel", "product: linux, service: auditd", lines);
    expect(rule.matches(eventOf("linux-laurel", line))).toBe(wanted);
  });

  test("a record that is not there is not matched", () => {
    const rule = compiledFor("linux-laurel", "product: linux, service: auditd", "type: EXECVE");
    const other = { ...line, EXECVE: undefined };
    expect(rule.matches(eventOf("linux-laurel", other))).toBe(false);
  });

  test.each([
    ["type: EXECVE\na1: -e", 6],
    ["type: USER_CMD", 5],
    ["type: [EXECVE, PATH]", 5],
    ["type|startswith: EX", 5],
    ["type: SYSCALL\nsyscall: 59", 6],
  ])("a rule for service auditd that laurel's form cannot carry is refused: %j", (lines, at) => {
    expect(refusedFor("linux-laurel", "product: linux, service: auditd", lines)).toMatchObject({
      code: "pipeline-refused",
      line: at,
    });
  });

  test("other log sources are refused", () => {
    expect(refusedFor("linux-laurel", "product: linux, service: sshd", "A: 1").code).toBe("pipeline-refused");
  });
});

describe("linux-syslog", () => {
  const failed = {
    host: "web1",
    program: "sshd",
    pid: 812,
    facility: "auth",
    severity: "info",
    message: "Failed password for root from 10.0.0.1",
  };

  test.each([
    ["sshd", "sshd"],
    ["sshd", "sshd-session"],
    ["sudo", "sudo"],
    ["su", "su"],
    ["cron", "CRON"],
    ["cron", "crond"],
    ["clamav", "clamd"],
    ["vsftpd", "vsftpd"],
    ["guacamole", "guacd"],
  ])("service %s is the program %s", (service, program) => {
    const rule = compiledFor("linux-syslog", `product: linux, service: ${service}`, "message|contains: root");
    expect(rule.matches(eventOf("linux-syslog", { ...failed, program }))).toBe(true);
    expect(rule.matches(eventOf("linux-syslog", { ...failed, program: "kernel" }))).toBe(false);
    expect(rule.matches(eventOf("linux-syslog", { ...failed, program, message: "x" }))).toBe(false);
  });

  test("service auth is the facility; service syslog is any line", () => {
    const auth = compiledFor("linux-syslog", "product: linux, service: auth", "message|contains: Failed");
    expect(auth.matches(eventOf("linux-syslog", failed))).toBe(true);
    expect(auth.matches(eventOf("linux-syslog", { ...failed, facility: "authpriv" }))).toBe(true);
    expect(auth.matches(eventOf("linux-syslog", { ...failed, facility: "mail" }))).toBe(false);
    const any = compiledFor("linux-syslog", "product: linux, service: syslog", "message|contains: Failed");
    expect(any.matches(eventOf("linux-syslog", { ...failed, facility: "mail" }))).toBe(true);
  });

  test.each([processCreation, "product: linux, service: auditd", "product: windows, service: sshd"])(
    "a rule for %s is refused",
    (logsource) => {
      expect(refusedFor("linux-syslog", logsource, "A: 1")).toMatchObject({
        code: "pipeline-refused",
        line: 1,
      });
    },
  );
});
