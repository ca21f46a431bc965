#!/bin/sh
# Takes away what install.sh has set, and puts back what was there before. The packages and the logs are kept.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
prepare "$@"

if [ ! -d "$backups" ]; then
  echo "nothing is installed"
  exit 0
fi

# Puts back what was there before; takes away what is ours and was not. A file that somebody has changed since is left.
back() {
  if [ -f "$backups/$1" ]; then
    mv "$backups/$1" "$2" || fail "the earlier $2 cannot be put back"
  elif cmp -s "$here/$1" "$2"; then
    rm -f "$2" || fail "$2 cannot be removed"
  elif [ -f "$2" ]; then
    echo "left: $2, which is no longer as install.sh has set it"
  fi
}

if [ -e "$backups/sysmon" ]; then
  sysmon -u >/dev/null || fail "Sysmon cannot be removed (sysmon -u)"
  rm -f "$backups/sysmon"
fi
back tyrian.rules "$rules"
back laurel.toml "$laurel"
back laurel-plugin.conf "$plugin"
rm -f "$backups/installed"
rmdir "$backups" 2>/dev/null

if [ -z "$root" ]; then
  if [ -d /etc/audit/rules.d ] && command -v augenrules >/dev/null; then
    augenrules >/dev/null || fail "augenrules cannot join the rules of /etc/audit/rules.d"
  fi
  unload_but < /dev/null || exit 1
  if daemon_runs; then kill -HUP "$(audit_number pid)"; fi
fi
echo "removed; auditd and laurel are still installed, with the logs that they wrote"
