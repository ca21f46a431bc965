import type { Trial } from "../model/trial.js";
import { marker } from "./left-running.js";
import type { Looking } from "./looking.js";

/**
 * How the scripts find on a Mac what an act left running. There is no /proc, and no limit of another process can be read: what is
 * used are `ps`, `lsof`, `launchctl` and `id`, with options that BSD and macOS document.
 *
 * To show that nothing is left (the wrapper): XNU gives process numbers out in order, so what was born since the wrapper has a
 * number between its own and the newest. Each of those is suspected that descends from the wrapper, or whose parent is gone, so
 * that launchd (1) has it. A listing is not made in one moment; it counts only when nothing at all was born from before it until
 * after it, which is seen by the numbers of two children of ours. Not suspected is what launchd says is one of its own jobs, and,
 * where the login may become no other user (it is no administrator), what another user's launchd job looks like: the leader of a
 * group of its own with another real user.
 *
 * To end what is left (the sweep): a file that the act's first process holds open, and that all inherit who do not close it. lsof
 * names them; the sweep holds it open itself, so that a silent lsof is told from one that found nothing. A suspect that closed it
 * is ended only when its environment carries the trial's marker, and is reported else.
 *
 * Not found is what was made on the act's behalf by a process that was there before (launchd, cron, another login).
 */

/** Listings that one look makes before it gives up, on a machine that starts programs all the time. */
const LISTINGS = 20;

/** In this order they are read by `each_process`; verify/housekeeping.ts knows them. */
const COLUMNS = "pid=,ppid=,pgid=,state=,ruid=,lstart=";

function keptFile({ work }: Trial): string {
  return `${work}.running`;
}

/** `list` fills `processes`; `started_at` makes one word of the five of a start. */
const listing = `list() {
  processes=$(export LC_ALL=C; exec ps -axo ${COLUMNS})
}
started_at() {
  start=$2-$3-$4-$5
}`;

function wrapperLooking(trial: Trial): string {
  const kept = keptFile(trial);
  return `${listing}
read_clock() {
  clock=\${SECONDS:-0}
}
prepare_looking() {
  ( set -C; : > ${kept} ) 2>/dev/null || { say work-folder-failed; exit 125; }
  searches=0
  known=
  user=$(id -u)
  other_users=yes
  case " $(id -Gn) " in *" admin "* | *" wheel "*) ;; *) [ -z "$user" ] || [ "$user" -eq 0 ] || other_users= ;; esac
}
is_newborn() {
  if [ "$newest" -gt $$ ]; then [ "$1" -gt $$ ]; else [ "$1" -gt $$ ] || [ "$1" -le "$newest" ]; fi
}
list_whole() {
  listings=0
  until
    list || return 1
    searches=$((searches + 1))
    : &
    newest=$!
    wait "$newest"
    own=
    while read -r pid parent rest; do
      [ "$parent" != $$ ] || own=$pid
    done <<PROCESSES
$processes
PROCESSES
    [ -n "$own" ] && [ "$newest" -eq $((own + 1)) ]
  do
    listings=$((listings + 1))
    [ $listings -lt ${LISTINGS} ] || return 1
  done
}
each_newborn() {
  for pid in $known; do unset "parent_$pid" "foreign_$pid"; done
  known=
  newborn=
  while read -r pid parent group state real began; do
    case $pid$parent$group in '' | *[!0-9]*) return 1 ;; esac
    [ "$pid" != "$own" ] && is_newborn "$pid" || continue
    case $state in Z*) continue ;; esac
    started_at $began
    known="$known $pid"
    newborn="$newborn $pid:$start"
    eval "parent_$pid=$parent"
    if [ -z "$other_users" ] && [ "$real" != "$user" ] && [ "$group" = "$pid" ]; then eval "foreign_$pid=yes"; fi
  done <<PROCESSES
$processes
PROCESSES
}
is_of_launchd() {
  if [ -z "$jobs" ]; then
    jobs=" "
    listed=$(exec launchctl list) && searches=$((searches + 1))
    while read -r job rest; do jobs="$jobs$job "; done <<JOBS
$listed
JOBS
  fi
  case $jobs in *" $1 "*) return 0 ;; esac
  return 1
}
may_descend() {
  climbed=$1
  while is_newborn "$climbed"; do
    eval "above=\\\${parent_$climbed-}"
    [ -n "$above" ] && [ "$above" != $$ ] || return 0
    if [ "$above" = 1 ]; then
      eval "foreign=\\\${foreign_$climbed-}"
      [ -z "$foreign" ] && ! is_of_launchd "$climbed"
      return
    fi
    climbed=$above
  done
  return 1
}
look_around() {
  left=
  jobs=
  list_whole && each_newborn || return 1
  for suspect in $newborn; do
    may_descend "\${suspect%%:*}" && left="$left $suspect"
  done
  return 0
} 2>/dev/null`;
}

function sweepLooking(trial: Trial): string {
  const kept = keptFile(trial);
  return `holding=
if [ -f ${kept} ] && [ ! -L ${kept} ]; then exec 9< ${kept} && holding=yes; fi
look_around() {
  left=
  [ -n "$holding" ] || { [ ! -e ${kept} ]; return; }
  seen_self=
  for pid in $(exec lsof -t -- ${kept} 2>/dev/null 9<&-); do
    if [ "$pid" = $$ ]; then seen_self=yes; else left="$left $pid"; fi
  done
  [ -n "$seen_self" ]
}`;
}

function strayFunctions(trial: Trial): string {
  return `${listing}
is_stray() {
  wanted=$1
  list || return 0
  while read -r pid parent group state real began; do
    [ "$pid" = "\${wanted%%:*}" ] || continue
    case $state in Z*) return 1 ;; esac
    started_at $began
    [ "$start" = "\${wanted#*:}" ]
    return
  done <<PROCESSES
$processes
PROCESSES
  return 1
}
is_own() {
  case " $(exec ps -Eww -o command= -p "$pid" 2>/dev/null) " in *" ${marker(trial.id)} "*) return 0 ;; esac
  return 1
}`;
}

/** A Mac. */
export const macosLooking: Looking = {
  sentinelProgram: "/usr/bin/true",
  wrapper: wrapperLooking,
  mark: (trial) => `exec 9< ${keptFile(trial)} || exit 125`,
  sweep: sweepLooking,
  strays: strayFunctions,
  strayWord: /^[0-9]+:[A-Z][a-z]{2}-[0-9]{1,2}-[0-9:]{8}-[0-9]{4}$/,
  kept: keptFile,
};
