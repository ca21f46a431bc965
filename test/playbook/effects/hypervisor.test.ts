import { describe, expect, test } from "vitest";
import { effectsOf } from "./analysis.js";

describe("what only shows something needs no effect", () => {
  test.each([
    "virsh list --all",
    "virsh -c qemu:///session dumpxml tyrian-lab-1",
    "virsh --connect=qemu:///system -q dominfo web-3",
    "virsh 'list --all; domstate web-3'",
    "printf 'list --all\\nuri\\n' | virsh",
    "virsh --version",
    "virsh domstate tyrian-lab-1 | grep -qx paused",
    "esxcli vm process list",
    "esxcli --formatter=csv --debug vm process list",
    "esxcli --formatter csv storage filesystem list",
    "esxcli system syslog config get",
    "esxcli network ip neighbor list --interface=vmk0",
    "localcli system version get",
    "vim-cmd vmsvc/getallvms",
    "vim-cmd vmsvc/get.summary 12",
    "vim-cmd vmsvc/power.getstate 12",
    "vim-cmd hostsvc/hostsummary",
  ])("%s", async (code) => {
    expect(await effectsOf("shell", code)).toEqual([]);
  });
});

describe("what changes a domain of the lab, and nothing else, needs `lab-domain`", () => {
  test.each([
    "virsh destroy tyrian-lab-1",
    "virsh destroy --graceful --domain tyrian-lab-1",
    "virsh start --paused --domain=tyrian-lab-2",
    "virsh resume tyrian-lab-1\nvirsh suspend tyrian-lab-1",
    "virsh 'suspend tyrian-lab-1; list'",
    "virsh undefine tyrian-lab-2",
    "virsh define /etc/tyrian/tyrian-lab-2.xml",
  ])("%s", async (code) => {
    expect(await effectsOf("shell", code)).toEqual(["lab-domain"]);
  });
});

describe("everything else needs an effect that labs do not allow by themselves", () => {
  test.each([
    ["destructive", "virsh destroy web-3"],
    ["destructive", "virsh destroy 1"],
    ["destructive", "virsh destroy tyrian-lab-1 web-3"],
    ["destructive", "virsh destroy tyrian-lab-1x"],
    ["destructive", "virsh destroy"],
    ["destructive", "virsh undefine web-3"],
    ["destructive", "virsh undefine tyrian-lab-1 --remove-all-storage"],
    ["destructive", "virsh 'list; destroy web-3'"],
    ["destructive", "echo destroy web-3 | virsh"],
    ["destructive", "virsh define /tmp/other.xml"],
    ["destructive", "virsh qemu-monitor-command tyrian-lab-1 quit"],
    ["destructive", "command virsh shutdown web-3"],
    ["computed-code", "virsh list --name | xargs -n 1 virsh destroy"],
    ["computed-code", "virsh destroy $(virsh list --name)"],
    ["computed-code", 'virsh "list; destr\\oy web-3"'],
    ["computed-code", "cat /dev/stdin | virsh"],
    ["computed-code", "for verb in suspend destroy; do virsh $verb tyrian-lab-1; done"],
    ["network", "virsh -c qemu+ssh://root@192.0.2.1/system list"],
    ["network", "virsh -c esx://192.0.2.1 list"],
    ["network", "virsh --connect=qemu://192.0.2.1/system list"],
    ["network", "virsh migrate tyrian-lab-1 qemu+ssh://192.0.2.1/system"],
    ["computed-code", "LIBVIRT_DEFAULT_URI=qemu+ssh://192.0.2.1/system virsh list"],
    ["credentials", "virsh dumpxml web-3 --security-info"],
    ["credentials", "virsh secret-get-value 4a6241e8"],
    ["persistence", "virsh autostart tyrian-lab-1"],
    ["unknown-command", "virsh frobnicate tyrian-lab-1"],
    ["unknown-command", "virsh -l /tmp/log list"],
    ["unknown-command", "virsh cd /tmp"],
    ["destructive", "esxcli vm process kill --type=soft --world-id=2100345"],
    ["destructive", "esxcli system syslog config set --loghost=tcp://192.0.2.5:514"],
    ["destructive", "esxcli system shutdown poweroff --reason=x"],
    ["network", "esxcli -s 192.0.2.1 vm process list"],
    ["network", "esxcli network diag ping --host=192.0.2.1"],
    ["persistence", "esxcli software vib install --viburl=/tmp/x.vib"],
    ["credentials", "esxcli system settings encryption recovery list"],
    ["credentials", "esxcli system snmp get"],
    ["unknown-command", "esxcli system frobnicate"],
    ["computed-code", "esxcli $words"],
    ["destructive", "vim-cmd vmsvc/power.off 12"],
    ["destructive", "vim-cmd vmsvc/snapshot.removeall 12"],
    ["destructive", "vim-cmd hostsvc/enable_ssh"],
    ["credentials", "vim-cmd vimsvc/license --show"],
    ["unknown-command", "vim-cmd vmsvc/frobnicate 12"],
    ["computed-code", 'vim-cmd vmsvc/power.off "$id"'],
    ["unknown-command", "vmkfstools -U /vmfs/volumes/a/a.vmdk"],
  ])("%s: %s", async (effect, code) => {
    expect(await effectsOf("shell", code)).toContain(effect);
  });
});
