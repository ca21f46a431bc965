import { createHash } from "node:crypto";
import type { Looking } from "./looking.js";

/**
 * How the scripts find what an act left running, however it left: shell functions, builtins only.
 *
 * Before the act is executed its hard limit of resident memory (RLIMIT_RSS, which Linux does not enforce) is set to a number
 * of the trial's own: the mark. Every process inherits it, over fork, exec, setsid and a cleared environment; who may not
 * raise limits (CAP_SYS_RESOURCE in the machine's own user namespace) can lower it but never be without it; and anybody may
 * read it. So where nothing of the act can come by that capability, a process without a limit is shown to be not of the act, as
 * is one with another trial's mark.
 *
 * Elsewhere (`doubt`) every process is suspected that began with the wrapper or later and that is in its audit session or,
 * where the kernel keeps none, whose line of parents leads to the wrapper or to where orphans go. A suspect is reported, and
 * ended only when its mark or its session shows what it is.
 *
 * Not found is a process of another user where /proc is mounted with `hidepid`, and what was made on the act's behalf by a
 * process that was there before (cron, an sshd, a service manager); that is in another login session.
 */

/** The environment variable by which a sweep finds processes where the mark cannot be set. No Sigma field carries it. */
const MARKER_VARIABLE = "TYRIAN_TRIAL";

/** The marker as the environment has it: the final dot keeps a trial's id from being found in a longer one. */
export function marker(trial: string): string {
  return `${MARKER_VARIABLE}=${trial}.`;
}

/** Kibibytes of the least mark: 2 PiB, so that nothing that reads the limit behaves differently. No mark is twice as much. */
const LEAST_MARK = 2 ** 41;

function kibibytesOf(trial: string): number {
  return LEAST_MARK + createHash("sha256").update(trial).digest().readUIntBE(0, 5);
}

/** Sets the mark for this shell and all that it starts. */
function setMark(trial: string): string {
  return `ulimit -m ${kibibytesOf(trial)}`;
}

/** What the kernel's audit gives a process that has no login session (AUDIT_SID_UNSET). */
const NO_SESSION = "4294967295";

/** Processes of the host from which one `grep` is cheaper than reading them all in the shell, byte by byte. */
const MANY_PROCESSES = 16;

/** Births that one look follows before it gives up: in one step, and the number of steps. */
const BIRTHS = 500;
const STEPS = 50;

/**
 * `state_of` and `ceiling_of` read a process. `look_around` fills `left` by asking `examine` about every process, and is true
 * when it has missed none: process numbers are given out in order, and /proc/loadavg names the last one. Whatever was born
 * while the others were examined has a number between then and now, and is examined too, until none is left. A kernel that does
 * not tell that number (a child of ours is the test) leaves another proof: the list of processes is the same before and after.
 */
function looking(trial: string): string {
  const kibibytes = kibibytesOf(trial);
  return `state_of() {
  stat=
  while IFS= read -r line || [ -n "$line" ]; do stat="$stat$line "; done < "/proc/$1/stat" || return 1
  pid=\${stat%% *}
  set -- \${stat##*) }
  [ $# -ge 36 ] || return 1
  state=$1 parent=$2 threads=\${18} start=\${20} signal=\${36}
}
is_alive() {
  case $state in [ZXx]) [ "$threads" -gt 1 ] ;; esac
}
ceiling_of() {
  while read -r maximum resident set soft ceiling unit; do
    [ "$resident" != resident ] || return 0
  done < "/proc/$1/limits"
  return 1
}
session_of() {
  session=
  IFS= read -r session < "/proc/$1/sessionid"
  session=\${session:-${NO_SESSION}}
}
newest_number() {
  newest=
  read -r one five fifteen tasks newest < /proc/loadavg
  case $newest in '' | *[!0-9]*) newest=0 ;; esac
}
look_around() {
  left=
  newest_number
  from=$newest
  set -- /proc/[0-9]*
  [ -e "$1" ] || return 1
  listed=$*
  if [ $# -gt ${MANY_PROCESSES} ]; then
    chosen=$(choose)
    if [ $? -le 2 ]; then
      [ -z "\${finder-}" ] || searches=$((searches + 1))
      set -- $chosen
    fi
  fi
  for process in "$@"; do
    process=\${process#/proc/}
    examine "\${process%%/*}"
  done
  if [ -z "$numbered" ]; then
    set -- /proc/[0-9]*
    [ "$listed" = "$*" ]
    return
  fi
  steps=0
  while newest_number; [ "$newest" != "$from" ]; do
    steps=$((steps + 1))
    [ $steps -le ${STEPS} ] && [ "$newest" -gt "$from" ] && [ $((newest - from)) -le ${BIRTHS} ] || return 1
    number=$from
    from=$newest
    while [ "$number" -lt "$from" ]; do
      number=$((number + 1))
      examine "$number"
    done
  done
} 2>/dev/null
try_mark() {
  mark=
  numbered=
  newest_number
  from=$newest
  { ${setMark(trial)} && ceiling_of self && [ "$ceiling" = ${kibibytes * 1024} ]; } >/dev/null &
  wait $! && mark=${kibibytes * 1024}
  newest_number
  if [ $! -gt "$from" ] && [ $! -le "$newest" ]; then numbered=yes; fi
} 2>/dev/null
session_of self 2>/dev/null
login=$session
[ -z "\${shared_login-}" ] || login=${NO_SESSION}`;
}

