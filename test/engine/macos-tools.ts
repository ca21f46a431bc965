import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Stand-ins for programs of a Mac, for a Linux machine: each takes the options that macOS documents and that the scripts need, refuses
 * all others, and looks the answer up with Linux's own. What a Mac lacks, or has without GNU's options, always fails.
 * @param jobs a file with the numbers of what launchd runs, one a line
 * @returns what each program is, by its name
 */
export function macosTools(jobs: string): Readonly<Record<string, string>> {
  const refuse = 'echo "${0##*/}: illegal option -- $*" >&2; exit 64';
  const absent = Object.fromEntries(
    ["grep", "find", "mktemp", "stat", "date", "readlink", "timeout", "pgrep", "pkill"].map((name) => [
      name,
      refuse,
    ]),
  );
  return {
    ...absent,
    ps: `case "$#:$1:\${2-}" in
2:-axo:pid=*) exec /usr/bin/ps -axo "$2" ;;
5:-Eww:-o)
  case "$3:$4" in command=:-p) tr '\\0' ' ' < "/proc/$5/cmdline"; tr '\\0' ' ' < "/proc/$5/environ"; exit ;; esac
  ;;
esac
${refuse}`,
    lsof: `[ "$#:$1:\${2-}" = 3:-t:-- ] && exec /usr/bin/lsof "$@"
${refuse}`,
    launchctl: `[ "$*" = list ] || { ${refuse}; }
printf 'PID\\tStatus\\tLabel\\n-\\t0\\torg.example.waits\\n'
[ ! -e ${jobs} ] || while read -r job; do printf '%s\\t0\\torg.example.job\\n' "$job"; done < ${jobs}`,
  };
}

/** Puts them into a folder; it is then the first of a PATH. */
export function placeMacosTools(folder: string): { readonly bin: string; readonly jobs: string } {
  const [bin, jobs] = [join(folder, "bin"), join(folder, "jobs")];
  mkdirSync(bin, { recursive: true });
  for (const [name, text] of Object.entries(macosTools(jobs)))
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return { bin, jobs };
}
