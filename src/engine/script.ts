import { SENTINEL_WORD } from "../model/event.js";
import type { Act, Trial } from "../model/trial.js";

/**
 * The scripts that a Linux target's /bin/sh reads from its standard input, so that no command line names the trial.
 * They use builtins wherever they can: every exec of ours is telemetry of ours. POSIX sh; run under dash, bash, busybox.
 */

/** The environment variable by which a sweep finds what left the process group. No Sigma field carries it. */
export const MARKER_VARIABLE = "TYRIAN_TRIAL";

/** Words that the scripts report on standard error, each line led by the nonce. See status-lines.ts. */
export type StatusWord =
  | "work-folder-failed"
  | "requirement-missing"
  | "started"
  | "ended"
  | "left-behind"
  | "cleanup"
  | "probe"
  | "work-folder"
  | "swept"
  | "remaining";

/** Seconds that the wrapper waits for what the act left running, before the end sentinel closes the bracket. */
const LINGER_SECONDS = 3;

/** Options by which an interpreter takes code from its command line, by program name; `-c` where none is listed. */
const codeOption: Readonly<Record<string, string>> = {
  node: "-e",
  nodejs: "-e",
  gjs: "-c",
  lua: "-e",
  luajit: "-e",
  perl: "-e",
};

/** How an interpreter is told to read standard input; no argument where none is listed (shells get -s). */
const standardInput: Readonly<Record<string, string>> = {
  python: "-",
  node: "-",
  nodejs: "-",
  lua: "-",
  luajit: "-",
  perl: "-",
};

const extensions: Readonly<Record<string, string>> = {
  python: "py",
  node: "js",
  nodejs: "js",
  gjs: "js",
  lua: "lua",
  luajit: "lua",
  perl: "pl",
};

/** `/usr/bin/python3.11` -> `python`, `lua5.4` -> `lua`. */
function family(program: string): string {
  return (program.split("/").at(-1) ?? program).replace(/[0-9.]+$/, "");
}

/** One word for sh, quoted so that it stands for exactly this text. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The name of the script file when the code reaches its interpreter as a file. It tells nothing of Tyrian. */
export function scriptName(act: Act): string {
  return `script.${extensions[family(act.program)] ?? "sh"}`;
}

/** The argument vector of the act as the interpreter sees it; for `plan`, `--dry-run` and the wrapper. */
export function actArguments(act: Act, work: string): string[] {
  const name = family(act.program);
  const start = [act.program, ...act.options];
  switch (act.via) {
    case "argument":
      return [...start, codeOption[name] ?? "-c", act.code];
    case "file":
      return [...start, `${work}/${scriptName(act)}`];
    case "stdin":
      return [...start, standardInput[name] ?? "-s"];
  }
}

const reporter = (nonce: string): string => `say() { printf '\\n%s %s\\n' ${quote(nonce)} "$*" >&2; }`;

/** The marker's value: the final dot keeps a trial's id from being found in a longer one. */
function marker(trial: string): string {
  return `${MARKER_VARIABLE}=${trial}.`;
}

/** Processes of the user from which one `grep` is cheaper than reading their environments in the shell. */
const MANY_PROCESSES = 40;

/** What the kernel's audit gives a process that has no login session (AUDIT_SID_UNSET). */
const NO_SESSION = "4294967295";

/**
 * The audit session that this shell is in, as all of one connection are; `strangers` are its processes that were not there
 * before the act. They find what cleared its environment. Nothing is found where the kernel keeps no sessions.
 */
const loginSession = `sessionof() {
  sid=
  IFS= read -r sid < "$1/sessionid"
} 2>/dev/null
members() {
  pids=
  [ "$login" != ${NO_SESSION} ] || return 0
  for process in /proc/[0-9]*; do
    if [ -O "$process" ] && [ -e "$process/exe" ]; then
      sessionof "$process"
      if [ "$sid" = "$login" ]; then pids="$pids \${process#/proc/}"; fi
    fi
  done
}
strangers() {
  strange=
  members
  for pid in $pids; do
    case " $before " in *" $pid "*) ;; *) [ "$pid" = $$ ] || strange="$strange $pid" ;; esac
  done
}
sessionof /proc/$$
login=\${sid:-${NO_SESSION}}`;

/** Empty looks in a row that end the waiting where the list of processes never stays the same. */
const LOOKS = 4;

/**
 * Shell functions over the user's processes whose environment carries the trial's marker. `read` is a builtin and drops
 * the zero bytes between the variables, but it reads byte by byte: on a busy host `grep` tells first whether there is any.
 * A process that has taken another user's identity, or cleared its environment, is not found.
 *
 * One empty look proves nothing: a process that was listed may fork and end before it is read, and its child is not in the
 * list. Nothing runs any more (`settled`) when two looks in a row find nothing over the very same processes, or, on a host
 * where processes come and go all the time, when several looks in a row find nothing.
 */
