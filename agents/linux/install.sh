#!/bin/sh
# Makes this Linux host report what Tyrian's procedures leave behind. May be run again: what is as it should be is left alone.
# Downloads nothing. See README.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
prepare "$@"

for program in auditctl auditd augenrules laurel; do
  [ -x "$root/usr/sbin/$program" ] || [ -x "$root/sbin/$program" ] ||
    fail "$program is absent: apt-get install auditd laurel"
done
[ "$sysmon" = no ] || command -v sysmon >/dev/null || fail "sysmon is absent: install the package sysmonforlinux of Microsoft"

# Puts a file in its place, unless it is there as it should be. What was there before the first installation is kept, for uninstall.sh.
changed=no
put() {
  if ! cmp -s "$here/$1" "$2"; then
    if [ -f "$2" ] && [ ! -e "$backups/installed" ]; then
      cp -p "$2" "$backups/$1" || fail "the earlier $2 cannot be kept"
    fi
    mkdir -p "$(dirname "$2")" && cp "$here/$1" "$2" || fail "$2 cannot be written"
    echo "set: $2"
    changed=yes
  fi
  # auditd refuses files that others may write.
  chown root:root "$2" && chmod "$3" "$2" || fail "$2 cannot be protected"
}

mkdir -p "$backups" && chmod 700 "$backups" || fail "$backups cannot be made"
put tyrian.rules "$rules" 640
put laurel.toml "$laurel" 644
put laurel-plugin.conf "$plugin" 640
: > "$backups/installed"

if [ -n "$root" ]; then
  echo "the files are in $root; its daemons and its kernel's rules were left alone"
  exit 0
fi

[ -n "$(audit_number enabled)" ] || fail "the kernel's audit cannot be asked here (a container has none of its own)"
augenrules >/dev/null || fail "augenrules cannot join the rules of /etc/audit/rules.d"

if ! daemon_runs; then
  if [ -d /run/systemd/system ]; then
    systemctl enable --quiet auditd && systemctl start auditd || fail "systemd does not start auditd (systemctl status auditd)"
  else
    service auditd start >/dev/null || fail "auditd does not start (service auditd start)"
  fi
  within_time daemon_runs || fail "auditd has started and the kernel does not know it"
  echo "started: auditd"
elif [ "$changed" = yes ] || ! laurel_runs; then
  # auditd reads its plugins again and hands the signal on to them.
  kill -HUP "$(audit_number pid)" || fail "auditd does not take the signal to read its plugins again"
  echo "read again: auditd's plugins"
fi

[ "$(audit_number enabled)" -ne 0 ] || auditctl -e 1 >/dev/null || fail "the kernel's audit cannot be switched on"
[ "$(audit_number backlog_limit)" -ge "$shortest_backlog" ] || auditctl -b "$shortest_backlog" >/dev/null ||
  fail "the kernel's queue cannot be made longer"
own_rules | while read -r rule; do
  if ! auditctl -l | grep -Fxq -e "$rule"; then
    [ "$(audit_number enabled)" -ne 2 ] || fail "the kernel's rules are locked (enabled 2): start this host anew, which loads them"
    # shellcheck disable=SC2086 # a rule is several words
    auditctl $rule || fail "the kernel does not take the rule: $rule"
    echo "loaded: $rule"
  fi
done || exit 1
own_rules | unload_but || exit 1
within_time laurel_runs || fail "auditd does not start laurel (see the system's log)"

if [ "$sysmon" = yes ] && ! cmp -s "$here/sysmon.xml" "$kept_configuration"; then
  if [ -f "$kept_configuration" ]; then
    sysmon -c "$here/sysmon.xml" >/dev/null || fail "Sysmon does not take sysmon.xml"
  else
    sysmon -accepteula -i "$here/sysmon.xml" >/dev/null || fail "Sysmon does not take sysmon.xml"
    : > "$backups/sysmon"
  fi
  echo "set: Sysmon"
fi
echo "now: sh $here/check.sh"
