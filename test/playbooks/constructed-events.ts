import type { HypervisorLogFormat } from "../../src/model/inventory.js";
import { readHypervisorLog } from "../telemetry/hypervisor/reading.js";

/**
 * Events that are constructed, not recorded, for rules about machines that no procedure of ours runs on here: a Mac, ESXi,
 * network devices, and what Windows hosts would have to have installed. Each rule has one event that it is about, and its twin.
 * Texts of devices follow the vendors' documentation: VMware, "ESXi Log File Locations" and "VMware vSphere ESXi vobd
 * events"; Cisco, "AAA Accounting" (commands as CmdSet).
 */
export interface Constructed {
  /** The rule's file, below the shelf. */
  readonly rule: string;
  readonly fires: Readonly<Record<string, string>>;
  readonly quiet: Readonly<Record<string, string>>;
}

/** A start of a program; what is not told of it stays as in the event that fires. */
function start(
  [image, commandLine, parent]: readonly [string, string, string],
  twin: { readonly image?: string; readonly commandLine?: string; readonly parent?: string },
): Pick<Constructed, "fires" | "quiet"> {
  const fields = (a: string, b: string, c: string): Record<string, string> => ({
    Image: a,
    CommandLine: b,
    ParentImage: c,
  });
  return {
    fires: fields(image, commandLine, parent),
    quiet: fields(twin.image ?? image, twin.commandLine ?? commandLine, twin.parent ?? parent),
  };
}

function line(field: string, fires: string, quiet: string): Pick<Constructed, "fires" | "quiet"> {
  return { fires: { [field]: fires }, quiet: { [field]: quiet } };
}

/** What two lines of a hypervisor's log say, behind their time. */
function logged(
  format: HypervisorLogFormat,
  fires: string,
  quiet: string,
): Pick<Constructed, "fires" | "quiet"> {
  const fieldsOf = (rest: string): Constructed["fires"] => {
    const [event] = readHypervisorLog(format, [`2026-11-24T11:00:00.123Z ${rest}`]).events;
    if (event === undefined) throw new Error(`no event of ${format}: ${rest}`);
    return event.fields as Constructed["fires"];
  };
  return { fires: fieldsOf(fires), quiet: fieldsOf(quiet) };
}

const hypervisor = "T1059.012-hypervisor-cli/analytics";
const uuid = "4a6241e8-3ecd-4a74-815a-48177be2fa27";
const root = "T1059-command-and-scripting-interpreter/analytics";
const word = "/Applications/Microsoft Word.app/Contents/MacOS/Microsoft Word";

/** Rules of clouds that no procedure is about: cloud.test.ts holds them to records of the clouds' own form. */
export const heldToRecords: readonly string[] = [
  "aws-account-changed",
  "azure-role-assignment-written",
  "google-policy-changed",
  "okta-token-by-plain-http-client",
].map((name) => `T1059.009-cloud-api/analytics/${name}.yml`);

