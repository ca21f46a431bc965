#!/bin/sh
# Says what this host lacks to log the calls of libvirt's API. Changes nothing. Exit status 1 when something is missing.
# usage: check.sh [URI [LOGFILE]]; default qemu:///system and the log of libvirtd.conf
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
uri=${1:-qemu:///system}
log=${2:-$log}

missing=0
lacks() {
  echo "missing: $*"
  missing=1
}

if [ $# -lt 2 ]; then
  [ -f "$configuration" ] && with_block "$configuration" | cmp -s - "$configuration" ||
    lacks "$configuration does not have the settings of this folder (install.sh)"
fi

# Somebody who asks for a domain that is not there is logged with its name. The word tells it from every other.
word="tyrian-check-$$"
said=$(LC_ALL=C virsh -c "$uri" domstate "$word" 2>&1 < /dev/null)
case $said in
*"failed to get domain"*) grep -qF -- "name=$word" "$log" 2> /dev/null || lacks "a call of the API is not in $log: was the daemon started again?" ;;
*) lacks "virsh cannot ask $uri: $said" ;;
esac

[ "$missing" -eq 1 ] || echo "nothing is missing"
exit "$missing"
