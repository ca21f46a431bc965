import { chownSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TyrianError } from "../../../errors.js";
import { makeHostFolder, OPERATOR, writeHostFile } from "../accounts.js";
import { findProgram } from "../commands.js";
import { hostFolder } from "../host.js";
import type { LabPlace } from "../state.js";
import type { LabHost } from "../types.js";
import { definitionOf, DOMAINS, LOG_FOLDER, PROGRAMS, QEMU_DRIVER } from "./names.js";

/** @throws TyrianError `requirement-missing` with the one command that installs libvirt and QEMU. */
export function requireHypervisor(): void {
  if (existsSync(QEMU_DRIVER) && PROGRAMS.every((name) => findProgram(name) !== null)) return;
  throw new TyrianError("requirement-missing", "a host of the profile hypervisor needs libvirt and QEMU", {
    hint: "apt-get install -y --no-install-recommends libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86",
  });
}

/**
 * The API log of a hypervisor, as seen from this machine.
 * @param folder the lab's
 */
export function hypervisorLog(folder: string, host: Pick<LabHost, "name">): string {
  return join(folder, "hosts", host.name, "libvirt-log", "libvirtd.log");
}

/** What of libvirtd.conf the lab's hypervisors have: the calls about domains, and nothing else at that priority. */
export const LIBVIRTD_CONFIGURATION = [
  'log_filters="1:libvirt.domain 4:*"',
  `log_outputs="1:file:${LOG_FOLDER}/libvirtd.log"`,
  "",
].join("\n");

/** No daemon beside libvirtd, no control groups and no namespaces: a host has none to give. */
const QEMU_CONFIGURATION = [
  'stdio_handler = "file"',
  'security_driver = "none"',
  "cgroup_controllers = []",
  "namespaces = []",
  "",
].join("\n");

/** A machine without a disk, a network or a screen, emulated: it needs no /dev/kvm. */
export function domainDefinition(name: string): string {
  return `<domain type="qemu">
  <name>${name}</name>
  <description>A domain of Tyrian's lab: nothing is in it.</description>
  <memory unit="MiB">32</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64">hvm</type></os>
  <devices>
    <controller type="usb" model="none"/>
    <memballoon model="none"/>
  </devices>
</domain>
`;
}

/** What libvirt must know of the processors to place a domain on them. A host's /sys is empty, so these are copies. */
const PROCESSORS = ["online", "present"].map((name) => `sys/devices/system/cpu/${name}`);

/** Writes what a hypervisor has beside the files of any host; those are written before. */
export function prepareHypervisor(place: LabPlace, host: LabHost): void {
  const folder = hostFolder(place, host);
  const layer = join(folder, "layer");
  makeHostFolder(folder, "libvirt-log", 0o755);
  makeHostFolder(layer, LOG_FOLDER, 0o755);
  for (const name of DOMAINS) writeHostFile(layer, definitionOf(name), domainDefinition(name));
  for (const path of PROCESSORS) writeHostFile(layer, path, readFileSync(`/${path}`, "utf8"), 0o444);
  // libvirtd keeps its state beside its configuration.
  const configuration = `home/${OPERATOR}/.config/libvirt`;
  writeHostFile(layer, `${configuration}/libvirtd.conf`, LIBVIRTD_CONFIGURATION);
  writeHostFile(layer, `${configuration}/qemu.conf`, QEMU_CONFIGURATION);
  const own = [
    join(folder, "libvirt-log"),
    join(layer, `home/${OPERATOR}/.config`),
    join(layer, configuration),
  ];
  for (const path of own) chownSync(path, host.operator, host.operator);
}
