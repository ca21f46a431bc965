import { describe, expect, test } from "vitest";
import { fieldsOf, readHypervisorLog } from "./reading.js";

/** Lines are constructed from VMware's documentation; none was recorded on an ESXi of ours. */
describe("shell.log", () => {
  const lines = [
    "2026-11-24T11:00:00Z shell[2100345]: Interactive shell session started",
    "2026-11-24T11:00:05Z shell[2100345]: [root]: esxcli vm process list",
    "2026-11-24T11:00:06Z shell[64386]: cd /var/log",
    "2026-11-24T11:00:07.123Z In(14) shell[2100345]: [root]: vim-cmd vmsvc/getallvms ",
    "<14>2026-11-24T11:00:08Z esx-1.lab.test shell[2100345]: [ops]: esxcli --formatter=csv vm process list",
    "2026-11-24T11:00:09Z ESXShell: ESXi Shell available",
  ];

  test("tells user, world and command, from a file or by syslog, of every release", () => {
    expect(fieldsOf("esxi-shell", lines)).toEqual([
      { LogonId: "2100345" },
      { CommandLine: "esxcli vm process list", User: "root", LogonId: "2100345" },
      { CommandLine: "cd /var/log", LogonId: "64386" },
      { CommandLine: "vim-cmd vmsvc/getallvms", User: "root", LogonId: "2100345" },
      { CommandLine: "esxcli --formatter=csv vm process list", User: "ops", LogonId: "2100345" },
      {},
    ]);
  });

  test("the whole message has neither time nor host, and the world of the shell is the session", () => {
    const { events } = readHypervisorLog("esxi-shell", lines);
    expect(events[4]?.fields["Message"]).toBe(
      "shell[2100345]: [ops]: esxcli --formatter=csv vm process list",
    );
    expect(events[4]?.logsource).toEqual({ product: "esxi", service: "shell" });
    expect(events.map(({ session }) => session)).toEqual([
      ...["shell[2100345]", "shell[2100345]", "shell[64386]", "shell[2100345]", "shell[2100345]"],
      null,
    ]);
  });

  test("lines of other programs are passed over, what is no line is damaged", () => {
    const { counts } = readHypervisorLog("esxi-shell", [
      "2026-11-24T11:00:00Z sshd[12345]: Connection from 192.0.2.7 port 2605",
      "2026-11-24T11:00:00Z nothing of it",
    ]);
    expect(counts).toMatchObject({ events: 0, ignored: 1, malformed: 1 });
  });
});

test("auth.log tells how a log-in ended, whose it was and from where", () => {
  expect(
    fieldsOf("esxi-auth", [
      "2026-11-24T11:00:00Z sshd[12345]: Connection from 192.0.2.7 port 2605",
      "2026-11-24T11:00:01Z sshd[12345]: Accepted keyboard-interactive/pam for root from 192.0.2.7 port 2605 ssh2",
      "2026-11-24T11:00:01Z sshd[64386]: Session opened for 'root' on /dev/char/pty/t0",
      "2026-11-24T11:00:02Z login[64390]: root login on 'char/tty/1'",
      "2026-11-24T11:00:03Z sshd[12346]: error: PAM: Authentication failure for root from 192.0.2.8",
      "2026-11-24T11:00:04Z sshd[12347]: Failed password for invalid user oracle from 192.0.2.8 port 40000 ssh2",
      "2026-11-24T11:00:05Z sshd[12345]: pam_unix(system-auth-generic:session): session closed for user root",
    ]),
  ).toEqual([
    {},
    { Action: "accepted", User: "root", SourceIp: "192.0.2.7" },
    { Action: "session-opened", User: "root", Terminal: "/dev/char/pty/t0" },
    { Action: "accepted", User: "root", Terminal: "char/tty/1" },
    { Action: "failed", User: "root", SourceIp: "192.0.2.8" },
    { Action: "failed", User: "oracle", SourceIp: "192.0.2.8" },
    { Action: "session-closed", User: "root" },
  ]);
});

test("vobd.log tells the kind of observation, correlated or alone", () => {
  const lines = [
    "2026-11-24T11:00:00.001Z: [GenericCorrelator] 1234567us: [vob.user.esx.audit.shell.enabled] The ESXi command line shell has been enabled.",
    "2026-11-24T11:00:01.001Z: [UserLevelCorrelator] 1234568us: [vob.user.ssh.session.opened] SSH session was opened for 'root@192.0.2.7'.",
    "2026-11-24T11:00:01.001Z In(14) vobd[2097710]:  [esx.audit.ssh.session.opened] SSH session was opened for 'root@192.0.2.7'.",
    "2026-11-24T11:00:02.001Z: An event (esx.audit.shell.enabled) could not be sent immediately to hostd; queueing for retry.",
  ];
  expect(fieldsOf("esxi-vobd", lines.slice(0, 3))).toEqual([
    { EventType: "vob.user.esx.audit.shell.enabled" },
    { EventType: "vob.user.ssh.session.opened", User: "root", SourceIp: "192.0.2.7" },
    { EventType: "esx.audit.ssh.session.opened", User: "root", SourceIp: "192.0.2.7" },
  ]);
  const { events, counts } = readHypervisorLog("esxi-vobd", lines);
  expect(events[0]?.fields["Message"]).toBe(
    "[GenericCorrelator] 1234567us: [vob.user.esx.audit.shell.enabled] The ESXi command line shell has been enabled.",
  );
  expect(counts).toMatchObject({ events: 3, ignored: 1, malformed: 0 });
});

test("hostd.log tells subsystem, operation and user, as ESXi 7, ESXi 8 and syslog write it", () => {
  const { events, counts } = readHypervisorLog("esxi-hostd", [
    "2026-11-24T11:00:00.123Z info hostd[2099457] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 137 : The ESXi command line shell has been enabled on host esx-1.lab.test.",
    "2026-11-24T11:00:01.123Z In(166) Hostd[2099457]: [Originator@6876 sub=Vimsvc.ha-eventmgr opID=8b7c] Event 170 : User root@127.0.0.1 logged in as VMware-client/8.0.0",
    "<166>2026-11-24T11:00:02.123Z esx-1 Hostd: info hostd[2099457] [Originator@6876 sub=Vimsvc.TaskManager opID=esxcli-c5-10e9 user=root] Task Created : haTask-12-vim.VirtualMachine.powerOff-5555",
    "--> a second line of it",
    "2026-11-24T11:00:03.123Z Section for VMware ESX, pid=2099457",
  ]);
  expect(events.map(({ fields: { Message: _, ...rest } }) => rest)).toEqual([
    { Subsystem: "Vimsvc.ha-eventmgr" },
    { Subsystem: "Vimsvc.ha-eventmgr", Operation: "8b7c", User: "root", SourceIp: "127.0.0.1" },
    { Subsystem: "Vimsvc.TaskManager", Operation: "esxcli-c5-10e9", User: "root" },
  ]);
  expect(events[2]?.fields["Message"]).toMatch(/^hostd\[2099457\] .* Task Created : haTask-12-/);
  expect(counts).toMatchObject({ events: 3, ignored: 1, malformed: 1 });
});