/**
 * For the wrapper: `prepare_looking` before the act; after it `look_around && [ -z "$left" ]` says that nothing of the act
 * runs. `left` has numbers with the time of start behind a colon (in clock ticks since boot), because numbers are reused.
 *
 * `doubt` says why a process without the mark may be of the act: `none`, `session` or `any`. `searches` counts the programs that
 * were executed for it, where that is certain: a shell may have a grep of its own, so only one with a path is counted. What
 * they look like in the telemetry is in verify/housekeeping.ts.
 */
function wrapperLooking(trial: string): string {
  return `${looking(trial)}
read_clock() {
  read -r clock rest < /proc/uptime || clock=0
  clock=\${clock%%.*}
} 2>/dev/null
may_raise() {
  read -r inside outside count < /proc/self/uid_map && [ "$count" != 4294967295 ] && return 1
  while read -r name value; do
    case $name$value in
    Cap*:*[13579bBdDfF]??????) return 0 ;;
    CapBnd:*) return 1 ;;
    esac
  done < /proc/self/status
}
find_reaper() {
  reaper=$(
    read -r self rest < /proc/self/stat
    { parent=$self; while [ "$parent" = "$self" ]; do state_of self || exit; done; printf %s "$parent"; } &
  )
}
prepare_looking() {
  reaper=
  searches=0
  finder=$(command -v grep)
  case $finder in /*) ;; *) finder= ;; esac
  try_mark
  state_of $$ && since=$start || since=0
  doubt=any
  if [ -n "$mark" ] && ! may_raise; then doubt=none
  elif [ "$login" != ${NO_SESSION} ]; then doubt=session
  fi
} 2>/dev/null
choose() {
  case $doubt in
  none) "\${finder:-grep}" -ls 'resident set  *[0-9]' /proc/[0-9]*/limits ;;
  session) "\${finder:-grep}" -ls "^$login\\$" /proc/[0-9]*/sessionid ;;
  any)
    all=$("\${finder:-grep}" -s '' /proc/[0-9]*/stat)
    [ $? -le 2 ] || return 3
    set -f
    IFS='
'
    for line in $all; do
      file=\${line%%:*}
      IFS=' '
      set -- \${line##*) }
      [ $# -ge 36 ] && [ "\${20}" -ge "$since" ] && echo "$file"
    done
    return 0
    ;;
  esac
}
examine() {
  case $doubt in
  none)
    ceiling_of "$1" && [ "$ceiling" != unlimited ] || return 0
    [ "$ceiling" = "$mark" ] || [ "$ceiling" -lt ${LEAST_MARK * 1024} ] || return 0
    ;;
  session) session_of "$1" && [ "$session" = "$login" ] || return 0 ;;
  any) ceiling=unknown ;;
  esac
  state_of "$1" && is_alive && [ "$signal" != -1 ] && [ "$start" -ge "$since" ] || return 0
  [ "$pid" != $$ ] && [ "$pid" != "$PPID" ] || return 0
  suspect=$pid:$start
  [ $doubt = session ] || [ "$ceiling" = "$mark" ] || may_descend || return 0
  left="$left $suspect"
}
may_descend() {
  while [ "$start" -ge "$since" ]; do
    [ "$pid" != $$ ] || return 0
    [ "$parent" != 0 ] || return 1
    state_of "$parent" || return 0
  done
  [ "$pid" != 1 ] || return 0
  [ -n "$reaper" ] || find_reaper
  [ -z "$reaper" ] || [ "$pid" = "$reaper" ]
}`;
}

/** For a sweep: `look_around` fills `left` with the numbers of processes that mark or environment show to be the trial's. */
function sweepLooking(trial: string): string {
  const bytes = kibibytesOf(trial) * 1024;
  return `${looking(trial)}
choose() {
  grep -lsz -e '${marker(trial).replaceAll(".", "[.]")}' -e 'resident set  *[0-9]*  *${bytes} ' /proc/[0-9]*/environ /proc/[0-9]*/limits
}
has_marker() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *${marker(trial)}*) return 0 ;; esac
  done < "/proc/$1/environ"
  return 1
}
examine() {
  { ceiling_of "$1" && [ "$ceiling" = ${bytes} ]; } || has_marker "$1" || return 0
  state_of "$1" && is_alive && left="$left $pid"
}
try_mark`;
}

/** Only what is in the audit session of this very shell is shown to be the trial's. */
const strayFunctions = `is_stray() {
  state_of "\${1%:*}" && is_alive && [ "$start" = "\${1#*:}" ]
} 2>/dev/null
is_own() {
  [ "$login" != ${NO_SESSION} ] && session_of "$pid" && [ "$session" = "$login" ]
} 2>/dev/null`;

/** A Linux host, whose /proc the shell reads. */
export const linuxLooking: Looking = {
  sentinelProgram: "/bin/true",
  wrapper: ({ id }) => wrapperLooking(id),
  mark: ({ id }) => `[ -z "$mark" ] || ${setMark(id)} || exit 125`,
  sweep: ({ id }) => sweepLooking(id),
  strays: () => strayFunctions,
  strayWord: /^[0-9]+:[0-9]+$/,
  kept: () => null,
};
