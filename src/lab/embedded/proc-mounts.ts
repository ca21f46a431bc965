import { existsSync } from "node:fs";

/**
 * Lines for a mount table that give a host its /proc. Whoever is root by number may write these files without any
 * capability, and they change the whole machine, so they are made read-only.
 */
export function procMounts(root: string): string[] {
  return [
    `proc ${root}/proc proc nosuid,nodev,noexec 0 0`,
    ...["sys", "bus", "fs", "irq"]
      .filter((name) => existsSync(`/proc/${name}`))
      .map((name) => `${root}/proc/${name} ${root}/proc/${name} none bind,ro,nosuid,nodev,noexec 0 0`),
    ...(existsSync("/proc/sysrq-trigger") ? [`/dev/null ${root}/proc/sysrq-trigger none bind 0 0`] : []),
  ];
}
