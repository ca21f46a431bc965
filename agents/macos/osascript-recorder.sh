#!/bin/sh
# A stand-in for /usr/bin/osascript, for hosts that are no Mac. It runs no AppleScript. It writes down how it was called, refuses what
# osascript(1) does not know, and answers every script with one line. A target that has it is `fidelity: simulated` in the inventory: its
# trials show that transport, work folder, proof and correlation work, and never count as coverage.
set -u
record=${OSASCRIPT_RECORD:-$HOME/osascript.record}
language=AppleScript
way=stdin
usage() {
  echo "usage: osascript [-l language] [-i] [-s flags] [-e statement | programfile] [argument ...]" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
  -e)
    [ $# -ge 2 ] || usage
    way=argument
    shift 2
    ;;
  -l | -s)
    [ $# -ge 2 ] || usage
    [ "$1" != -l ] || language=$2
    shift 2
    ;;
  -i) shift ;;
  -) break ;;
  -*) usage ;;
  *)
    [ "$way" = argument ] || { [ -r "$1" ] && way="file" || { echo "osascript: $1: No such file or directory" >&2; exit 1; }; }
    break
    ;;
  esac
done
case $language in AppleScript | JavaScript) ;; *) echo "osascript: no such component \"$language\"." >&2; exit 1 ;; esac
[ "$way" != stdin ] || cat >/dev/null
printf '%s %s\n' "$way" "$language" >>"$record" || exit 1
echo "recorded 4011"
