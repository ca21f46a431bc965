import { DEVICE_GROUP, UNLISTED } from "./names.js";

/**
 * Switches on, before sshd, what a host with mitigations has in the modes of its own files; they are in its own layer. An interpreter
 * that was taken away altogether could not be told from one that never was there, so it stays and loses the right to be executed.
 */
export const MITIGATIONS_START = `[ ! -e /usr/bin/perl ] || chmod a-x /usr/bin/perl
for program in ${UNLISTED.join(" ")}; do
  [ ! -e "$program" ] || chmod a-x "$program"
done
if [ -e /usr/bin/tclsh ]; then
  chgrp ${String(DEVICE_GROUP)} /usr/bin/tclsh
  chmod 750 /usr/bin/tclsh
fi`;

/** Lines for a mount table: what is put into the folders that everybody may write cannot be executed. */
export function withoutExec(root: string, folders: readonly string[]): string[] {
  return folders.map((folder) => `tmpfs ${root}${folder} tmpfs noexec,nosuid,nodev,mode=1777,size=64m 0 0`);
}