function sweepFunctions(trial: string): string {
  return `${loginSession}
marked() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *${marker(trial)}*) return 0 ;; esac
  done < "$1"
  return 1
}
survivors() {
  found=
  own=
  for process in /proc/[0-9]*; do
    if [ -O "$process" ]; then own="$own $process/environ"; fi
  done
  set -- $own
  if [ $# -gt ${MANY_PROCESSES} ]; then
    grep -qsz ${quote(`^${MARKER_VARIABLE}=${trial}[.]$`)} "$@" 2>/dev/null
    [ $? -ne 1 ] || return 0
  fi
  for file in "$@"; do
    if marked "$file" 2>/dev/null; then
      process=\${file#/proc/}
      found="$found \${process%/environ}"
    fi
  done 2>/dev/null
}
settled() {
  seen=
  looks=0
  while [ $looks -lt ${LOOKS} ]; do
    survivors
    [ -z "$found" ] || return 1
    [ "$own" != "$seen" ] || return 0
    seen=$own
    looks=$((looks + 1))
  done
}`;
}

/**
 * The act between its sentinels. Files and requirements come before the begin sentinel and earn no credit; the end
 * sentinel comes when the act's processes are gone, or after a bounded wait.
 */
export function actScript(trial: Trial, nonce: string): string {
  const { act, work } = trial;
  const files = [...act.files];
  if (act.via === "file") files.push({ name: scriptName(act), content: act.code, executable: false });
  const place = files.map(
    (file) =>
      `printf %s ${quote(file.content)} > ${quote(file.name)} || { say work-folder-failed; exit 125; }` +
      (file.executable ? `\nchmod 700 ${quote(file.name)}` : ""),
  );
  const requirements = trial.requires.map(
    (requirement, index) =>
      `( ${requirement.check}\n) </dev/null >/dev/null 2>&1 || { say requirement-missing ${index}; exit 125; }`,
  );
  const words = actArguments(act, work).map(quote).join(" ");
  const input = act.via === "stdin" ? `<<'${nonce}'\n${act.code}\n${nonce}` : "</dev/null";
  return `${reporter(nonce)}
${sweepFunctions(trial.id)}
act() {
umask 077
mkdir -m 700 -- ${quote(work)} && cd ${quote(work)} || { say work-folder-failed; exit 125; }
${[...place, ...requirements].join("\n")}
members
before=$pids
/bin/true ${SENTINEL_WORD} begin ${trial.id}
say started
{ ${marker(trial.id)} ${words} 2>&3 3>&- ${input}
} 3>&2 2>/dev/null
code=$?
say ended $code
waited=0
while ! settled || { strangers; [ -n "$strange" ]; }; do
  if [ $waited -ge ${LINGER_SECONDS * 20} ]; then strangers; say left-behind $strange; break; fi
  /bin/sleep 0.05
  waited=$((waited + 1))
done
/bin/true ${SENTINEL_WORD} end ${trial.id}
exit $code
}
act
`;
}

/** Ends every process of the trial: asks first, then kills; reports how many were found and how many remain. */
export function sweepScript(trial: string, nonce: string): string {
  return `${reporter(nonce)}
${sweepFunctions(trial)}
${sweepBody}
`;
}

const sweepBody = `sweep() {
  survivors
  set -- $found
  say swept $#
  [ $# -eq 0 ] || kill -TERM "$@" 2>/dev/null
  tries=0
  until settled || [ $tries -ge 20 ]; do
    [ $tries -lt 4 ] || [ -z "$found" ] || kill -KILL $found 2>/dev/null
    tries=$((tries + 1))
    /bin/sleep 0.05
  done
  survivors
  set -- $found
  say remaining $#
}
sweep`;

/** A number may have been given to another process since: only one of this very session is ended; others are reported. */
function endStrays(strays: readonly string[]): string {
  const numbers = strays.filter((stray) => /^[0-9]+$/.test(stray)).join(" ");
  return `alive=0
for pid in ${numbers}; do
  [ -e "/proc/$pid/exe" ] || continue
  sessionof "/proc/$pid"
  if [ "$sid" = "$login" ]; then kill -KILL "$pid" 2>/dev/null; /bin/sleep 0.05; fi
  [ ! -e "/proc/$pid/exe" ] || alive=$((alive + 1))
done
[ $alive -eq 0 ] || say remaining $alive
`;
}

/**
 * Undoes the trial: sweep, the procedure's own cleanup and its probe, and the work folder with a probe of its own.
 * @param strays processes that outlived the act and that no marker tells; they are ended only in their own session.
 */
export function cleanupScript(trial: Trial, nonce: string, strays: readonly string[] = []): string {
  const work = quote(trial.work);
  const own =
    trial.cleanup === "none"
      ? ""
      : `( [ ! -L ${work} ] && { [ -d ${work} ] || mkdir -m 700 -- ${work}; } && cd ${work} || exit 125
${trial.cleanup.run}
) </dev/null >/dev/null 2>&1
say cleanup $?
`;
  const probe =
    trial.cleanup === "none"
      ? ""
      : `( ${trial.cleanup.probe}
) </dev/null >/dev/null 2>&1
say probe $?
`;
  return `${reporter(nonce)}
${sweepFunctions(trial.id)}
${sweepBody}
${strays.length === 0 ? "" : endStrays(strays)}${own}cd /
rm -rf -- ${work}
${probe}if [ -e ${work} ] || [ -L ${work} ]; then say work-folder left; else say work-folder gone; fi
`;
}
