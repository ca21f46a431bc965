/** Where a host has the log of libvirt's API. */
export const LOG_FOLDER = "/var/log/libvirt-api";

/** A domain of the lab that is started, paused and so idle, and one that is shut off. */
export const RUNNING_DOMAIN = "tyrian-lab-1";
export const IDLE_DOMAIN = "tyrian-lab-2";
export const DOMAINS = [RUNNING_DOMAIN, IDLE_DOMAIN] as const;

/** Where a host has the definition of a domain; it belongs to root. */
export function definitionOf(domain: string): string {
  return `/etc/tyrian/${domain}.xml`;
}

/** Debian's driver, a package of its own, without which libvirtd knows no QEMU. */
export const QEMU_DRIVER = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so";
export const PROGRAMS = ["libvirtd", "virsh", "qemu-system-x86_64"] as const;
