import { SENTINEL_WORD, sentinelWord } from "../model/event.js";
import type { Trial } from "../model/trial.js";
import { actArguments, scriptName } from "../playbook/act-arguments.js";
import type { Session } from "../transport/transport.js";
import { marker } from "./left-running.js";
import { lookingOf } from "./looking.js";

/**
 * The scripts that the /bin/sh of a target with one reads from its standard input, so that no command line names the trial.
 * They use builtins wherever they can: every exec of ours is telemetry of ours. POSIX sh; run under dash, bash, busybox.
 */

/**
 * Seconds that the wrapper waits for what the act left running, before the end sentinel closes the bracket. The clock is read
 * in whole ones, so it may be one more; where there is no clock, as many looks are made as take that long at least.
 */
const LINGER_SECONDS = 3;

/** A status line stays short enough to be read out of a stream in pieces (status-lines.ts). */
const STRAYS_IN_A_LINE = 8;

/** One word for sh, quoted so that it stands for exactly this text. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const reporter = (nonce: string): string => `say() { printf '\\n%s %s\\n' ${quote(nonce)} "$*" >&2; }`;

/**
 * The act between its sentinels. Files and requirements come before the begin sentinel and earn no credit; the end
 * sentinel comes when the act's processes are gone, or after a bounded wait.
 */
export function actScript(trial: Trial, nonce: string): string {
  const { act, work } = trial;
  const looking = lookingOf(trial);
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
${looking.wrapper(trial)}
report_left() {
  say left-behind
  line=
  count=0
  for stray in $left; do
    line="$line $stray"
    count=$((count + 1))
    if [ $((count % ${STRAYS_IN_A_LINE})) -eq 0 ]; then say left-behind $line; line=; fi
  done
  [ -z "$line" ] || say left-behind $line
}
has_waited() {
  looks=$((looks + 1))
  read_clock
  [ $looks -gt ${LINGER_SECONDS * 20} ] || [ $((clock - ended)) -gt ${LINGER_SECONDS} ]
}
act() {
umask 077
mkdir -m 700 -- ${quote(work)} && cd ${quote(work)} || { say work-folder-failed; exit 125; }
${[...place, ...requirements, "prepare_looking"].join("\n")}
${looking.sentinelProgram} ${SENTINEL_WORD} begin ${trial.id}
${apiSentinel(trial, "begin")}say started
{ ( export ${marker(trial.id)}
${looking.mark(trial)}
exec ${words} 2>&3 3>&- )
code=$?
} 3>&2 2>/dev/null ${input}
say ended $code
looks=0
sleeps=0
read_clock
ended=$clock
until look_around && [ -z "$left" ]; do
  if has_waited; then report_left; break; fi
  /bin/sleep 0.05 && sleeps=$((sleeps + 1))
done
${apiSentinel(trial, "end")}${looking.sentinelProgram} ${SENTINEL_WORD} end ${trial.id} && say looked $((searches + sleeps))
exit $code
}
act
`;
}

/**
 * Where the client of a cloud has how to call its API (agents/cloud): the address and the credentials, for curl. Nothing of them is
 * in a command line.
 */
const API_SENTINEL_FILE = "/etc/tyrian/api-sentinel.conf";

/** A call that begins or ends the act in the API's log, and whose failure shows there: without it nothing in that log is credited. */
function apiSentinel({ id, platform }: Trial, edge: "begin" | "end"): string {
  if (platform !== "cloud") return "";
  const agent = sentinelWord({ edge, trial: id });
  return `[ ! -r ${API_SENTINEL_FILE} ] || /usr/bin/curl -q -K ${API_SENTINEL_FILE} -m 10 -s -o /dev/null -A ${agent} </dev/null >/dev/null 2>&1
`;
}

/** A script for this session: where others share its login session, that shows nothing of whose a process is. */
export function scriptFor(session: Pick<Session, "ownLogin">, script: string): string {
  return session.ownLogin ? script : `shared_login=yes\n${script}`;
}

/** Ends every process of the trial: asks first, then kills; reports how many were found and how many remain. */
export function sweepScript(trial: Trial, nonce: string): string {
  return `${reporter(nonce)}
${lookingOf(trial).sweep(trial)}
${sweepBody}
`;
}

const sweepBody = `sweep() {
  look_around && seen=all || seen=some
  set -- $left
  say swept $#
  if [ $# -gt 0 ]; then kill -TERM "$@" 2>/dev/null
  elif [ $seen = all ]; then say remaining 0; return
  fi
  tries=0
  until look_around && [ -z "$left" ]; do
    if [ $tries -ge 20 ]; then
      set -- $left
      if [ $# -gt 0 ]; then say remaining $#; else say remaining an unknown number of; fi
      return
    fi
    [ $tries -lt 4 ] || [ -z "$left" ] || kill -KILL $left 2>/dev/null
    tries=$((tries + 1))
    /bin/sleep 0.05
  done
  say remaining 0
}
sweep`;

/** Ends those that are shown to be the trial's; the others are only reported, because nothing shows whose they are. */
function endStrays(trial: Trial, strays: readonly string[]): string {
  const looking = lookingOf(trial);
  const words = strays.filter((stray) => looking.strayWord.test(stray)).join(" ");
  return `${looking.strays(trial)}
for stray in ${words}; do
  is_stray $stray && is_own && kill -KILL "$pid" 2>/dev/null
done
tries=0
while
  alive=0
  for stray in ${words}; do
    is_stray $stray && alive=$((alive + 1))
  done
  [ $alive -gt 0 ] && [ $tries -lt 10 ]
do
  tries=$((tries + 1))
  /bin/sleep 0.05
done
[ $alive -eq 0 ] || say remaining $alive
`;
}

/**
 * Undoes the trial: sweep, the procedure's own cleanup and its probe, and the work folder with a probe of its own.
 * @param strays what outlived the act, as `number:start`.
 */
export function cleanupScript(trial: Trial, nonce: string, strays: readonly string[] = []): string {
  const work = quote(trial.work);
  const looking = lookingOf(trial);
  const kept = looking.kept(trial);
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
${looking.sweep(trial)}
${sweepBody}
${strays.length === 0 ? "" : endStrays(trial, strays)}${own}cd /
rm -rf -- ${work}
${kept === null ? "" : `look_around && [ -z "$left" ] && rm -f -- ${quote(kept)}\n`}${probe}if [ -e ${work} ] || [ -L ${work} ]; then say work-folder left; else say work-folder gone; fi
`;
}
