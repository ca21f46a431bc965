#!/bin/sh
# Says what this Mac lacks to report what Tyrian's procedures leave behind. Changes nothing. Status 1 when something is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
require_mac
require_root

missing=0
lacks() {
  echo "missing: $*"
  missing=1
}

for label in $labels; do
  cmp -s "$here/$label.plist" "$daemons/$label.plist" || lacks "$daemons/$label.plist is not the one of this folder (install.sh)"
  launchctl print "system/$label" 2>/dev/null | grep -q "state = running" || lacks "$label does not run (launchctl print system/$label)"
done
cmp -s "$here/$subsystem" "$subsystems/$subsystem" || lacks "the log of Apple events is not kept at level info (install.sh)"
cmp -s "$here/rotate.sh" "$backups/rotate.sh" && cmp -s "$here/$rotation.plist" "$daemons/$rotation.plist" &&
  launchctl print "system/$rotation" >/dev/null 2>&1 || lacks "the logs are not rotated (install.sh)"
[ -x /usr/bin/osascript ] || lacks "there is no /usr/bin/osascript"

# A start of a program must be in the log a moment later. The word tells it from every other.
word="tyrian-check-$$"
/usr/bin/true "$word"
tries=0
until grep -q "$word" "$logs/eslogger.ndjson" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ]; then
    lacks "eslogger does not report what starts here: it needs Full Disk Access; see $logs/eslogger.error"
    break
  fi
  sleep 0.1
done

[ "$missing" -eq 1 ] || echo "nothing is missing"
exit "$missing"