export const constructed: readonly Constructed[] = [
  {
    rule: `${root}/interpreter-below-office-or-browser.yml`,
    ...start(
      [
        String.raw`C:\Windows\System32\cmd.exe`,
        "cmd /c ver",
        String.raw`C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`,
      ],
      { image: String.raw`C:\Windows\splwow64.exe`, commandLine: "splwow64.exe 8192" },
    ),
  },
  {
    rule: `${root}/interpreter-below-document-program-on-macos.yml`,
    ...start(["/bin/zsh", "zsh -c id", "/Applications/Safari.app/Contents/MacOS/Safari"], {
      parent: "/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal",
    }),
  },
  {
    rule: `${root}/shell-enabled-on-esxi.yml`,
    ...line(
      "Message",
      "[GenericCorrelator] 1234567us: [vob.user.esx.audit.shell.enabled] The ESXi command line shell has been enabled.",
      "[GenericCorrelator] 1234567us: [vob.user.esx.audit.shell.disabled] The ESXi command line shell has been disabled.",
    ),
  },
  {
    rule: `${root}/interpreter-opened-on-network-device.yml`,
    ...line("CmdSet", "tclsh <cr>", "show running-config | include tclsh <cr>"),
  },
  {
    rule: "T1059.004-unix-shell/analytics/shell-below-script-on-macos.yml",
    ...start(["/bin/sh", "sh -c id", "/usr/bin/osascript"], {
      parent: "/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal",
    }),
  },
  {
    rule: "T1059.004-unix-shell/analytics/shell-command-on-esxi.yml",
    ...line(
      "Message",
      "shell[2100345]: [root]: echo aWQ= | base64 -d | sh",
      "shell[2100345]: [root]: esxcli system version get",
    ),
  },
  {
    rule: "T1059.004-unix-shell/analytics/unix-shell-on-network-device.yml",
    ...line("CmdSet", "run bash <cr>", "show version <cr>"),
  },
  {
    rule: "T1059.005-visual-basic/analytics/program-below-office-on-macos.yml",
    ...start(["/usr/bin/osascript", "osascript -e 1", word], {
      image: `${word} Helper`,
      commandLine: "Microsoft Word Helper",
    }),
  },
  {
    rule: "T1059.006-python/analytics/inline-python-on-windows.yml",
    ...start(
      [
        String.raw`C:\Python312\python.exe`,
        "python -c print(1)",
        String.raw`C:\Windows\System32\wscript.exe`,
      ],
      { parent: String.raw`C:\Windows\explorer.exe` },
    ),
  },
  {
    rule: "T1059.006-python/analytics/python-from-temporary-folder-on-macos.yml",
    ...start(
      [
        "/Library/Frameworks/Python.framework/Versions/3.12/bin/python3.12",
        "python3.12 /private/tmp/a.py",
        "/bin/zsh",
      ],
      { commandLine: "python3.12 -m json.tool /private/tmp/a.json" },
    ),
  },
  {
    rule: "T1059.006-python/analytics/python-on-esxi.yml",
    ...line(
      "Message",
      "shell[2100345]: [root]: python /vmfs/volumes/datastore1/a.py",
      "shell[2100345]: [root]: vim-cmd vmsvc/getallvms",
    ),
  },
  {
    rule: "T1059.007-javascript/analytics/javascript-for-automation.yml",
    ...start(["/usr/bin/osascript", "osascript -l JavaScript -e 1+1", "/bin/zsh"], {
      commandLine: "osascript -e 1+1",
    }),
  },
  {
    rule: "T1059.011-lua/analytics/lua-on-windows.yml",
    ...start(
      [
        String.raw`C:\Users\op\AppData\Local\Temp\lua54.exe`,
        String.raw`lua54.exe C:\Users\op\AppData\Local\Temp\a.lua`,
        String.raw`C:\Windows\explorer.exe`,
      ],
      {
        image: String.raw`C:\Program Files\Lua\lua.exe`,
        commandLine: String.raw`lua.exe "C:\Program Files\Lua\app.lua"`,
      },
    ),
  },
  {
    rule: "T1059.011-lua/analytics/lua-on-macos.yml",
    ...start(["/opt/homebrew/bin/lua5.4", "lua5.4 -e print(1)", "/bin/zsh"], {
      commandLine: "lua5.4 /opt/homebrew/share/tool/main.lua",
    }),
  },
  {
    rule: "T1059.011-lua/analytics/lua-on-network-device.yml",
    ...line("CmdSet", "lua bootflash:note.lua <cr>", "show file bootflash:note.lua <cr>"),
  },
  {
    rule: `${hypervisor}/api-domain-destroyed.yml`,
    ...logged(
      "libvirt",
      `18: debug : virDomainDestroy:503 : dom=0x7f2284003690, (VM: name=web-3, uuid=${uuid})`,
      `18: debug : virDomainGetState:2714 : dom=0x7f2284003690, (VM: name=virDomainDestroy, uuid=${uuid})`,
    ),
  },
  {
    rule: `${hypervisor}/api-definition-dumped.yml`,
    ...logged(
      "libvirt",
      `15: debug : virDomainGetXMLDesc:2819 : dom=0x563001f75730, (VM: name=web-3, uuid=${uuid}), flags=0x0`,
      "15: debug : virConnectListAllDomains:6961 : conn=0x563001f6f090, domains=0x7f85f6192930, flags=0x3",
    ),
  },
  {
    rule: `${hypervisor}/esxi-machine-stopped.yml`,
    ...logged(
      "esxi-shell",
      "shell[2100345]: [root]: esxcli vm process kill --type=force --world-id=2100999",
      "shell[2100345]: [root]: esxcli vm process list",
    ),
  },
  {
    rule: `${hypervisor}/esxi-ssh-login.yml`,
    ...logged(
      "esxi-auth",
      "sshd[12345]: Accepted keyboard-interactive/pam for root from 192.0.2.7 port 2605 ssh2",
      "sshd[12345]: Accepted keyboard-interactive/pam for root from 192.0.2.5 port 2605 ssh2",
    ),
  },
  {
    rule: `${hypervisor}/esxi-machine-stopped-by-agent.yml`,
    ...logged(
      "esxi-hostd",
      "info hostd[2099457] [Originator@6876 sub=Vimsvc.TaskManager opID=vim-cmd-1a-10e9 user=root] Task Created : haTask-12-vim.VirtualMachine.powerOff-5555",
      "info hostd[2099457] [Originator@6876 sub=Vimsvc.TaskManager opID=lqx2-8f-12 user=vpxuser] Task Created : haTask-12-vim.VirtualMachine.powerOff-5556",
    ),
  },
  {
    rule: `${hypervisor}/esxi-ssh-session-opened.yml`,
    ...logged(
      "esxi-vobd",
      "[UserLevelCorrelator] 1234568us: [esx.audit.ssh.session.opened] SSH session was opened for 'root@192.0.2.7'.",
      "[UserLevelCorrelator] 1234569us: [esx.audit.ssh.session.closed] SSH session was closed for 'root@192.0.2.7'.",
    ),
  },
];
