#!/bin/sh
# Says what this Linux host lacks to report what Tyrian's procedures leave behind. Changes nothing. Status 1 when something is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
prepare "$@"

missing=0
lacks() {
  echo "missing: $*"
  missing=1
}
same() {
  cmp -s "$here/$1" "$2" || lacks "$2 is not the $1 of this folder (install.sh)"
}
finish() {
  [ "$missing" -eq 1 ] || echo "nothing is missing$1"
  exit "$missing"
}

same tyrian.rules "$rules"
same laurel.toml "$laurel"
same laurel-plugin.conf "$plugin"
[ -x "$root/usr/sbin/laurel" ] || lacks "$root/usr/sbin/laurel (apt-get install laurel)"
[ -z "$root" ] || finish " from the files; the daemons and the kernel's rules were not looked at"

grep -Fq tyrian_exec /etc/audit/audit.rules 2>/dev/null || lacks "the rules will not be loaded at the next start (augenrules)"
if [ -d /run/systemd/system ]; then
  systemctl is-enabled --quiet auditd || lacks "auditd does not start with the host (systemctl enable auditd)"
fi
enabled=$(audit_number enabled)
[ -n "$enabled" ] || lacks "the kernel's audit cannot be asked here (a container has none of its own)"
[ "${enabled:-1}" -ne 0 ] || lacks "the kernel's audit is off (auditctl -e 1)"
backlog=$(audit_number backlog_limit)
[ "${backlog:-0}" -ge "$shortest_backlog" ] || lacks "the kernel's queue is shorter than $shortest_backlog records (auditctl -b)"
daemon_runs || lacks "auditd does not run"
laurel_runs || lacks "laurel does not run (auditd starts it)"
loaded=$(auditctl -l 2>/dev/null)
while read -r rule; do
  echo "$loaded" | grep -Fxq -e "$rule" || lacks "the kernel has not the rule: $rule"
done <<RULES
$(own_rules)
RULES
earlier=$(loaded_rules | while read -r rule; do own_rules | grep -Fxq -e "$rule" || echo "$rule"; done)
if [ -n "$earlier" ]; then
  echo "too many: the kernel has a rule of an earlier version (install.sh): $earlier"
  missing=1
fi

# A start of a program must be in the log a moment later. The word tells it from every other.
word="tyrian-check-$$"
/bin/true "$word"
# shellcheck disable=SC2317 # within_time calls it
reported() {
  grep -q "\"ARGV\":\[\"/bin/true\",\"$word\"\]" "$logs/audit.log" 2>/dev/null
}
within_time reported || lacks "a program that was started here is not in $logs/audit.log"

if [ "$sysmon" = yes ]; then
  cmp -s "$here/sysmon.xml" "$kept_configuration" || lacks "$kept_configuration is not the sysmon.xml of this folder (install.sh)"
  pidof sysmon >/dev/null || lacks "Sysmon does not run"
fi
finish ""
