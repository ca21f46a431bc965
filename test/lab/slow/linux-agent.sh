#!/bin/sh
# agents/linux on this machine without systemd, for real, and with nothing of it changed: layers over /etc and /var, a /run of its own, and the
# kernel's audit put back. `unshare --mount --propagation private sh linux-agent.sh AGENT FOLDER`
set -u
agent=$1
folder=$2
status=$(auditctl -s)
number() { echo "$status" | sed -n "s/^$1 //p"; }
for place in etc var; do
  mkdir -p "$folder/$place" "$folder/$place.work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$folder/$place,workdir=$folder/$place.work" "/$place" || exit 9
done
mount -t tmpfs tmpfs /run && mkdir -p /run/lock || exit 9
finish() {
  [ ! -f /run/auditd.pid ] || kill "$(cat /run/auditd.pid)"
  tries=0
  until [ "$(auditctl -s | sed -n 's/^pid //p')" = 0 ] || [ "$tries" -gt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  auditctl -D >/dev/null
  auditctl -e "$(number enabled)" >/dev/null
  auditctl -b "$(number backlog_limit)" >/dev/null
  auditctl --backlog_wait_time "$(number backlog_wait_time)" >/dev/null
}
trap finish EXIT
step() {
  echo "== $1"
  shift
  "$@" 2>&1
  echo "status $?"
}
step check-before sh "$agent/check.sh"
step install sh "$agent/install.sh"
step install-again sh "$agent/install.sh"
step check sh "$agent/check.sh"
auditctl -d always,exit -F arch=b64 -S execve,execveat -F success=1 -F key=tyrian_exec >/dev/null
auditctl -a always,exit -F arch=b64 -S memfd_create -F key=tyrian_memory
echo 'size = 1' >> /etc/laurel/config.toml
step check-broken sh "$agent/check.sh"
step repair sh "$agent/install.sh"
step check-repaired sh "$agent/check.sh"
step uninstall sh "$agent/uninstall.sh"
step rules auditctl -l
step uninstall-again sh "$agent/uninstall.sh"
step left find "$folder/etc/audit/rules.d" "$folder/etc/laurel" "$folder/var/lib" -type f
