#!/bin/sh
# Brings what a sensor of a machine writes to this one, line by line, until it is ended: sh follow.sh MACHINE FILE
# For a lab on one's own desk; shippers (agents/linux) send it to a SIEM, and over restarts. Run it in the folder of the Vagrantfile.
set -eu
[ $# -eq 2 ] || { echo "usage: sh follow.sh MACHINE FILE" >&2; exit 2; }
machine=$1
file=$2
case $machine in
  tyrian-router) log=/var/log/frr/frr.log ;;
  *) log=/var/log/laurel/audit.log ;;
esac
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
trap 'exit 130' INT TERM
vagrant ssh-config "$machine" > "$settings"
mkdir -p "$(dirname "$file")"
# Begun anew: the log comes whole each time, and events that stood in the file twice would count twice.
umask 077
ssh -F "$settings" -o BatchMode=yes -o ServerAliveInterval=15 "$machine" "sudo tail -n +1 -F $log" < /dev/null > "$file"
