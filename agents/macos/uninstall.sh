#!/bin/sh
# Takes away what install.sh has set, and puts back what was there before. The logs are kept unless --logs is given.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
require_mac
require_root

for label in $labels $rotation; do
  launchctl bootout "system/$label" 2>/dev/null
  rm -f "$daemons/$label.plist" || fail "$daemons/$label.plist cannot be removed"
done
rm -f "$backups/rotate.sh" || fail "$backups/rotate.sh cannot be removed"
if [ -f "$backups/$subsystem" ]; then
  mv "$backups/$subsystem" "$subsystems/$subsystem" || fail "the earlier $subsystem cannot be put back"
elif cmp -s "$here/$subsystem" "$subsystems/$subsystem"; then
  rm -f "$subsystems/$subsystem" || fail "$subsystems/$subsystem cannot be removed"
fi
rmdir "$backups" 2>/dev/null
if [ "${1-}" = --logs ]; then
  rm -rf "$logs" || fail "$logs cannot be removed"
fi
echo "removed. Full Disk Access of /usr/bin/eslogger is yours to take back (System Settings, Privacy & Security)."
