#!/bin/sh
# Makes this Mac report what Tyrian's procedures leave behind. May be run again: what is as it should be is left alone.
# Downloads nothing. See README.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
require_mac
require_root

mkdir -p "$logs" "$backups" "$subsystems" || fail "the folders cannot be made"
chmod 700 "$logs" "$backups"

# What an administrator has set for the subsystem is kept, and put back by uninstall.sh.
if [ -f "$subsystems/$subsystem" ] && [ ! -f "$backups/$subsystem" ] && ! cmp -s "$here/$subsystem" "$subsystems/$subsystem"; then
  cp -p "$subsystems/$subsystem" "$backups/$subsystem" || fail "the earlier $subsystem cannot be kept"
fi
put "$here/$subsystem" "$subsystems/$subsystem" && echo "set: the log of Apple events is kept at level info"
put "$here/rotate.sh" "$backups/rotate.sh" && echo "set: the logs are rotated"

for label in $labels $rotation; do
  if put "$here/$label.plist" "$daemons/$label.plist"; then
    launchctl bootout "system/$label" 2>/dev/null
    echo "set: $label"
  fi
  launchctl print "system/$label" >/dev/null 2>&1 || launchctl bootstrap system "$daemons/$label.plist" ||
    fail "launchd does not take $label"
done

echo "Give /usr/bin/eslogger Full Disk Access (System Settings, Privacy & Security), or a profile that does: macOS lets nobody else do it."
echo "Then: sh $here/check.sh"
